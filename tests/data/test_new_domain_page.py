"""docs/guide/new-domain.md, followed to the letter."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seethink.core.tables import read_rows

_FILE = re.compile(r"^```\w+ ([\w.-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


class Followed(NamedTuple):
    folder: Path
    shell: Callable[[str], str]
    looked: str
    ran: str
    train: str
    """The commands that are left."""


@pytest.fixture(scope="module")
def followed(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Followed]:
    """A reader saves the page's files and gives its commands, the second terminal's in a second process."""
    page = (checkout / "docs" / "guide" / "new-domain.md").read_text(encoding="utf-8")
    folder, programs = tmp_path_factory.mktemp("page"), tmp_path_factory.mktemp("programs")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    for name, content in _FILE.findall(page):
        (folder / name).write_text(content.replace("8000", port), encoding="utf-8")
    for name, what in (("python", ""), ("seethink", "-m seethink.cli ")):
        (programs / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {what}"$@"\n')
        (programs / name).chmod(0o755)
    paths = {"PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": str(checkout), "COLUMNS": "200"}
    asked: dict[str, Any] = {"cwd": folder, "env": os.environ | paths, "text": True}

    def shell(commands: str) -> str:
        done = subprocess.run(["sh", "-e", "-c", commands], capture_output=True, **asked)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    draw, look, stand_in, run, train = _COMMANDS.findall(page)
    shell(draw)
    looked = shell(look)
    teachers = subprocess.Popen(["sh", "-c", f"exec {stand_in.strip()}"], stderr=subprocess.DEVNULL, **asked)
    try:
        while not _listens(int(port)):
            assert teachers.poll() is None
            time.sleep(0.05)
        yield Followed(folder, shell, looked, shell(run), train)
    finally:
        teachers.kill()
        teachers.wait()


def _listens(port: int) -> bool:
    with socket.socket() as trial:
        return trial.connect_ex(("127.0.0.1", port)) == 0


def test_the_first_look_asks_nobody_and_says_what_does_not_fit(followed: Followed) -> None:
    assert "3 rows, 1 set aside (gold does not fit its verifier: 1)" in followed.looked
    assert followed.looked.count("gauges") >= 2


def test_the_page_adds_a_domain_from_start_to_end(followed: Followed) -> None:
    assert "gauges" in followed.ran and "(unread)" not in followed.ran
    assert "2 items, every rule-verified gold scores 1" in followed.ran
    [first, second] = read_rows(followed.folder / "runs" / "gauges" / "rl")
    assert (first["source"], first["gold"], first["verifier"], second["gold"]) == ("gauges", "4", "digit", "8")
    assert first["context"] == "On the dial: 0 bar at the left, 4 bar at the top, 8 bar at the right."
    card = (followed.folder / "runs" / "gauges-released" / "README.md").read_text(encoding="utf-8")
    assert "| gauges | 3 | 2 | 0 | 2 |" in card and "| gauges | CC0 |" in card
    assert "Do not say\nwhat the reading is." in card


@pytest.mark.slow
def test_what_it_made_trains(followed: Followed) -> None:
    assert "model: runs/gauges-grpo/model" in followed.shell(followed.train)
