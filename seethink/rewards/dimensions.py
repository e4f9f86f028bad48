"""Verdicts summed up by verifier and by dimension, so that perception and cognition are never one number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from seethink.core.item import DIMENSION, Dimension, Item, Verifier
from seethink.core.verdict import UNDECIDED, Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Tally:
    """A set of verdicts in numbers.

    Attributes:
        n: verdicts, decided or not.
        decided: verdicts with a score.
        mean: mean score of the decided ones, None where there are none.
        outcomes: how often each outcome occurred.
    """

    n: int
    decided: int
    mean: float | None
    outcomes: Mapping[Outcome, int]

    @property
    def unparseable(self) -> float | None:
        """Share of the decided verdicts that had no readable answer, None where none was decided."""
        return self.outcomes.get(Outcome.UNPARSEABLE, 0) / self.decided if self.decided else None

    @property
    def undecided(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome in UNDECIDED)


@dataclass(frozen=True, slots=True)
class Summary:
    """Tallies of all verdicts, of each verifier and of each dimension that occurred."""

    overall: Tally
    verifiers: Mapping[Verifier, Tally]
    dimensions: Mapping[Dimension, Tally]


def tally(verdicts: Iterable[Verdict]) -> Tally:
    verdicts = list(verdicts)
    scores = [verdict.score for verdict in verdicts if verdict.score is not None]
    mean = sum(scores) / len(scores) if scores else None
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    return Tally(len(verdicts), len(scores), mean, MappingProxyType(dict(outcomes)))


def summarise(items: Sequence[Item], verdicts: Sequence[Verdict]) -> Summary:
    """Tallies in the order of the enums; verifiers and dimensions without an item are left out."""
    pairs = list(zip(items, verdicts, strict=True))
    verifiers = {
        verifier: tally(verdict for item, verdict in pairs if item.verifier is verifier)
        for verifier in Verifier
        if any(item.verifier is verifier for item in items)
    }
    dimensions = {
        dimension: tally(verdict for item, verdict in pairs if DIMENSION[item.verifier] is dimension)
        for dimension in Dimension
        if any(DIMENSION[item.verifier] is dimension for item in items)
    }
    return Summary(tally(verdicts), MappingProxyType(verifiers), MappingProxyType(dimensions))
