"""The command line, as a process of its own and, where torch is loaded already, in this one."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from PIL import Image


class Ended(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def seethink() -> Callable[..., Ended]:
    """Run a command in a process of its own."""

    def run(*arguments: Any) -> Ended:
        command = [sys.executable, "-m", "seethink.cli", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        return Ended(done.returncode, " ".join(done.stdout.split()), done.stderr)

    return run


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command in this process: the same entry point, without loading torch once more."""
    from seethink.cli import main

    def run(*arguments: Any) -> Ended:
        monkeypatch.setattr(sys, "argv", ["seethink", *map(str, arguments)])
        try:
            main()
            code: Any = 0
        except SystemExit as ended:
            code = ended.code or 0
        told = capsys.readouterr()
        return Ended(code, " ".join(told.out.split()), told.err)

    return run


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one good picture and one broken one."""
    folder = tmp_path_factory.mktemp("pictures")
    Image.new("RGB", (56, 56), (200, 40, 60)).save(folder / "good.png")
    (folder / "broken.png").write_bytes((folder / "good.png").read_bytes()[:40])
    return folder


ROW = {"question": "How many circles?", "gold": "3", "verifier": "digit", "image": "good.png"}


@pytest.fixture(scope="session")
def write() -> Callable[..., Path]:
    """Write rows, each over the fields of a good one, as JSON Lines."""

    def to(path: Path, *rows: dict[str, Any] | str) -> Path:
        lines = [
            row if isinstance(row, str) else json.dumps({"id": f"row-{number}", **ROW, **row})
            for number, row in enumerate(rows, 1)
        ]
        path.write_text("\n".join(lines) + "\n")
        return path

    return to
