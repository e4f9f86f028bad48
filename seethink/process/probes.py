"""Bias probes: what moves a scorer that should not, measured by changing only that.

length            the same step said twice over
position          a step's score against its place, among steps that are all true
always positive   how many false steps are scored as high as true ones
answer leakage    a true trace whose answer alone is wrong, and a false one whose answer is right
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from seethink.analysis.compare import Interval, interval
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.process.aggregate import aggregate
from seethink.process.score import score_many


class Probed(NamedTuple):
    """A trace whose steps are known: true ones, and a false version of one of them at ``place``."""

    item: Item
    steps: tuple[str, ...]
    place: int
    false: str
    answer: str
    other_answer: str


class Probes(NamedTuple):
    """Differences are in the scorer's own units; 0 is unmoved.

    Attributes:
        length: mean score of a trace with its first step repeated, minus that of the trace.
        position: Spearman's rho of a true step's score with its place; None where it cannot be computed.
        positive: share of false steps that score at least the median of true ones; 0.5 is blind, 0 is perfect.
        leakage: how much the true steps' mean falls when only the answer behind them is changed to a wrong one.
        answer_pull: how much a false step's score rises when the answer behind it is the right one.
    """

    length: Interval
    position: float | None
    positive: Interval
    leakage: Interval
    answer_pull: Interval


def probe(scorer: StepScorer, traces: Sequence[Probed]) -> Probes:
    """Five scorings of every trace. ``leakage`` and ``answer_pull`` are 0 for a scorer that cannot see what follows."""

    def scored(made: Sequence[Sequence[str]]) -> list[list[float]]:
        return score_many(scorer, [one.item for one in traces], made)

    plain = scored([(*one.steps, one.answer) for one in traces])
    longer = scored([(one.steps[0], *one.steps, one.answer) for one in traces])
    false = scored([(*one.steps[: one.place], one.false) for one in traces])
    wrong_end = scored([(*one.steps, one.other_answer) for one in traces])
    false_right_end = scored([(*one.steps[: one.place], one.false, one.answer) for one in traces])
    true = [score for trace, one in zip(plain, traces, strict=True) for score in trace[: len(one.steps)]]
    places = [place for one in traces for place in range(len(one.steps))]
    middle = float(np.nanmedian(true)) if true else math.nan
    return Probes(
        _mean([aggregate(a) - aggregate(b) for a, b in zip(longer, plain, strict=True)]),
        _rho(places, true),
        _mean([float(trace[one.place] >= middle) for trace, one in zip(false, traces, strict=True)], (0.0, 1.0)),
        _mean(
            [
                aggregate(a[: len(one.steps)]) - aggregate(b[: len(one.steps)])
                for a, b, one in zip(plain, wrong_end, traces, strict=True)
            ]
        ),
        _mean([a[one.place] - b[one.place] for a, b, one in zip(false_right_end, false, traces, strict=True)]),
    )


def _mean(values: Sequence[float], bounds: tuple[float, float] | None = None) -> Interval:
    return interval([value for value in values if not math.isnan(value)], bounds=bounds)


def _rho(x: Sequence[int], y: Sequence[float]) -> float | None:
    known = [(a, b) for a, b in zip(x, y, strict=True) if not math.isnan(b)]
    if len(known) < 3 or np.ptp([b for _, b in known]) == 0 or np.ptp([a for a, _ in known]) == 0:
        return None
    return float(stats.spearmanr(*zip(*known, strict=True)).statistic)
