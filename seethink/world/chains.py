"""Chains: questions of the world that take as many steps as one likes, with the truth of every step.

A bar chart, and a running total: "Start with 50: add red, take away blue, …". Step k states the k-th sum, so a wrong
one carries on into all that follow it, as in real derivations. Made for measuring how well, and how cheaply, the first
wrong step of a trace is found; no model is pretrained on them.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from seethink.core.images import ImageStore, png_bytes
from seethink.core.item import Item, Verifier, make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.world.draw import draw
from seethink.world.grammar import describe, read_claim, read_picture
from seethink.world.pictures import LEVELS, Bar, Chart

START = 50
"""Where the running total begins. Far enough from 0 that a wrong total does not meet the true one there."""
LOWEST, HIGHEST = 30, 90
"""Between which true totals stay."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A chart, and for every step whether the bar of a colour is added (True) or taken away."""

    chart: Chart
    moves: tuple[tuple[bool, str], ...]

    @property
    def gold(self) -> str:
        return str(totals(self)[-1])


def chain(seed: int, index: int, steps: int, *, level: int = 1) -> Chain:
    """The chain of that seed and index: a pure function."""
    if steps < 1:
        raise InputError(f"a chain of {steps} steps: at least 1")
    rng = random.Random(f"chain {seed} {index} {steps} {level}")
    about = LEVELS[level]
    colours = rng.sample(about.colours, about.n)
    chart = Chart(about.n, tuple(Bar(colour, rng.randint(1, 3 * about.n)) for colour in colours))
    heights = {bar.colour: bar.height for bar in chart.bars}
    moves, total = list[tuple[bool, str]](), START
    for _ in range(steps):
        colour = rng.choice(colours)
        adds = total - heights[colour] < LOWEST or (total + heights[colour] <= HIGHEST and rng.random() < 0.5)
        total += heights[colour] if adds else -heights[colour]
        moves.append((adds, colour))
    return Chain(chart, tuple(moves))


@lru_cache(maxsize=4096)
def totals(asked: Chain) -> tuple[int, ...]:
    """The running total in front of every step, and at the end: one more than there are steps."""
    heights = {bar.colour: bar.height for bar in asked.chart.bars}
    found = [START]
    for adds, colour in asked.moves:
        found.append(found[-1] + (heights[colour] if adds else -heights[colour]))
    return tuple(found)


def sum_step(before: int, adds: bool, height: int) -> str:
    """One step: "7 plus 3 is 10."; a total never falls below 0."""
    after = before + height if adds else max(0, before - height)
    return f"{before} {'plus' if adds else 'minus'} {height} is {after}."


@lru_cache(maxsize=4096)
def true_sums(asked: Chain) -> tuple[str, ...]:
    heights = {bar.colour: bar.height for bar in asked.chart.bars}
    before = totals(asked)
    return tuple(sum_step(before[k], adds, heights[colour]) for k, (adds, colour) in enumerate(asked.moves))


def chain_response(sums: Sequence[str]) -> str:
    """Steps and the answer they end in, as a response."""
    claim = read_claim(sums[-1])
    return write_tags("\n".join(sums), claim.words[-1] if claim else "")


def chain_item(asked: Chain, images: ImageStore) -> Item:
    """An item of source ``world-chains``; its picture goes into the store."""
    from PIL import Image

    told = ", ".join(f"{'add' if adds else 'take away'} {colour}" for adds, colour in asked.moves)
    return make_item(
        source="world-chains",
        question=f"Start with {START}. Each bar counts its height: {told}. What is left?",
        gold=asked.gold,
        verifier=Verifier.DIGIT,
        images=(images.add(png_bytes(Image.fromarray(draw(asked.chart)))),),
        meta={"picture": describe(asked.chart), "n": asked.chart.n, "moves": [list(move) for move in asked.moves]},
    )


def item_chain(item: Item) -> Chain:
    """The chain behind an item; InputError where it is none."""
    moves = item.meta.get("moves")
    found = None
    if item.source == "world-chains" and moves:
        told = tuple((bool(adds), str(colour)) for adds, colour in moves)
        found = _read_chain(str(item.meta.get("picture", "")), int(item.meta.get("n", 0)), told)
    if found is None:
        raise InputError(f"item {item.id} is no chain of the world")
    return found


@lru_cache(maxsize=4096)
def _read_chain(picture: str, n: int, moves: tuple[tuple[bool, str], ...]) -> Chain | None:
    chart = read_picture(picture, n)
    return Chain(chart, moves) if isinstance(chart, Chart) else None


class ChainTruth:
    """StepTruth of chains, exact: the k-th sum is held against the k-th true one; anything else is None."""

    def step_truth(self, item: Item, steps: Sequence[str]) -> list[bool | None]:
        true = true_sums(item_chain(item))
        told, found = 0, list[bool | None]()
        for step in steps:
            claim = read_claim(step)
            if claim is None or claim.kind != "sum":
                found.append(None)
                continue
            found.append(told < len(true) and step == true[told])
            told += 1
        return found
