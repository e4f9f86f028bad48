"""Compact: the files of many processes in one, and what was bought as a table.

Every process writes a file of its own, and every look-up asks them all. Files whose writer has ended are copied into
one that names them; only then are they removed, so a crash at any moment loses nothing and counts nothing twice.
"""

from __future__ import annotations

import heapq
import os
import sqlite3
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from operator import itemgetter
from pathlib import Path
from typing import Any

from seethink.core.lock import Held, held
from seethink.core.tables import write_rows
from seethink.teachers.ledger_file import SUFFIX, WRITING, all_readers, create, is_closed, open_reader

LARGEST = 2**30
"""Bytes of a file from which on it is left as it is: copying it again gains nothing. choice."""

_ENTRIES = (
    """
    SELECT key, state, model, attempt, at, max_tokens, batch, purpose, finish_reason, prompt_tokens, completion_tokens,
           reasoning_tokens, provider_id, detail, answer
    FROM entries ORDER BY id
    """,
    """
    INSERT INTO entries (key, state, model, attempt, at, max_tokens, batch, purpose, finish_reason, prompt_tokens,
                         completion_tokens, reasoning_tokens, provider_id, detail, answer)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """,
)
_BATCHES = (
    "SELECT name, state, batch_id, account, model, purpose, requests, max_tokens, at FROM batches ORDER BY id",
    """
    INSERT INTO batches (name, state, batch_id, account, model, purpose, requests, max_tokens, at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
    """,
)
_BOUGHT = """
SELECT key, model, answer, finish_reason, prompt_tokens, completion_tokens, reasoning_tokens, provider_id, at, batch
FROM entries WHERE state = 'answered' ORDER BY key
"""


def compact(folder: Path, *, at_least: int = 2) -> int:
    """Merge the closed files of a ledger where there are ``at_least`` so many; returns how many were merged."""
    try:
        with held(folder / "compact.lock"):
            return _merge(folder, at_least)
    except Held:
        # Somebody else is at it.
        return 0


def publish(folder: Path, table: Path) -> int:
    """Write every bought answer once into Parquet parts, sorted by key; returns their number."""
    with all_readers(folder) as readers:
        return write_rows(table, _bought(readers))


def _merge(folder: Path, at_least: int) -> int:
    files = [path for path in sorted(folder.glob(f"*{SUFFIX}")) if is_closed(path)]
    done = _merged(files)
    _remove([path for path in files if path.name in done], folder)
    small = [path for path in files if path.name not in done and path.stat().st_size < LARGEST]
    if len(small) < max(2, at_least):
        return 0
    fresh = folder / f".merging-{os.getpid()}"
    fresh.unlink(missing_ok=True)
    with closing(sqlite3.connect(fresh)) as target:
        target.execute("PRAGMA synchronous=FULL")
        create(target)
        with target:
            for path in small:
                with closing(open_reader(path)) as source:
                    for read, write in (_ENTRIES, _BATCHES):
                        target.executemany(write, source.execute(read))
                target.execute("INSERT INTO merged (name) VALUES (?)", (path.name,))
    with held(folder / "ledger.lock", wait=60):
        fresh.replace(folder / f"merged-{time.time_ns()}{SUFFIX}")
    _remove(small, folder)
    return len(small)


def _merged(files: list[Path]) -> set[str]:
    names: set[str] = set()
    for path in files:
        with closing(open_reader(path)) as reader:
            names.update(name for (name,) in reader.execute("SELECT name FROM merged"))
    return names


def _remove(files: list[Path], folder: Path) -> None:
    if not files:
        return
    # Nobody opens a file while it goes.
    with held(folder / "ledger.lock", wait=60):
        for path in files:
            for rest in ("-wal", "-shm", "-journal"):
                path.with_name(path.name + rest).unlink(missing_ok=True)
            path.with_suffix(WRITING).unlink(missing_ok=True)
            path.unlink(missing_ok=True)


def _bought(readers: list[sqlite3.Connection]) -> Iterator[dict[str, Any]]:
    last = ""
    for key, model, answer, reason, prompt, completion, reasoning, provider_id, at, batch in heapq.merge(
        *(reader.execute(_BOUGHT) for reader in readers), key=itemgetter(0)
    ):
        if key == last:
            continue
        last = key
        yield {
            "key": key,
            "model": model,
            "answer": zlib.decompress(answer).decode("utf-8", "replace"),
            "finish_reason": reason,
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "reasoning_tokens": reasoning,
            "provider_id": provider_id,
            "at": at,
            "batch": bool(batch),
        }
