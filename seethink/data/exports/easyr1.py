"""EasyR1: Parquet rows with ``problem``, ``answer`` and ``images``, and ``format_prompt.jinja``.

Form: README ("Custom Dataset"), examples/config.yaml and verl/utils/dataset.py of github.com/hiyouga/EasyR1 (commits
0437187 and 0243608): ``<image>`` in the problem stands for a picture, and there is no system turn, so our system prompt
goes into the template that EasyR1 lays around every problem (``data.format_prompt``). A reward is shown the
``data.answer_key`` only: with ``answer_key=item`` it gets the whole item.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from seethink.core.chat import system_prompt
from seethink.core.rejected import Rejected
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample, item_text, marked
from seethink.data.exports.target import PICTURES, Target

_SCHEMA = pa.schema(
    [("images", PICTURES), ("problem", pa.string()), ("answer", pa.string()), ("item", pa.string())],
)


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any] | Rejected:
    if (aside := marked(sample)) is not None:
        return aside
    item = sample.item
    return {
        "images": target.picture_cells(item.images),
        "problem": "<image>" * len(item.images) + item.question,
        "answer": item.gold,
        "item": item_text(item),
    }


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    return target.parquet(name, _SCHEMA, rows)


def _finish(target: Target, tables: dict[str, Kind]) -> None:
    target.text("format_prompt.jinja", f"{{{{ content | trim }}}}\n\n{{% raw %}}{system_prompt()}{{% endraw %}}\n")


EXPORT = Exporter((Kind.RL,), _row, _write, _finish)
