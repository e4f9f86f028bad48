"""Fixtures of the data factory's tests: scripted teachers on loopback, tiny pictures, and a run over both."""

from __future__ import annotations

import importlib.util
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item, make_item
from seethink.data.config import DataConfig
from seethink.data.pipeline import run_pipeline
from seethink.teachers import Patience

_server = Path(__file__).parents[1] / "teachers" / "scripted_server.py"
_spec = importlib.util.spec_from_file_location("scripted_server", _server)
assert _spec is not None and _spec.loader is not None
scripted = sys.modules.setdefault("scripted_server", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(scripted)

QUICK = Patience(refusals=4, unknowns=1, first_wait=0.01, longest_wait=0.05)

SAYS = {
    "see": lambda asked: "a plain picture",
    "think": lambda asked: "<think>\nI look at it.\n</think>\n\nThe answer is blue.",
    "edit": lambda asked: asked,
    "judge": lambda asked: "Yes",
}


def png(colour: tuple[int, int, int]) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (4, 4), colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def teachers() -> Iterator[Any]:
    """A server for the four roles; ``teachers.says["think"] = lambda asked: …`` changes what one of them says."""
    server = scripted.ScriptedServer()
    server.says = dict(SAYS)

    def answer(body: dict[str, Any]) -> str:
        content = body["messages"][-1]["content"]
        return str(server.says[body["model"]](content))

    server.answer = answer
    with scripted.serving(server) as running:
        yield running


@pytest.fixture
def Fault() -> Any:
    return scripted.Fault


@pytest.fixture
def images(tmp_path: Path) -> ImageStore:
    return ImageStore(tmp_path / "images")


@pytest.fixture
def items(images: ImageStore) -> Callable[..., list[Item]]:
    """``items(5)``: so many items, each with a picture of its own."""

    def make(count: int, source: str = "s", **fields: Any) -> list[Item]:
        made = []
        for number in range(count):
            content = {
                "question": f"What is {number}?",
                "gold": f"gold-{number}",
                "verifier": "open",
                "images": (images.add(png((number % 256, len(source), number // 256))),),
            }
            made.append(make_item(source=source, **{**content, **fields}))
        return made

    return make


@pytest.fixture
def settings(teachers: Any) -> Callable[..., DataConfig]:
    def make(**fields: Any) -> DataConfig:
        roles = {"captioner": "see", "reasoner": "think", "rewriter": "edit", "verifier": "judge"}
        tree: dict[str, Any] = {role: {"model": model} for role, model in roles.items()}
        return DataConfig.model_validate({"base_url": teachers.base_url, "width": 8, **tree, **fields})

    return make


@pytest.fixture
def run(images: ImageStore, settings: Callable[..., DataConfig], tmp_path: Path) -> Callable[..., Any]:
    """Run the pipeline into ``out``; keywords are config fields."""

    def go(asked: Any, *, retry_unanswered: bool = False, **fields: Any) -> Any:
        out = tmp_path / "out"
        return run_pipeline(asked, images, settings(**fields), out, patience=QUICK, retry_unanswered=retry_unanswered)

    return go
