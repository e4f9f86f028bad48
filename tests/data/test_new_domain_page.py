"""docs/guide/new-domain.md, followed to the letter."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from seethink.cli import app
from seethink.core.tables import read_rows

_FILE = re.compile(r"^```\w+ ([\w.-]+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_page_adds_a_domain_from_start_to_end(
    checkout: Path, teachers: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = (checkout / "docs" / "guide" / "new-domain.md").read_text(encoding="utf-8")
    written = _FILE.findall(page)
    assert {name for name, _ in written} == {"readings.jsonl", "gauges.yaml", "gauges-caption.txt", "data.yaml"}
    monkeypatch.chdir(tmp_path)
    for name, content in written:
        Path(name).write_text(content.replace("http://127.0.0.1:8000/v1", teachers.base_url), encoding="utf-8")
    (tmp_path / "photos" / "bench").mkdir(parents=True)
    for number in (1, 2, 3):
        Image.new("RGB", (8, 8), (number * 50, 0, 0)).save(tmp_path / "photos" / "bench" / f"g{number}.png")
    teachers.says = {
        "my-captioner": lambda asked: "The needle points at the top mark.",
        "my-reasoner": lambda asked: "<think>\nWait, the top mark.\n</think>\n\nThe gauge shows the mark it points at.",
        "my-editor": lambda asked: asked,
        "my-judge": lambda asked: "Yes",
    }
    outputs = []
    for command in _COMMANDS.findall(page)[0].splitlines():
        program, *arguments = shlex.split(command)
        result = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}, catch_exceptions=False)
        assert program == "seethink" and result.exit_code == 0, result.output
        outputs.append(result.output)
    assert "gold does not fit its verifier: 1" in outputs[0]
    assert "2 items, every rule-verified gold scores 1" in outputs[3]
    [first, _] = read_rows(Path("runs/gauges/rl"))
    assert (first["source"], first["gold"], first["verifier"]) == ("gauges", "4", "digit")
    assert first["context"] == "On the dial: 0 bar at the left, 4 bar at the top, 8 bar at the right."
    [looked, _] = [body for body in teachers.requests if body["model"] == "my-captioner"]
    assert looked["messages"][0]["content"].startswith("You write the caption of a photo of a pressure gauge")
    card = Path("runs/gauges-released/README.md").read_text(encoding="utf-8")
    assert "| gauges | CC0 |" in card and "Do not say\nwhat the reading is." in card
