"""One file of the ledger: SQLite, written by one process and read by all.

A commit is kept by the operating system from the moment it is written, so a killed process loses nothing of it; it
survives a power cut once it is synced. The two are apart because a disk may take thirty milliseconds for the second: a
call gives its place to the next one after the first, and its answer is used after the second.
"""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import time
from collections.abc import Container, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from seethink.core.lock import Held, held
from seethink.core.rejected import InputError
from seethink.teachers.disk import on_network_disk, sync_folder
from seethink.teachers.entries import BatchEntry, Entry

SCHEMA = 2
SUFFIX = ".sqlite"
WRITING = ".writing"
_FRESH = ".fresh"
_LOG_BYTES = 16 * 2**20
"""Bytes after which SQLite's log is copied into its file. choice."""
_LINE_BYTES = 300
"""About what a line takes without its answer."""

# The answer stands last: SQLite walks over a long value to reach what follows it.
_CREATE = """
CREATE TABLE IF NOT EXISTS entries (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    model TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    at REAL NOT NULL,
    max_tokens INTEGER,
    batch INTEGER NOT NULL DEFAULT 0,
    purpose TEXT NOT NULL DEFAULT '',
    finish_reason TEXT NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    reasoning_tokens INTEGER,
    provider_id TEXT NOT NULL,
    detail TEXT NOT NULL,
    answer BLOB
);
CREATE INDEX IF NOT EXISTS answered ON entries (key) WHERE state = 'answered';
"""

_BATCHES = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    state TEXT NOT NULL,
    batch_id TEXT NOT NULL,
    account TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    requests INTEGER NOT NULL,
    max_tokens INTEGER NOT NULL,
    at REAL NOT NULL
);
CREATE TABLE IF NOT EXISTS merged (name TEXT PRIMARY KEY);
"""

_FROM_1 = """
ALTER TABLE entries ADD COLUMN max_tokens INTEGER;
ALTER TABLE entries ADD COLUMN batch INTEGER NOT NULL DEFAULT 0;
ALTER TABLE entries ADD COLUMN purpose TEXT NOT NULL DEFAULT '';
"""

_INSERT = """
INSERT INTO entries (key, state, model, attempt, at, max_tokens, batch, purpose, finish_reason, prompt_tokens,
                     completion_tokens, reasoning_tokens, provider_id, detail, answer)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_INSERT_BATCH = """
INSERT INTO batches (name, state, batch_id, account, model, purpose, requests, max_tokens, at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class OwnFile:
    """The file of this process. ``write`` and ``sync`` may run in two threads at once, neither of them twice.

    ``quick``: a write does not wait for the disk.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / _file_name()
        self.quick = not on_network_disk(folder)
        self._log = -1
        self._logged = 0
        self._stack = ExitStack()
        try:
            self._open(folder)
        except BaseException:
            self.close()
            raise

    def _open(self, folder: Path) -> None:
        # Says that somebody writes here, so that nobody merges the file away.
        self._stack.enter_context(held(self.path.with_suffix(WRITING)))
        # Under another name until it has its tables: whoever reads a file of the ledger finds a whole one.
        fresh = self.path.with_suffix(_FRESH)
        with closing(_connect(fresh)) as connection:
            # A write-ahead log needs memory that all readers share, which two machines have not.
            connection.execute(f"PRAGMA journal_mode={'WAL' if self.quick else 'TRUNCATE'}")
            connection.execute("PRAGMA synchronous=FULL")
            create(connection)
        fresh.replace(self.path)
        self._connection = self._stack.enter_context(closing(_connect(self.path)))
        self._connection.execute("PRAGMA synchronous=FULL")
        if not self.quick:
            self._connection.execute("PRAGMA journal_mode=TRUNCATE")
            return
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        # The first look makes the log.
        self._connection.execute("SELECT name FROM merged").fetchall()
        self._copier = self._stack.enter_context(closing(_connect(self.path)))
        log = self.path.with_name(self.path.name + "-wal")
        self._log = os.open(log, os.O_RDONLY)
        self._stack.callback(os.close, self._log)
        sync_folder(folder)

    def write(self, entries: Sequence[Entry | BatchEntry]) -> None:
        """From here on a killed process has them."""
        now = time.time()
        lines = [one.columns(now) for one in entries if isinstance(one, Entry)]
        with self._connection:
            self._connection.executemany(_INSERT, lines)
            self._connection.executemany(
                _INSERT_BATCH, [one.columns(now) for one in entries if isinstance(one, BatchEntry)]
            )
        self._logged += sum(_LINE_BYTES + len(answer or b"") for *_, answer in lines)

    def sync(self) -> None:
        """From here on a power cut has them too."""
        if self._log < 0:
            return
        os.fsync(self._log)
        if self._logged > _LOG_BYTES:
            self._logged = 0
            # In this thread, so that no call waits for it.
            self._copier.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        self._stack.close()
        self.path.with_suffix(WRITING).unlink(missing_ok=True)


