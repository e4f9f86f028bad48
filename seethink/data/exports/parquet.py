"""Tables with their pictures inside: ``datasets.load_dataset(folder, "sft", split="train")``.

Columns are those of an item, ``response`` in SFT tables, and ``images`` as a list of pictures. Read with datasets 5.2.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from seethink.core.item import item_row
from seethink.data.exports.form import Exporter, Rows
from seethink.data.exports.sample import Kind, Sample
from seethink.data.exports.target import PICTURES, Target

_ITEM = [
    ("id", pa.string()),
    ("source", pa.string()),
    ("question", pa.string()),
    ("gold", pa.string()),
    ("verifier", pa.string()),
    ("images", PICTURES),
    ("options", pa.list_(pa.string())),
    ("size", pa.list_(pa.int32())),
    ("tolerance", pa.string()),
    ("context", pa.string()),
    ("meta", pa.string()),
]


def _row(sample: Sample, number: int, target: Target) -> dict[str, Any]:
    row = item_row(sample.item) | {"images": target.picture_cells(sample.item.images)}
    return row | ({"response": sample.response} if sample.response else {})


def _write(target: Target, name: str, kind: Kind, rows: Rows) -> int:
    columns = [*_ITEM, ("response", pa.string())] if kind is Kind.SFT else _ITEM
    return target.parquet(name, pa.schema(columns), rows)


EXPORT = Exporter((Kind.SFT, Kind.RL), _row, _write)
