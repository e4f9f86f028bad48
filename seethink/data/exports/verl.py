"""verl: Parquet rows for reinforcement learning, ``data.image_key=images``.

Form: examples/data_preprocess/geo3k.py of github.com/volcengine/verl (commit 0646a9b) and its reader
verl/utils/dataset/rl_dataset.py, which cuts ``<image>`` out of the texts. ``data_source`` is the item's source; a
reward set by ``custom_reward_function.path`` finds the whole item in ``extra_info["item"]``.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from seethink.core.item import DIMENSION
from seethink.core.rejected import Rejected
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample, chat, item_text, marked
from seethink.data.exports.target import PICTURES, Target
from seethink.data.exports.trl import CHAT

_EXTRA = [
    ("split", pa.string()),
    ("index", pa.int64()),
    ("answer", pa.string()),
    ("question", pa.string()),
    ("verifier", pa.string()),
    ("item", pa.string()),
]
_SCHEMA = pa.schema(
    [
        ("data_source", pa.string()),
        ("prompt", CHAT),
        ("images", PICTURES),
        ("ability", pa.string()),
        ("reward_model", pa.struct([("style", pa.string()), ("ground_truth", pa.string())])),
        ("extra_info", pa.struct(_EXTRA)),
    ]
)


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any] | Rejected:
    if (aside := marked(sample)) is not None:
        return aside
    item = sample.item
    return {
        "data_source": item.source,
        "prompt": chat(sample, "<image>"),
        "images": target.picture_cells(item.images),
        "ability": DIMENSION[item.verifier].value,
        "reward_model": {"style": "rule", "ground_truth": item.gold},
        "extra_info": {
            "split": "train",
            "index": number,
            "answer": item.gold,
            "question": item.question,
            "verifier": item.verifier.value,
            "item": item_text(item),
        },
    }


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    return target.parquet(name, _SCHEMA, rows)


EXPORT = Exporter((Kind.RL,), _row, _write)
