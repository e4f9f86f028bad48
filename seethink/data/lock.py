"""Lock: one run per output folder, so that two do not pay for the same rows side by side."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from seethink.core.rejected import InputError


@contextmanager
def only_run(folder: Path) -> Iterator[None]:
    """Hold the folder. InputError where another process does; a killed process holds nothing.

    SQLite's own file lock is used because it works on every system and goes with its process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(folder / "run.lock", timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise InputError(
                f"{folder} is in use by another run ({error}): wait for it, or choose another folder"
            ) from None
        yield
        connection.execute("ROLLBACK")
