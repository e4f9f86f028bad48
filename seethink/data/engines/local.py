"""The engine at home: a bounded asyncio map over a table, sealed part by part.

A restart skips sealed parts and replays the rest from the ledger. On a stop, or on an error that concerns the whole
run, rows that wait give up, calls in flight finish and are recorded, and only then does the error surface.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from seethink.core.rejected import Rejected, Stopped
from seethink.data.engines.parts import Counts, Mine, Part, Progress, every_part, pending, read_part, seal
from seethink.data.roles import Teachers
from seethink.data.steps import Step
from seethink.teachers.batch import Deferred
from seethink.teachers.purchase import Unanswered


async def carry(
    step: Step, source: Path, target: Path, teachers: Teachers, *, progress: Progress, mine: Mine = every_part
) -> Counts:
    """Run ``step`` over the parts of ``source`` that ``target/rows`` does not hold yet, of ``mine`` only.

    Raises Stopped after a stop, or the first error that concerns the whole run; sealed parts stay.
    """
    with _loaded_for_good():
        return await _Carrier(step, source, target, teachers, progress, mine).run()


@contextmanager
def _loaded_for_good() -> Iterator[None]:
    """The garbage collector leaves out what is there already, code above all: walking over it takes a tenth of a second
    every thousand calls, in which no answer is read and no call is sent. Garbage of before waits until the end."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Carrier:
    def __init__(
        self, step: Step, source: Path, target: Path, teachers: Teachers, progress: Progress, mine: Mine
    ) -> None:
        self.step, self.target, self.teachers, self.progress = step, target, teachers, progress
        # Enough rows wait behind the gate that it never runs dry, and no more are held in memory.
        self.window = asyncio.Semaphore(4 * teachers.gate.width)
        self.pending, found = pending(source, target, mine)
        self.total, self.kept, self.rejected, self.deferred = found.total, found.kept, found.rejected, 0
        self.failure: BaseException | None = None

    async def run(self) -> Counts:
        self._show()
        tasks: set[asyncio.Task[None]] = set()
        for path in self.pending:
            part = await asyncio.to_thread(read_part, path)
            if not part.rows:
                await asyncio.to_thread(seal, self.step.name, part, self.target)
            for index in range(len(part.rows)):
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

    async def _one(self, part: Part, index: int) -> None:
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

    async def _settle(self, part: Part, index: int) -> None:
        try:
            outcome = await self.step.run(part.rows[index], self.teachers)
        except Unanswered as unanswered:
            outcome = Rejected(unanswered.reason, unanswered.detail)
        except Deferred:
            # Its part stays open; the step is run again when the answers are there.
            self.deferred += 1
            self._show()
            return
        part.outcomes[index] = outcome
        part.left -= 1
        if isinstance(outcome, Rejected):
            self.rejected += 1
        else:
            self.kept += 1
        self._show()
        if part.left == 0:
            await asyncio.to_thread(seal, self.step.name, part, self.target)

    def _counts(self) -> Counts:
        return Counts(self.total, self.kept, self.rejected, self.deferred)

    def _show(self) -> None:
        self.progress(self.step.name, self._counts())
