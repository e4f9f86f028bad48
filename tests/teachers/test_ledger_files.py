"""The files of a ledger: old ones, many of them, those that somebody writes to, and other disks."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from seethink.core.lock import Held, held
from seethink.core.tables import read_rows
from seethink.teachers import Ledger, ledger_file
from seethink.teachers.compact import compact, publish
from seethink.teachers.disk import on_network_disk
from seethink.teachers.entries import Entry, State
from seethink.teachers.ledger_file import OwnFile, open_readers

SCHEMA_1 = """
CREATE TABLE entries (id INTEGER PRIMARY KEY, key TEXT NOT NULL, state TEXT NOT NULL, model TEXT NOT NULL,
    attempt INTEGER NOT NULL, at REAL NOT NULL, answer BLOB, finish_reason TEXT NOT NULL, prompt_tokens INTEGER,
    completion_tokens INTEGER, reasoning_tokens INTEGER, provider_id TEXT NOT NULL, detail TEXT NOT NULL);
CREATE UNIQUE INDEX answered ON entries (key) WHERE state = 'answered';
PRAGMA user_version = 1;
"""


def spent(folder: Path) -> Any:
    async def read() -> Any:
        async with Ledger(folder) as ledger:
            return ledger.spent()

    return asyncio.run(read())


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.sqlite"))


def test_what_an_earlier_version_bought_is_found(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "old.sqlite")) as old:
        old.executescript(SCHEMA_1)
        answer = zlib.compress(b"bought long ago")
        old.execute(
            "INSERT INTO entries VALUES (1, 'k', 'answered', 'm', 1, 0, ?, 'stop', 7, 5, NULL, '', '')", [answer]
        )
        old.commit()

    async def look() -> Any:
        async with Ledger(tmp_path) as ledger:
            return ledger.look("k")

    found = asyncio.run(look())
    assert (found.text, found.usage.completion_tokens) == ("bought long ago", 5)
    assert spent(tmp_path)["m"].answers == 1


def test_many_files_become_one_that_says_the_same(server: Any, ask_all: Callable[..., Any], folder: Path) -> None:
    for texts in (["a", "b"], ["c"], ["d"]):
        ask_all(texts)
    before = spent(folder)
    assert (len(files(folder)), compact(folder), len(files(folder))) == (3, 3, 1)
    assert spent(folder) == before
    assert all(answer.reused for answer in ask_all(["a", "b", "c", "d"]))
    assert sorted(path.suffix for path in folder.iterdir()) == [".lock", ".lock", ".sqlite"]
    ask_all(["e"])
    assert compact(folder) == 2 and spent(folder)["m"].answers == server.billed == 5


def test_a_file_that_somebody_writes_to_stays(server: Any, ask_all: Callable[..., Any], folder: Path) -> None:
    ask_all(["a"])
    ask_all(["b"])

    async def meanwhile() -> int:
        async with Ledger(folder) as ledger:
            await ledger.note(Entry("k", State.INTENT, "m", 1))
            merged = compact(folder)
            # Its own readers still see what was merged away.
            assert len(files(folder)) == 2 and await ledger.note(Entry("k", State.WRONG, "m", 1)) == 2
            return merged

    assert asyncio.run(meanwhile()) == 2
    assert spent(folder)["m"].answers == 2 and spent(folder)["m"].possibly_paid == 0


def test_a_merge_that_was_cut_short_counts_nothing_twice(
    ask_all: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask_all(["a"])
    ask_all(["b"])
    with monkeypatch.context() as patch:
        patch.setattr("seethink.teachers.compact._remove", lambda paths, folder: None)
        assert compact(folder) == 2
    assert len(files(folder)) == 3 and spent(folder)["m"].answers == 2
    compact(folder)
    assert len(files(folder)) == 1 and spent(folder)["m"].answers == 2


def test_what_was_bought_is_a_table_sorted_by_key(ask_all: Callable[..., Any], folder: Path, tmp_path: Path) -> None:
    ask_all(["a", "b"])
    ask_all(["c"])
    assert publish(folder, tmp_path / "bought") == 3
    rows = list(read_rows(tmp_path / "bought"))
    assert sorted(row["answer"] for row in rows) == ["echo a", "echo b", "echo c"]
    assert [row["key"] for row in rows] == sorted(row["key"] for row in rows)


def test_a_disk_of_several_machines_gets_no_write_ahead_log(
    ask_all: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_file, "on_network_disk", lambda folder: True)
    assert [answer.text for answer in ask_all(["a", "b"])] == ["echo a", "echo b"]
    with closing(sqlite3.connect(files(folder)[0])) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert all(answer.reused for answer in ask_all(["a", "b"]))


def test_this_disk_is_told_from_those(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = f"/dev/sda / ext4 rw 0 0\nhost:/x {tmp_path} nfs4 rw 0 0\n"
    monkeypatch.setattr(Path, "read_text", lambda self, **kwargs: mounts)
    assert on_network_disk(tmp_path / "ledger") and not on_network_disk(Path("/"))


def test_an_entry_that_cannot_be_written_fails_alone_and_is_told(folder: Path) -> None:
    async def write() -> Any:
        async with Ledger(folder) as ledger:
            await ledger.note(Entry("a", State.INTENT, "m", 1))
            bad = Entry("b", State.INTENT, "m", 2**70)
            outcome = (await asyncio.gather(ledger.note(bad), return_exceptions=True))[0]
            await ledger.sync(await ledger.note(Entry("c", State.INTENT, "m", 1)))
            return outcome

    assert "cannot be written" in str(asyncio.run(write()))
    assert spent(folder)["m"].possibly_paid == 2


def test_a_lock_is_held_alone_or_shared(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with held(lock, shared=True), held(lock, shared=True), pytest.raises(Held), held(lock):
        pass
    with held(lock), pytest.raises(Held), held(lock, shared=True):
        pass


def test_a_file_is_whole_from_the_moment_that_others_see_it(folder: Path) -> None:
    """Many processes begin and look at the same time when a cluster's workers start."""
    folder.mkdir()
    ended = threading.Event()
    looked: list[int] = []

    def look() -> None:
        while not ended.is_set():
            readers = open_readers(folder)
            looked.append(len(readers))
            for reader in readers.values():
                reader.close()

    with ThreadPoolExecutor(1) as reading:
        seen = reading.submit(look)
        for _ in range(40):
            OwnFile(folder).close()
        ended.set()
        seen.result()
    assert len(open_readers(folder)) == 40 and max(looked) > 0
