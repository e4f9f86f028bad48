"""The few shapes by which packages that do not know each other work together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import Rejected
from seethink.core.verdict import Verdict


class Reward(Protocol):
    """Judges whole responses: what training maximises and what our own evaluation reports are one definition."""

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]: ...


class AnswerScorer(Protocol):
    """S of the open-ended reward: any finite real number, higher is better (VLAA-Thinking section 4.1)."""

    def score(self, items: Sequence[Item], answers: Sequence[str]) -> list[float]: ...


class StepScorer(Protocol):
    """Scores every step of one trace."""

    def score_steps(self, item: Item, steps: Sequence[str]) -> list[float]: ...


class StepTruth(Protocol):
    """Where the truth of a step is known exactly: True, False, or None for a step that claims nothing."""

    def step_truth(self, item: Item, steps: Sequence[str]) -> list[bool | None]: ...


class Source(Protocol):
    """Something that yields items; a bad row comes out as a reason and the rest go on."""

    name: str

    def items(self, images: ImageStore) -> Iterator[Item | Rejected]: ...
