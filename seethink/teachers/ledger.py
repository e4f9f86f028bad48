"""Ledger: every paid answer, recorded before it is used and found again after any crash.

One SQLite file per writing process, never two writers; readers open every file of the folder. Entries are appended and
never changed: *intent* before a call is sent, then what became of it. An answer is used only after the transaction that
holds it is on disk; the answers that arrive while one transaction is being written share the next.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import sqlite3
import time
import zlib
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import TracebackType

from seethink.core.rejected import InputError
from seethink.teachers.answer import Answer, Usage

SCHEMA = 1
_GROUP = 256

_CREATE = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    model TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at REAL NOT NULL,
    answer BLOB,
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    reasoning_tokens INTEGER,
    provider_id TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS answered ON entries (key) WHERE state = 'answered';
"""

_INSERT = "INSERT INTO entries VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

_LOOK = """
SELECT answer, finish_reason, prompt_tokens, completion_tokens, reasoning_tokens
FROM entries WHERE key = ? AND state = 'answered'
"""

_TOTAL = """
SELECT model, state, COUNT(*), COALESCE(SUM(prompt_tokens), 0), COALESCE(SUM(completion_tokens), 0)
FROM entries GROUP BY model, state
"""


class State(StrEnum):
    """What an entry says of a call."""

    INTENT = "intent"
    ANSWERED = "answered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; ``text`` only where it was answered, ``detail`` for a person."""

    key: str
    state: State
    model: str
    attempt: int
    text: str | None = None
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    provider_id: str = ""
    detail: str = ""


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