def open_readers(folder: Path, but: Container[str] = ()) -> dict[str, sqlite3.Connection]:
    """The files of a ledger by name, for reading; ``but`` are left out. InputError where one of them is no ledger."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        # Files may be merged, but not while somebody opens them.
        with held(folder / "ledger.lock", shared=True, wait=60):
            paths = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if path.name not in but]
            # A file that somebody is about to begin is left for the next look.
            found = {path.name: reader for path in paths if (reader := _open_begun(path)) is not None}
    except Held as error:
        raise InputError(f"ledger {folder} is being merged ({error}): try again when that is done") from None
    merged = {name for reader in found.values() for (name,) in reader.execute("SELECT name FROM merged")}
    for name in merged & found.keys():
        found.pop(name).close()
    return found


@contextmanager
def all_readers(folder: Path) -> Iterator[list[sqlite3.Connection]]:
    """Every file as it is now, also those of processes that began to write later."""
    found = open_readers(folder)
    try:
        yield list(found.values())
    finally:
        for reader in found.values():
            reader.close()


def open_reader(path: Path) -> sqlite3.Connection:
    """A file for reading; one whose writer died before it began is read as an empty one: nothing was paid."""
    reader = _open_begun(path)
    if reader is None:
        reader = sqlite3.connect(":memory:", check_same_thread=False)
        create(reader)
    return reader


def _open_begun(path: Path) -> sqlite3.Connection | None:
    """None where the file has no tables yet. InputError where it is no ledger."""
    # Read-write mode, made read-only by pragma: the log that a killed process left must be read back into its file.
    try:
        connection = _connect(path, "?mode=rw")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT name FROM sqlite_master WHERE name = 'entries'").fetchall()
        if version == 1 and tables:
            _upgrade(connection)
        connection.execute("PRAGMA query_only=ON")
    except sqlite3.DatabaseError as error:
        raise InputError(f"{path} is no readable ledger ({error}): move it out of the folder") from None
    if version > SCHEMA:
        raise InputError(f"{path} was written by a newer version (schema {version}): update, or use another folder")
    if not tables:
        connection.close()
        return None
    return connection


def is_closed(path: Path) -> bool:
    """True where no living process writes to the file."""
    sign = path.with_suffix(WRITING)
    if not sign.exists():
        return True
    try:
        with held(sign):
            return True
    except Held:
        return False


def create(connection: sqlite3.Connection) -> None:
    """All tables at once: another process that opens the file sees none of them or every one."""
    connection.executescript(f"BEGIN IMMEDIATE; {_CREATE} {_BATCHES} PRAGMA user_version={SCHEMA}; COMMIT;")


def _connect(path: Path, mode: str = "?mode=rwc") -> sqlite3.Connection:
    return sqlite3.connect(path.resolve().as_uri() + mode, uri=True, check_same_thread=False, timeout=60)


def _upgrade(connection: sqlite3.Connection) -> None:
    connection.isolation_level = None
    connection.execute("BEGIN IMMEDIATE")
    if connection.execute("PRAGMA user_version").fetchone()[0] == 1:
        for statement in (_FROM_1 + _BATCHES).split(";"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version={SCHEMA}")
    connection.execute("COMMIT")


def _file_name() -> str:
    host = re.sub(r"[^A-Za-z0-9-]", "-", socket.gethostname())[:40] or "host"
    return f"{host}-{os.getpid()}-{time.time_ns()}{SUFFIX}"
