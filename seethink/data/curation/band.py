"""Band: rows whose measured value lies in a range.

A measurement is a finished table with one row per item (``item_id`` and named numbers): base pass rates, blind
accuracy, perplexity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field, model_validator

from seethink.core.config import Config
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.data.curation.pool import Pool


class Range(Config):
    """Rows with ``low`` <= value <= ``high``."""

    table: Path
    """Folder of the measurement."""
    column: str = Field(min_length=1)
    """Which of its numbers."""
    low: float | None = None
    high: float | None = None
    """None leaves that end open."""

    @model_validator(mode="after")
    def _is_a_range(self) -> Range:
        if self.low is None and self.high is None:
            raise ValueError("give low, high, or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low={self.low} lies above high={self.high}")
        return self

    def holds(self, value: float) -> bool:
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)

    def __str__(self) -> str:
        low = "" if self.low is None else f"{self.low:g} <= "
        return f"{low}{self.column}" + ("" if self.high is None else f" <= {self.high:g}")


class Band(Range):
    """A range that rows are kept for."""

    pools: tuple[Pool, ...] = tuple(Pool)
    """The pools that it holds for; both by default."""
    unmeasured: bool = False
    """Keep rows that the measurement left open, or does not have."""


def outside(band: Range, values: Mapping[str, float], item_id: str) -> Rejected | None:
    """Why an item is not in the range, None where it is. Reasons: "value not measured", "value outside the band"."""
    value = values.get(item_id)
    if value is None:
        return Rejected("value not measured", f"{band.table} has no {band.column} of it")
    return (
        None if band.holds(value) else Rejected("value outside the band", f"{band.column} is {value:g}, wanted {band}")
    )


def read_values(band: Range) -> Mapping[str, float]:
    """The measured values by item id; items that the measurement left open are not in it.

    InputError where there is no such table, it is not finished, or has no such column of numbers.
    """
    if read_manifest(band.table) is None:
        raise InputError(f"{band.table} holds no finished measurement: run the command that makes it to its end")
    values = {}
    for row in read_rows(band.table):
        if "item_id" not in row or band.column not in row:
            named = ", ".join(row)
            raise InputError(f"{band.table} has no column {band.column} beside item_id, only {named}: name one of them")
        value = row[band.column]
        if value is not None and not isinstance(value, int | float):
            raise InputError(f"{band.table}: column {band.column} holds {value!r}, which is no number")
        if value is not None and math.isfinite(value):
            values[row["item_id"]] = float(value)
    return values
