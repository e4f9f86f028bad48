"""Tiny models of every family, and a right and a wrong response to every item of the world."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from seethink.core.item import Item
    from seethink.process.pool import Pool


@pytest.fixture(scope="session")
def tiny_families(tiny: Path) -> Any:
    """Model and processor of a family by its name: the models' tests make them."""
    from seethink.models.load import load_checkpoint

    path = Path(__file__).parents[1] / "models" / "conftest.py"
    spec = importlib.util.spec_from_file_location("models_conftest", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    checkpoint = load_checkpoint(tiny)
    return lambda family: (module.tiny_family(family, checkpoint), checkpoint.processor)


@pytest.fixture
def pools_of_two(world_items: list[Item]) -> list[Pool]:
    """A right and a wrong way per item, the wrong one first."""
    from seethink.process.pool import Candidate, Pool
    from seethink.world.questions import question
    from seethink.world.traces import response

    found = []
    for item in world_items:
        asked = question(item.meta["seed"], item.meta["index"])
        texts = {way: response(asked, right=way) for way in (False, True)}
        if texts[True] != texts[False]:
            found.append(Pool(item, "g", tuple(Candidate(text, float(way), str(way)) for way, text in texts.items())))
    return found
