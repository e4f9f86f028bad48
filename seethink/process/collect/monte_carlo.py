"""Monte Carlo labels: the share of right completions from the end of a step, of every step or where a search looks.

Exhaustive as in Math-Shepherd and VisualPRM (K completions of each start); binary search for the first error as in
OmegaPRM (arXiv 2406.06592); two completers that have to agree as in Athena-PRM (arXiv 2506.09532).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pydantic import Field

from seethink.core.config import Config, config_hash
from seethink.process.collect.completer import Completer, Cost, Rollouts, Start, roll_out, seed_of
from seethink.process.collect.labels import Labelled, Solution, first_below


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
    wave: int | None = Field(default=None, ge=1)
    """Completions asked for at a time. A start gets no further ones once no outcome of theirs could change what it is
    taken for; all K at once where None. Fewer tokens, more and smaller batches; values are shares of what was drawn,
    and so too high where a start was cleared early: train with ``hard``."""
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

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        return [
            self._labelled(one, found)
            for one, found in zip(solutions, _everywhere(self.completer, solutions, self.config), strict=True)
        ]

    def _labelled(self, solution: Solution, found: Sequence[Rollouts]) -> Labelled:
        values = (*(one.share for one in found), float(solution.right))
        cost = sum((one.cost for one in found), Cost())
        first = first_below(values, self.config.threshold)
        return Labelled(solution, values, first.place, cost, first.decided)


@dataclass(frozen=True)
class BinarySearch:
    """The first error of a wrong solution in ⌈log2 S⌉ starts.

    A start from which somebody succeeds has no error yet; one from which nobody does has. What lies before the former
    or behind the latter is implied. A right solution is taken to hold no error, and costs nothing. Where no verifier
    decided any completion of a start the search ends: the steps that it has not come to stay without a value.
    """

    config: BinaryConfig
    completer: Completer

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        """The searches go on side by side: one batch of starts for every halving."""
        searches = [_Search(one, bad=len(one.steps) - 1) for one in solutions]
        while active := [one for one in searches if not one.solution.right and one.goes_on]:
            found = self._until_told([Start(one.solution.item, one.solution.starts[one.middle]) for one in active])
            for search, rollouts in zip(active, found, strict=True):
                search.narrow(rollouts, self.config.threshold)
        return [one.labelled() for one in searches]

    def _until_told(self, starts: Sequence[Start]) -> list[Rollouts]:
        """Completions of each start, a wave at a time, until it is known what it is taken for."""
        wanted, wave = self.config.rollouts, self.config.wave or self.config.rollouts
        found = [Rollouts(0, 0, Cost())] * len(starts)
        for drawn in range(0, wanted, wave):
            left = wanted - drawn
            open_ = [place for place, one in enumerate(found) if not self._told(one, left)]
            seed = seed_of(self.config.seed, "wave", drawn) if drawn else self.config.seed
            told = roll_out(self.completer, [starts[place] for place in open_], min(wave, left), seed)
            for place, more in zip(open_, told, strict=True):
                one = found[place]
                found[place] = Rollouts(one.right + more.right, one.decided + more.decided, one.cost + more.cost)
        return found

    def _told(self, found: Rollouts, left: int) -> bool:
        """Whether the share of right ones stays above the threshold, or stays at or below it, whatever is drawn."""
        lowest, highest = found.right / (found.decided + left), (found.right + left) / (found.decided + left)
        return lowest > self.config.threshold or highest <= self.config.threshold


@dataclass
class _Search:
    """Of one solution: up to ``good`` its steps hold, from ``bad`` on they do not."""

    solution: Solution
    bad: int
    good: int = -1
    cost: Cost = field(default_factory=Cost)
    shares: dict[int, float] = field(default_factory=dict)
    decided: bool = True

    @property
    def goes_on(self) -> bool:
        return self.decided and self.bad - self.good > 1

    @property
    def middle(self) -> int:
        return (self.good + self.bad) // 2

    def narrow(self, found: Rollouts, threshold: float) -> None:
        place, self.cost = self.middle, self.cost + found.cost
        if found.share is None:
            self.decided = False
            return
        self.shares[place] = found.share
        if found.share > threshold:
            self.good = place
        else:
            self.bad = place

    def labelled(self) -> Labelled:
        if self.solution.right or not self.solution.steps:
            return Labelled(self.solution, (1.0,) * len(self.solution.steps), None, Cost())
        values = tuple(self.shares.get(place, self._implied(place)) for place in range(len(self.solution.steps)))
        return Labelled(self.solution, values, self.bad if self.decided else None, self.cost, self.decided)

    def _implied(self, place: int) -> float | None:
        return None if self.good < place < self.bad else float(place < self.bad)


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

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        weak, strong = (_everywhere(one, solutions, self.config) for one in (self.weak, self.strong))
        return [self._labelled(*told) for told in zip(solutions, weak, strong, strict=True)]

    def _labelled(self, solution: Solution, found: Sequence[Rollouts], others: Sequence[Rollouts]) -> Labelled:
        values: list[float | None] = []
        cost = Cost()
        for weak, strong in zip(found, others, strict=True):
            cost += weak.cost + strong.cost
            known = weak.share is not None and strong.share is not None
            agree = known and (weak.share > self.config.threshold) == (strong.share > self.config.threshold)  # type: ignore[operator]
            values.append(strong.share if agree else None)
        values.append(float(solution.right))
        first = first_below(values, self.config.threshold)
        return Labelled(solution, tuple(values), first.place, cost, first.decided)


_AnyConfig = ExhaustiveConfig | BinaryConfig | AgreementConfig


def _everywhere(completer: Completer, solutions: Sequence[Solution], config: _AnyConfig) -> list[list[Rollouts]]:
    """Completions from the end of every step but the last, whose outcome is known; all of them are asked at once."""
    places = [range(max(0, len(one.steps) - 1)) for one in solutions]
    found = iter(_at(completer, [(one, k) for one, mine in zip(solutions, places, strict=True) for k in mine], config))
    return [[next(found) for _ in mine] for mine in places]


def _at(completer: Completer, asked: Sequence[tuple[Solution, int]], config: _AnyConfig) -> list[Rollouts]:
    starts = [Start(solution.item, solution.starts[place]) for solution, place in asked]
    return roll_out(completer, starts, config.rollouts, config.seed)
