"""Labels: what a collector says of the steps of one solution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from seethink.core.item import Item
from seethink.process.collect.completer import Cost
from seethink.process.steps import Splitting, prefixes, split


@dataclass(frozen=True, slots=True)
class Solution:
    """A response whose steps are to be labelled.

    Attributes:
        starts: the response up to the end of each step; the last one is all that the labels see of it.
        right: whether its answer is right.
    """

    item: Item
    text: str
    steps: tuple[str, ...]
    starts: tuple[str, ...]
    right: bool


class Labelled(NamedTuple):
    """A solution's labels.

    Attributes:
        values: in [0, 1] by step, how likely the solution is still on a right way; None where nobody said.
        first_error: place of the first wrong step; None where there is none, or ``decided`` is False.
        rows: further labelled processes found on the way, as (process, value); a tree's other branches.
    """

    solution: Solution
    values: tuple[float | None, ...]
    first_error: int | None
    cost: Cost
    decided: bool = True
    rows: tuple[tuple[str, float], ...] = ()


class Collector(Protocol):
    """One way of labelling; ``identity`` is what decides its labels beside the solutions."""

    @property
    def identity(self) -> dict[str, str]: ...

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        """All of them, in order; a collector that completes asks for many starts at once."""
        ...


def solution(item: Item, text: str, right: bool, splitting: Splitting = Splitting.AUTO) -> Solution:
    """A response cut into the steps of its thinking; what follows the thinking is no step to go on from."""
    steps = split(text, splitting, answer=False)
    return Solution(item, text, tuple(step.text for step in steps), prefixes(text, steps), right)


def first_below(values: Sequence[float | None], threshold: float) -> int | None:
    """Place of the first value at or below ``threshold``, unknown ones passed over."""
    return next((place for place, value in enumerate(values) if value is not None and value <= threshold), None)


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A labelled process as it is released: ``{image_path, question, process, value}``."""

    image_path: str
    question: str
    process: str
    value: float
    meta: dict[str, Any] = field(default_factory=dict)
