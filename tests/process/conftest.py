"""Tiny models of every family, and a right and a wrong response to every item of the world."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

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


@pytest.fixture(scope="session")
def two_first_steps() -> type:
    """A completer: two first steps, one of which is right in the end two times of three, the other never."""
    from seethink.process.collect.completer import Completion, Proposal

    class Scripted:
        def complete(self, starts: Sequence[Any], count: int, seed: int) -> list[list[Completion]]:
            made = "</think><answer>x</answer>"
            return [[Completion(made, "good" in started and seed % 3 > 0, 3)] * count for _, started in starts]

        def propose(self, starts: Sequence[Any], count: int, seed: int) -> list[list[Proposal]]:
            words = ("good", "bad", "good")[:count]
            return [[Proposal(f"\n{word} {len(started)}.", False, None, 2) for word in words] for _, started in starts]

        def prompt_tokens(self, item: Item, started: str) -> int:
            return 10

    return Scripted
