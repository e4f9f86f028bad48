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


class Process(NamedTuple):
    """A labelled beginning of a response, or a whole one.

    Attributes:
        value: in [0, 1], how likely it is on a right way.
        ends: finished responses that pass through it, all of which the value was told by.
    """

    text: str
    value: float
    ends: int


class Ends(NamedTuple):
    """What a tree's finished responses came to; those that nobody decided are in its cost."""

    right: int
    wrong: int


class Labelled(NamedTuple):
    """A solution's labels.

    Attributes:
        values: in [0, 1] by step, how likely the solution is still on a right way; None where nobody said.
        first_error: place of the first wrong step; None where there is none, or ``decided`` is False.
        decided: whether that is known.
        processes: all that a tree has labelled, the solution's own steps among it, best-visited first.
        ends: of that tree; None where no tree was grown.
    """

    solution: Solution
    values: tuple[float | None, ...]
    first_error: int | None
    cost: Cost
    decided: bool = True
    processes: tuple[Process, ...] = ()
    ends: Ends | None = None


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


class FirstError(NamedTuple):
    """Place of the first wrong step, None where no step is wrong; nothing is said where it is not ``decided``."""

    place: int | None
    decided: bool


def first_below(values: Sequence[float | None], threshold: float) -> FirstError:
    """The first value at or below ``threshold``; an unknown one in front of it leaves open whether it is the first."""
    for place, value in enumerate(values):
        if value is None:
            return FirstError(None, False)
        if value <= threshold:
            return FirstError(place, True)
    return FirstError(None, True)


@dataclass(frozen=True, slots=True)
class LabelRow:
    """A labelled process as it is released: ``{image_path, question, process, value}``."""

    image_path: str
    question: str
    process: str
    value: float
    meta: dict[str, Any] = field(default_factory=dict)
