"""Monte Carlo labels: the share of right completions from the end of a step, of every step or where a search looks.

Exhaustive as in Math-Shepherd and VisualPRM (K completions of each start); binary search for the first error as in
OmegaPRM (arXiv 2406.06592); two completers that have to agree as in Athena-PRM (arXiv 2506.09532).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from seethink.core.config import Config, config_hash
from seethink.process.collect.completer import Completer, Cost, Rollouts, roll_out
from seethink.process.collect.labels import Labelled, Solution, first_below, seed_of


class ExhaustiveConfig(Config):
    """K completions of every start."""

    kind: Literal["exhaustive"] = "exhaustive"
    rollouts: int = Field(default=8, ge=1)
    """K. choice; VisualPRM takes 16."""
    threshold: float = Field(default=0.0, ge=0, lt=1)
    """A step whose share of right completions is not above this is wrong: at 0 any success clears it."""
    seed: int = 0


class BinaryConfig(Config):
    """K completions of each start that a binary search for the first error looks at."""

    kind: Literal["binary"] = "binary"
    rollouts: int = Field(default=8, ge=1)
    threshold: float = Field(default=0.0, ge=0, lt=1)
    seed: int = 0


class AgreementConfig(Config):
    """Labels on which a weak and a strong completer agree."""

    kind: Literal["agreement"] = "agreement"
    rollouts: int = Field(default=8, ge=1)
    """Of each of the two."""
    threshold: float = Field(default=0.0, ge=0, lt=1)
    seed: int = 0


@dataclass(frozen=True)
class Exhaustive:
    """Every start but the whole solution, whose outcome is known."""

    config: ExhaustiveConfig
    completer: Completer

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solution: Solution) -> Labelled:
        found = [_at(self.completer, solution, place, self.config) for place in range(len(solution.steps) - 1)]
        values = (*(one.share for one in found), float(solution.right))
        cost = sum((one.cost for one in found), Cost())
        return Labelled(solution, values, first_below(values, self.config.threshold), cost)


@dataclass(frozen=True)
class BinarySearch:
    """The first error of a wrong solution in ⌈log2 S⌉ starts.

    A start from which somebody succeeds has no error yet; one from which nobody does has. What lies before the former
    or behind the latter is implied. A right solution is taken to hold no error, and costs nothing.
    """

    config: BinaryConfig
    completer: Completer

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solution: Solution) -> Labelled:
        if solution.right or not solution.steps:
            return Labelled(solution, (1.0,) * len(solution.steps), None, Cost())
        values: list[float | None] = [None] * len(solution.steps)
        good, bad, cost = -1, len(solution.steps) - 1, Cost()
        while bad - good > 1:
            middle = (good + bad) // 2
            found = _at(self.completer, solution, middle, self.config)
            cost += found.cost
            values[middle] = found.share
            if found.share is not None and found.share > self.config.threshold:
                good = middle
            else:
                bad = middle
        implied = [1.0 if place < bad else 0.0 for place in range(len(values))]
        told = tuple(implied[place] if value is None else value for place, value in enumerate(values))
        return Labelled(solution, told, bad, cost)


@dataclass(frozen=True)
class Agreement:
    """A step is labelled where both completers call it right or both call it wrong; its value is the strong one's.

    The first error is known where every step up to it is labelled.
    """

    config: AgreementConfig
    weak: Completer
    strong: Completer

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solution: Solution) -> Labelled:
        values: list[float | None] = []
        cost = Cost()
        for place in range(len(solution.steps) - 1):
            weak, strong = (_at(one, solution, place, self.config) for one in (self.weak, self.strong))
            cost += weak.cost + strong.cost
            known = weak.share is not None and strong.share is not None
            agree = known and (weak.share > self.config.threshold) == (strong.share > self.config.threshold)  # type: ignore[operator]
            values.append(strong.share if agree else None)
        values.append(float(solution.right))
        first = first_below(values, self.config.threshold)
        before = values if first is None else values[:first]
        decided = None not in before
        return Labelled(solution, tuple(values), first if decided else None, cost, decided)


def _at(
    completer: Completer,
    solution: Solution,
    place: int,
    config: ExhaustiveConfig | BinaryConfig | AgreementConfig,
) -> Rollouts:
    start = solution.starts[place]
    return roll_out(completer, solution.item, start, config.rollouts, seed_of(config.seed, solution.item.id, start))
