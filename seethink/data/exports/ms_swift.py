"""ms-swift: JSON Lines with ``messages`` and ``images``, for ``--dataset sft.jsonl`` and GRPO with ``rl.jsonl``.

Form: docs/source_en/Customization/Custom-dataset.md of github.com/modelscope/ms-swift (commit 025fc6b): ``<image>``
stands for a picture, paths are best absolute, and GRPO hands all further fields to the reward: ``solution``,
``verifier`` and ``item``. A folder that is moved has to be exported again.
"""

from __future__ import annotations

from typing import Any

from seethink.core.rejected import Rejected
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample, chat, item_text, marked
from seethink.data.exports.target import Target


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any] | Rejected:
    if (aside := marked(sample)) is not None:
        return aside
    item = sample.item
    row: dict[str, Any] = {
        "messages": chat(sample, "<image>"),
        "images": [str(target.final / target.picture_file(digest)) for digest in item.images],
    }
    if sample.response:
        return row
    return row | {"solution": item.gold, "verifier": item.verifier.value, "item": item_text(item)}


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    return target.json_lines(f"{name}.jsonl", rows)


EXPORT = Exporter((Kind.SFT, Kind.RL), _row, _write)
