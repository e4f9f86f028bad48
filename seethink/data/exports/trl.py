"""TRL: conversational rows with their pictures inside, for ``SFTTrainer`` and ``GRPOTrainer``.

SFT: ``messages`` and ``images``; RL: ``prompt``, ``images`` and what a reward needs (``item_id``, ``gold``,
``verifier``, ``item``). Contents are plain texts: TRL puts the pictures in front of the first user turn
(``trl.data_utils.prepare_multimodal_messages``, TRL 1.16).
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from seethink.core.rejected import Rejected
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample, chat, item_text, marked
from seethink.data.exports.target import PICTURES, Target

CHAT = pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))
_SFT = [("messages", CHAT), ("images", PICTURES)]
_RL = [
    ("prompt", CHAT),
    ("images", PICTURES),
    ("item_id", pa.string()),
    ("gold", pa.string()),
    ("verifier", pa.string()),
    ("item", pa.string()),
]


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any] | Rejected:
    if (aside := marked(sample)) is not None:
        return aside
    item, pictures = sample.item, target.picture_cells(sample.item.images)
    if sample.response:
        return {"messages": chat(sample), "images": pictures}
    told = {"item_id": item.id, "gold": item.gold, "verifier": item.verifier.value, "item": item_text(item)}
    return {"prompt": chat(sample), "images": pictures, **told}


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    return target.parquet(name, pa.schema(_SFT if kind is Kind.SFT else _RL), rows)


EXPORT = Exporter((Kind.SFT, Kind.RL), _row, _write)
