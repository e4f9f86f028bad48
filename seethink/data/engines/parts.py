"""Parts: the unit of work of every engine.

Part *n* of a step's input becomes part *n* of its ``rows`` and of its ``rejected``. A part is sealed when its last row
is done, whole or not at all, so whoever carries the parts, in whatever order and on however many machines, the tables
are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

from seethink.core.rejected import Rejected
from seethink.core.tables import parts, write_part
from seethink.data.row import Row, rejection_record, row_from_record, row_record


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a step so far.

    Attributes:
        deferred: rows whose answer comes with a batch file; they are neither kept nor rejected yet.
    """

    total: int
    kept: int = 0
    rejected: int = 0
    deferred: int = 0


class Progress(Protocol):
    """Told how the step at work goes on."""

    def __call__(self, step: str, counts: Counts, /) -> None: ...


Mine = Callable[[int], bool]
"""Which parts, by number, somebody is to work on."""


def every_part(number: int) -> bool:
    return True


@dataclass
class Part:
    """A part at work: a place for every row's outcome."""

    number: int
    rows: list[Row]
    outcomes: list[Row | Rejected | None] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.rows)
        self.left = len(self.rows)


def pending(source: Path, target: Path, mine: Mine = every_part) -> tuple[list[Path], Counts]:
    """The parts of ``source`` that ``target`` does not hold yet, and what it holds; of ``mine`` only."""
    sealed = {path.name for path in parts(target / "rows")}
    todo = []
    total = kept = rejected = 0
    for path in parts(source):
        if not mine(part_number(path)):
            continue
        size = pq.read_metadata(path).num_rows
        total += size
        if path.name in sealed:
            stayed = pq.read_metadata(target / "rows" / path.name).num_rows
            kept += stayed
            rejected += size - stayed
        else:
            todo.append(path)
    return todo, Counts(total, kept, rejected)


def read_part(path: Path) -> Part:
    return Part(part_number(path), [row_from_record(record) for record in pq.read_table(path).to_pylist()])


def seal(step: str, part: Part, target: Path) -> None:
    kept = [row_record(outcome) for outcome in part.outcomes if isinstance(outcome, Row)]
    rejected = [
        rejection_record(step, outcome, row.item)
        for row, outcome in zip(part.rows, part.outcomes, strict=True)
        if isinstance(outcome, Rejected)
    ]
    # The rows last: their part is what says that both are there.
    write_part(target / "rejected", part.number, rejected)
    write_part(target / "rows", part.number, kept)


def part_number(path: Path) -> int:
    return int(path.stem.removeprefix("part-"))


def numbers(paths: Sequence[Path]) -> list[int]:
    return [part_number(path) for path in paths]
