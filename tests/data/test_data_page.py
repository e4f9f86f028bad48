"""docs/guide/data.md: what it tells a user to write is understood, and what a user may read is told there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from seethink.cli import app
from seethink.core.config import parse_config
from seethink.data.config import DataConfig
from seethink.teachers.prices import Prices
from seethink.teachers.purchase import NO_ANSWER, REFUSES

_BLOCKS = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def page(checkout: Path) -> str:
    return (checkout / "docs" / "guide" / "data.md").read_text(encoding="utf-8")


def test_every_reason_that_the_factory_can_give_is_explained(page: str, checkout: Path) -> None:
    told = " ".join((page + (checkout / "docs" / "guide" / "input.md").read_text(encoding="utf-8")).split())
    source = "".join(path.read_text(encoding="utf-8") for path in (checkout / "seethink" / "data").rglob("*.py"))
    reasons = {*re.findall(r'Rejected\(\s*"([^"]+)"', source), NO_ANSWER, REFUSES}
    assert len(reasons) > 30
    assert [reason for reason in sorted(reasons) if reason not in told] == []


def test_every_piece_of_yaml_is_a_setting(page: str) -> None:
    blocks = [yaml.safe_load(text) for language, text in _BLOCKS.findall(page) if language == "yaml"]
    assert len(blocks) == 6
    for block in blocks:
        parse_config(Prices if "models" in block else DataConfig, block, "the page")


def test_every_command_and_option_is_there(page: str) -> None:
    group: Any = typer.main.get_command(app)
    lines = [line for _, text in _BLOCKS.findall(page) for line in text.splitlines()]
    shown = [line.partition("#")[0] for line in lines if line.startswith("seethink data ")]
    shown += re.findall(r"`(seethink data [^`]+)`", page) + re.findall(r'"(?:srun )?(seethink data [^"]+)"', page)
    assert len(shown) > 15
    for line in shown:
        _, _, name, *rest = shlex.split(line.replace("\\$", "$"))
        known = {option for one in group.commands["data"].commands[name].params for option in one.opts}
        assert {word for word in rest if word.startswith("--")} <= known, line


def test_every_link_within_the_pages_leads_somewhere(page: str, checkout: Path) -> None:
    guide = checkout / "docs" / "guide"
    for name in ("data.md", "new-domain.md"):
        text = (guide / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\(([^)\s]+)\)", " ".join(text.split()).replace("( ", "(")):
            file, _, anchor = target.partition("#")
            if file.startswith("http"):
                continue
            other = guide / file if file else guide / name
            assert other.exists(), target
            assert not anchor or anchor in _anchors(other), target


def _anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}
