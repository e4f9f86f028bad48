"""The engine at home: a bounded asyncio map over a table, sealed part by part.

Part *n* of a step's input becomes part *n* of its ``rows`` and of its ``rejected``. A part is sealed when its last row
is done; a restart skips sealed parts and replays the rest from the ledger. On a stop, or on an error that concerns the
whole run, rows that wait give up, calls in flight finish and are recorded, and only then does the error surface.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pyarrow.parquet as pq

from seethink.core.rejected import Rejected, Stopped
from seethink.core.tables import parts, write_part
from seethink.data.roles import Teachers
from seethink.data.row import Row, rejection_record, row_from_record, row_record
from seethink.data.steps import Step
from seethink.teachers.purchase import Unanswered


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of a step so far."""

    total: int
    kept: int = 0
    rejected: int = 0


class Progress(Protocol):
    """Told after every row of the step at work."""

    def __call__(self, step: str, counts: Counts) -> None: ...


@dataclass
class _Part:
    """A part at work: a place for every row's outcome."""

    number: int
    rows: list[Row]
    outcomes: list[Row | Rejected | None] = field(default_factory=list)
    left: int = 0

    def __post_init__(self) -> None:
        self.outcomes = [None] * len(self.rows)
        self.left = len(self.rows)


async def carry(step: Step, source: Path, target: Path, teachers: Teachers, *, progress: Progress) -> Counts:
    """Run ``step`` over the parts of ``source`` that ``target/rows`` does not hold yet.

    Raises Stopped after a stop, or the first error that concerns the whole run; sealed parts stay.
    """
    return await _Carrier(step, source, target, teachers, progress).run()


class _Carrier:
    def __init__(self, step: Step, source: Path, target: Path, teachers: Teachers, progress: Progress) -> None:
        self.step, self.source, self.target, self.teachers, self.progress = step, source, target, teachers, progress
        # Enough rows wait behind the gate that it never runs dry, and no more are held in memory.
        self.window = asyncio.Semaphore(4 * teachers.gate.width)
        self.total = self.kept = self.rejected = 0
        self.failure: BaseException | None = None

    async def run(self) -> Counts:
        pending = self._pending()
        self._show()
        tasks: set[asyncio.Task[None]] = set()
        for path in pending:
            rows = await asyncio.to_thread(_read_part, path)
            part = _Part(_number(path), rows)
            if not rows:
                await asyncio.to_thread(self._seal, part)
            for index in range(len(rows)):
                await self.window.acquire()
                if self.failure is not None:
                    self.window.release()
                    break
                task = asyncio.create_task(self._one(part, index))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            if self.failure is not None:
                break
        if tasks:
            await asyncio.wait(tasks)
        if self.failure is not None:
            raise self.failure
        return self._counts()

    def _pending(self) -> list[Path]:
        sealed = {_number(path) for path in parts(self.target / "rows")}
        pending = []
        for path in parts(self.source):
            size = pq.read_metadata(path).num_rows
            self.total += size
            if _number(path) in sealed:
                kept = pq.read_metadata(self.target / "rows" / path.name).num_rows
                self.kept += kept
                self.rejected += size - kept
            else:
                pending.append(path)
        return pending

    async def _one(self, part: _Part, index: int) -> None:
        try:
            if self.failure is None:
                await self._settle(part, index)
        except Exception as error:
            if self.failure is None or isinstance(self.failure, Stopped):
                self.failure = error
            if not isinstance(error, Stopped):
                self.teachers.gate.stop(f"{self.step.name} failed: {error}")
        finally:
            self.window.release()

    async def _settle(self, part: _Part, index: int) -> None:
        try:
            outcome = await self.step.run(part.rows[index], self.teachers)
        except Unanswered as unanswered:
            outcome = Rejected(unanswered.reason, unanswered.detail)
        part.outcomes[index] = outcome
        part.left -= 1
        if isinstance(outcome, Rejected):
            self.rejected += 1
        else:
            self.kept += 1
        self._show()
        if part.left == 0:
            await asyncio.to_thread(self._seal, part)

    def _seal(self, part: _Part) -> None:
        kept = [row_record(outcome) for outcome in part.outcomes if isinstance(outcome, Row)]
        rejected = [
            rejection_record(self.step.name, outcome, row.item)
            for row, outcome in zip(part.rows, part.outcomes, strict=True)
            if isinstance(outcome, Rejected)
        ]
        # The rows last: their part is what says that both are there.
        write_part(self.target / "rejected", part.number, rejected)
        write_part(self.target / "rows", part.number, kept)

    def _counts(self) -> Counts:
        return Counts(self.total, self.kept, self.rejected)

    def _show(self) -> None:
        self.progress(self.step.name, self._counts())


def _read_part(path: Path) -> list[Row]:
    return [row_from_record(record) for record in pq.read_table(path).to_pylist()]


def _number(path: Path) -> int:
    return int(path.stem.removeprefix("part-"))
