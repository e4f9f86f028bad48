"""Form: what an export has to know of the format it writes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import Any

from seethink.core.rejected import Rejected
from seethink.data.exports.sample import Kind, Sample
from seethink.data.exports.target import Target

Rows = Iterator[dict[str, Any]]


class Format(StrEnum):
    """A form, by the module that knows it."""

    PARQUET = "parquet"
    VLAA_THINKING = "vlaa-thinking"
    TRL = "trl"
    VERL = "verl"
    EASYR1 = "easyr1"
    MS_SWIFT = "ms-swift"
    LLAMA_FACTORY = "llama-factory"


@dataclass(frozen=True, slots=True)
class Exporter:
    """One form.

    Attributes:
        kinds: the tables it takes.
        row: a sample (and its number among those written) in this form, or why it cannot be written in it.
        write: puts the rows of a table into files; returns how many.
        finish: whatever belongs beside them.
    """

    kinds: tuple[Kind, ...]
    row: Callable[[Sample, int, Target], dict[str, Any] | Rejected]
    write: Callable[[Target, str, Kind, Rows], int]
    finish: Callable[[Target, dict[str, Kind]], None] = lambda target, tables: None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written: rows by table, rows set aside by reason, and tables that the form does not take."""

    rows: dict[str, int]
    aside: dict[str, int]
    left_out: tuple[str, ...]


def exporter(form: Format) -> Exporter:
    found: Exporter = import_module(f"seethink.data.exports.{form.value.replace('-', '_')}").EXPORT
    return found
