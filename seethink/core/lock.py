"""Lock: a file that one process holds, or several together; a killed process holds nothing.

SQLite's own file lock is used because it works on every system and goes with its process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from seethink.core.rejected import InputError


class Held(Exception):
    """Somebody else holds the lock."""


@contextmanager
def held(path: Path, *, shared: bool = False, wait: float = 0.0) -> Iterator[None]:
    """Hold ``path``, alone or with others that share it. Raises Held where that is not possible within ``wait``
    seconds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)) as connection:
        try:
            if shared:
                connection.execute("BEGIN")
                # A read takes the shared lock, which the transaction keeps.
                connection.execute("SELECT * FROM sqlite_master").fetchall()
            else:
                connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise Held(str(error)) from None
        yield
        connection.execute("ROLLBACK")


@contextmanager
def only_run(folder: Path, shard: str | None = None) -> Iterator[None]:
    """Hold an output folder, so that two runs do not make it side by side: alone, or together with its other shards as
    the only ``shard`` of that name. Raises InputError where another process holds it."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder / "run.lock", shared=shard is not None))
            if shard is not None:
                stack.enter_context(held(folder / f"shard-{shard}.lock"))
        except Held as error:
            raise InputError(
                f"{folder} is in use by another run ({error}): wait for it, or choose another folder"
            ) from None
        yield
