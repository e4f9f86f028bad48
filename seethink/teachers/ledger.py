"""Ledger: every paid answer, recorded before it is used and found again after any crash.

One SQLite file per writing process, never two writers; readers open every file of the folder (``ledger_file``). Entries
are appended and never changed: *intent* before a call is sent, then what became of it. Those that arrive while one
transaction is being written share the next.
"""

from __future__ import annotations

import asyncio
import sqlite3
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from pathlib import Path
from types import TracebackType

from seethink.core.rejected import InputError
from seethink.teachers.answer import Answer, Usage
from seethink.teachers.entries import BatchEntry, BatchState, Entry, State
from seethink.teachers.ledger_file import OwnFile, all_readers, open_reader, open_readers
from seethink.teachers.totals import Total, batches, totals

_GROUP = 256
_SYNC_EVERY = 0.01
"""Seconds between two waits for the disk. choice."""
_ENDED = (State.ANSWERED, State.REFUSED, State.WRONG)

_LOOK = """
SELECT answer, finish_reason, prompt_tokens, completion_tokens, reasoning_tokens
FROM entries WHERE key = ? AND state = 'answered'
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a ledger has paid for, by model or in all.

    Attributes:
        answers: paid answers.
        possibly_paid: calls that were sent and have no recorded end: lost in a crash or timed out.
    """

    answers: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    possibly_paid: int = 0


@dataclass(slots=True)
class Tally:
    """What one model's answers were in this process; tokens of either kind."""

    paid: int = 0
    paid_prompt_tokens: int = 0
    paid_completion_tokens: int = 0
    reused: int = 0
    reused_prompt_tokens: int = 0
    reused_completion_tokens: int = 0

    def plus(self, other: Tally, sign: int = 1) -> Tally:
        return Tally(*(getattr(self, one.name) + sign * getattr(other, one.name) for one in fields(self)))

    def add(self, answer: Answer) -> None:
        prompt, completion = answer.usage.prompt_tokens or 0, answer.usage.completion_tokens or 0
        if answer.reused:
            self.reused += 1
            self.reused_prompt_tokens += prompt
            self.reused_completion_tokens += completion
        else:
            self.paid += 1
            self.paid_prompt_tokens += prompt
            self.paid_completion_tokens += completion