class Ledger:
    """The answers of one folder. Use it as ``async with Ledger(folder) as ledger``.

    A process opens its own file at its first entry; one that only reads back leaves nothing behind. Raises InputError
    where a file of the folder is no ledger.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        self.paid = 0
        self.reused = 0
        self._readers: list[sqlite3.Connection] = []
        self._writer: sqlite3.Connection | None = None
        self._queue: asyncio.Queue[tuple[Entry, asyncio.Future[None]] | None] = asyncio.Queue()
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._flights: dict[str, asyncio.Task[Answer]] = {}

    async def __aenter__(self) -> Ledger:
        self.folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(self.folder.glob("*.sqlite")):
            self._readers.append(_open_reader(path))
        self._writing = asyncio.create_task(self._write())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._flights:
            await asyncio.wait(self._flights.values())
        if self._writing is not None:
            self._queue.put_nowait(None)
            await self._writing
        self._thread.shutdown()
        for connection in (*self._readers, *([self._writer] if self._writer else [])):
            connection.close()
        self._readers.clear()

    def look(self, key: str) -> Answer | None:
        """The recorded answer, about 10 microseconds per file, or None."""
        for connection in self._readers:
            row = connection.execute(_LOOK, (key,)).fetchone()
            if row is not None:
                return Answer(zlib.decompress(row[0]).decode("utf-8", "surrogatepass"), row[1], Usage(*row[2:]), True)
        return None

    async def once(self, key: str, buy: Callable[[], Awaitable[Answer]]) -> Answer:
        """The answer for ``key``: recorded, or that of an equal call in flight, or bought now."""
        found = self.look(key)
        if found is not None:
            self.reused += 1
            return found
        flight = self._flights.get(key)
        joined = flight is not None
        if flight is None:
            flight = asyncio.create_task(_await(buy))
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._land(key, done))
        # A caller that is cancelled must not take a paid call with it.
        answer = await asyncio.shield(flight)
        if not joined:
            self.paid += 1
            return answer
        self.reused += 1
        return Answer(answer.text, answer.finish_reason, answer.usage, True)

    async def note(self, entry: Entry) -> None:
        """Append an entry; returns once it is on disk."""
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((entry, committed))
        await committed

    def spent(self) -> dict[str, Spent]:
        """What all files of the folder record, by model."""
        counts: dict[str, dict[str, list[int]]] = {}
        for connection in self._readers:
            for model, state, *numbers in connection.execute(_TOTAL):
                sums = counts.setdefault(model, {}).setdefault(state, [0, 0, 0])
                for place, number in enumerate(numbers):
                    sums[place] += number
        return {model: _spent(states) for model, states in sorted(counts.items())}

    def _land(self, key: str, flight: asyncio.Task[Answer]) -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            # Seen here, so that a failed flight whose askers are gone does not warn at exit.
            flight.exception()

    async def _write(self) -> None:
        loop = asyncio.get_running_loop()
        while (first := await self._queue.get()) is not None:
            batch = [first]
            closing = False
            while len(batch) < _GROUP and not self._queue.empty() and not closing:
                more = self._queue.get_nowait()
                if more is None:
                    closing = True
                else:
                    batch.append(more)
            try:
                await loop.run_in_executor(self._thread, self._commit, [entry for entry, _ in batch])
            except (sqlite3.Error, OSError) as error:
                problem = InputError(f"ledger {self.folder} cannot be written ({error}): free or repair its disk")
                _settle(batch, problem)
            else:
                _settle(batch, None)
            if closing:
                return

    def _commit(self, entries: list[Entry]) -> None:
        if self._writer is None:
            path = self.folder / _file_name()
            self._writer = _open_writer(path)
            self._readers.append(_open_reader(path))
        now = time.time()
        with self._writer:
            self._writer.executemany(_INSERT, [_columns(entry, now) for entry in entries])


async def _await(buy: Callable[[], Awaitable[Answer]]) -> Answer:
    return await buy()


def _settle(batch: list[tuple[Entry, asyncio.Future[None]]], error: Exception | None) -> None:
    for _, committed in batch:
        if committed.done():
            continue
        if error is None:
            committed.set_result(None)
        else:
            committed.set_exception(error)


def _columns(entry: Entry, now: float) -> tuple[object, ...]:
    blob = None if entry.text is None else zlib.compress(entry.text.encode("utf-8", "surrogatepass"))
    usage = entry.usage
    return (
        entry.key,
        entry.state.value,
        entry.model,
        entry.attempt,
        now,
        blob,
        entry.finish_reason,
        usage.prompt_tokens,
        usage.completion_tokens,
        usage.reasoning_tokens,
        entry.provider_id,
        entry.detail,
    )


def _file_name() -> str:
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40] or "host"
    return f"{host}-{os.getpid()}-{time.time_ns()}.sqlite"


def _open_writer(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, check_same_thread=False, timeout=60)
    connection.execute("PRAGMA journal_mode=WAL")
    # FULL: an answer survives a power cut too; sharing a transaction makes it nearly free.
    connection.execute("PRAGMA synchronous=FULL")
    connection.executescript(_CREATE)
    connection.execute(f"PRAGMA user_version={SCHEMA}")
    connection.commit()
    return connection


def _open_reader(path: Path) -> sqlite3.Connection:
    # Read-write mode, made read-only by pragma: the log that a killed process left must be read back into its file.
    try:
        connection = sqlite3.connect(
            path.resolve().as_uri() + "?mode=rw", uri=True, check_same_thread=False, timeout=60
        )
        connection.execute("PRAGMA query_only=ON")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'entries'").fetchall()
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path} is no readable ledger ({error}): move it out of the folder") from None
    if version > SCHEMA:
        raise InputError(f"{path} was written by a newer version (schema {version}): update, or use another folder")
    if not tables:
        # A process killed between creating its file and the table: nothing was paid.
        connection.close()
        return _empty()
    return connection


def _empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(_CREATE)
    return connection


def _spent(states: dict[str, list[int]]) -> Spent:
    def count(state: State) -> int:
        return states.get(state.value, [0])[0]

    _, prompt, completion = states.get(State.ANSWERED.value, [0, 0, 0])
    ended = count(State.ANSWERED) + count(State.REFUSED) + count(State.WRONG)
    return Spent(count(State.ANSWERED), prompt, completion, max(0, count(State.INTENT) - ended))