class Ledger:
    """The answers of one folder. Use it as ``async with Ledger(folder) as ledger``.

    A process opens its own file at its first entry; one that only reads back leaves nothing behind. Raises InputError
    where a file of the folder is no ledger.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.tallies: dict[str, Tally] = {}
        self._readers: dict[str, sqlite3.Connection] = {}
        self._own: OwnFile | None = None
        self._queue: asyncio.Queue[tuple[Entry | BatchEntry, asyncio.Future[int]] | None] = asyncio.Queue()
        self._written = self._synced = 0
        self._broken: InputError | None = None
        self._unsynced: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._to_sync = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        # Two threads: nobody waits for the disk in order to be written.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="ledger-write")
        self._syncer = ThreadPoolExecutor(1, thread_name_prefix="ledger-sync")
        self._flights: dict[str, asyncio.Task[Answer]] = {}

    async def __aenter__(self) -> Ledger:
        self._readers = await asyncio.to_thread(open_readers, self.folder)
        self._tasks = [asyncio.create_task(self._write_all()), asyncio.create_task(self._sync_all())]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._flights:
            await asyncio.wait(self._flights.values())
        writing, syncing = self._tasks
        self._queue.put_nowait(None)
        await writing
        syncing.cancel()
        await asyncio.wait([syncing])
        self._writer.shutdown()
        self._syncer.shutdown()
        for reader in self._readers.values():
            reader.close()
        self._readers.clear()
        if self._own is not None:
            self._own.close()

    @property
    def paid(self) -> int:
        """Answers that this process paid for."""
        return sum(tally.paid for tally in self.tallies.values())

    @property
    def reused(self) -> int:
        """Answers that it found, or shared with an equal call."""
        return sum(tally.reused for tally in self.tallies.values())

    def look(self, key: str) -> Answer | None:
        """The recorded answer, about 10 microseconds per file, or None."""
        for reader in self._readers.values():
            row = reader.execute(_LOOK, (key,)).fetchone()
            if row is not None:
                return Answer(zlib.decompress(row[0]).decode("utf-8", "surrogatepass"), row[1], Usage(*row[2:]), True)
        return None

    async def once(self, model: str, key: str, buy: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer for ``key``: recorded, or that of an equal call in flight, or bought now from ``model``."""
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            found = self.look(key)
            if found is not None:
                self._tally(model, found)
                return found
            flight = asyncio.create_task(_await(buy))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._land(key, done))
        # A caller that is cancelled must not take a paid call with it.
        answer = await asyncio.shield(flight)
        if joined:
            answer = Answer(answer.text, answer.finish_reason, answer.usage, True)
        self._tally(model, answer)
        return answer

    async def note(self, entry: Entry | BatchEntry) -> int:
        """Append an entry. Returns once a killed process would not lose it, with what ``sync`` waits for.

        Raises InputError where the disk does not take it, and from then on: nothing more is paid that cannot be kept.
        """
        if self._broken is not None:
            raise self._broken
        written: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((entry, written))
        return await written

    async def sync(self, written: int) -> None:
        """Return once a power cut would not lose what ``note`` gave this number."""
        if written <= self._synced:
            return
        synced: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._unsynced.append((written, synced))
        self._to_sync.set()
        await synced

    async def refresh(self) -> None:
        """Look also into the files of processes that began to write after this ledger was opened."""
        self._readers |= await asyncio.to_thread(open_readers, self.folder, frozenset(self._readers))

    def batches(self) -> list[BatchEntry]:
        """Every batch file that was ever sent, as it stands now."""
        with all_readers(self.folder) as readers:
            return batches(readers)

    def spent(self) -> dict[str, Spent]:
        """What all files of the folder record, by model."""
        with all_readers(self.folder) as readers:
            return spent_by_model(totals(readers), batches(readers))

    def _tally(self, model: str, answer: Answer) -> None:
        self.tallies.setdefault(model, Tally()).add(answer)

    def _land(self, key: str, flight: asyncio.Task[Answer]) -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            # Seen here, so that a failed flight whose askers are gone does not warn at exit.
            flight.exception()

    async def _write_all(self) -> None:
        loop = asyncio.get_running_loop()
        while (first := await self._queue.get()) is not None:
            group = [first]
            closing = False
            while len(group) < _GROUP and not self._queue.empty() and not closing:
                more = self._queue.get_nowait()
                if more is None:
                    closing = True
                else:
                    group.append(more)
            entries = [entry for entry, _ in group]
            try:
                if self._own is None:
                    self._own = await loop.run_in_executor(self._writer, OwnFile, self.folder)
                if self._own.quick:
                    # A tenth of a millisecond; handing it to a thread that needs the interpreter's lock takes longer.
                    self._own.write(entries)
                else:
                    await loop.run_in_executor(self._writer, self._own.write, entries)
            # Whatever it was, those who wait have to hear of it.
            except Exception as error:
                problem = self._problem(error)
                for _, written in group:
                    _fail(written, problem)
            else:
                self._written += len(group)
                self._read_own()
                for _, written in group:
                    if not written.done():
                        written.set_result(self._written)
            if closing:
                return

    def _read_own(self) -> None:
        if self._own is not None and self._own.path.name not in self._readers:
            self._readers[self._own.path.name] = open_reader(self._own.path)

    async def _sync_all(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._to_sync.wait()
            self._to_sync.clear()
            upto = self._written
            assert self._own is not None
            try:
                await loop.run_in_executor(self._syncer, self._own.sync)
            except (sqlite3.Error, OSError) as error:
                problem = self._problem(error)
                while self._unsynced:
                    _fail(self._unsynced.popleft()[1], problem)
                continue
            self._synced = upto
            while self._unsynced and self._unsynced[0][0] <= upto:
                _, synced = self._unsynced.popleft()
                if not synced.done():
                    synced.set_result(None)
            if self._unsynced:
                self._to_sync.set()
            # Those that come meanwhile share the next one.
            await asyncio.sleep(_SYNC_EVERY)

    def _problem(self, error: Exception) -> InputError:
        told = f"ledger {self.folder} cannot be written ({error}): free or repair its disk, and run again"
        problem = InputError(told)
        if isinstance(error, sqlite3.Error | OSError):
            self._broken = problem
        return problem


async def _await(buy: Callable[[], Awaitable[Answer]]) -> Answer:
    return await buy()


def _fail(waiting: asyncio.Future[int] | asyncio.Future[None], error: Exception) -> None:
    if not waiting.done():
        waiting.set_exception(error)


def spent_by_model(found: Sequence[Total], sent: Sequence[BatchEntry]) -> dict[str, Spent]:
    """Sums over days and ways of paying; the requests of a batch file whose answers are not booked yet may be paid."""
    by_model: dict[str, Spent] = {}
    out = (BatchState.SUBMITTING, BatchState.OUT)
    for model in sorted({total.model for total in found} | {entry.model for entry in sent}):
        mine = [total for total in found if total.model == model]
        answered = [total for total in mine if total.state is State.ANSWERED]
        calls = [total for total in mine if not total.batch]
        begun = sum(total.entries for total in calls if total.state is State.INTENT)
        ended = sum(total.entries for total in calls if total.state in _ENDED)
        waiting = sum(entry.requests for entry in sent if entry.model == model and entry.state in out)
        by_model[model] = Spent(
            sum(total.entries for total in answered),
            sum(total.prompt_tokens for total in answered),
            sum(total.completion_tokens for total in answered),
            max(0, begun - ended) + waiting,
        )
    return by_model
