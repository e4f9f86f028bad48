"""Bias probes: what moves a scorer that should not, measured by changing only that.

length            a step with words in it that claim nothing, against itself
repetition        the steps of a trace whose first one is said twice, against themselves
position          a step's score against its place, among steps that are all true
always positive   how many false steps are scored as high as true ones
answer leakage    steps behind the right answer against the same behind a wrong one
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
from seethink.process.score import score_many

PADDING = "As the picture shows when it is looked at with some care: "
"""Said at the beginning of a step; it claims nothing."""
STATED = "The answer is {answer}."
"""Said in front of the steps: an answer behind them moves no scorer that reads from the front."""


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
        length: score of a true step with ``PADDING`` in front, minus that of the step.
        repetition: mean score of a trace's steps where the first is said twice, minus their mean where it is not; the
            second saying itself is left out.
        position: Spearman's rho of a true step's score with its place; None where it cannot be computed.
        positive: share of false steps that score at least the median of true ones; 0.5 is blind, 0 is perfect.
        leakage: true steps' mean behind the right answer, minus that behind a wrong one. A scorer that takes all steps
            behind a first error for wrong moves as well.
        answer_pull: a false step's score behind the right answer, minus that behind a wrong one.
    """

    length: Interval
    repetition: Interval
    position: float | None
    positive: Interval
    leakage: Interval
    answer_pull: Interval


def probe(scorer: StepScorer, traces: Sequence[Probed]) -> Probes:
    """Eight scorings of every trace. A step that a scorer cannot score when it is changed leaves its probe."""

    def scored(made: Sequence[Sequence[str]]) -> list[list[float]]:
        return score_many(scorer, [one.item for one in traces], made)

    def behind(answers: Sequence[str], steps: Sequence[Sequence[str]]) -> list[list[float]]:
        told = scored([(STATED.format(answer=one), *rest) for one, rest in zip(answers, steps, strict=True)])
        return [scores[1:] for scores in told]

    right, wrong = [one.answer for one in traces], [one.other_answer for one in traces]
    true = [one.steps for one in traces]
    false = [(*one.steps[: one.place], one.false) for one in traces]
    plain = scored(true)
    padded = scored([(*one.steps[: one.place], PADDING + one.steps[one.place]) for one in traces])
    twice = [[first, *rest] for first, _, *rest in scored([(one.steps[0], *one.steps) for one in traces])]
    said_false = scored(false)
    known = [score for scores in plain for score in scores]
    places = [place for scores in plain for place, _ in enumerate(scores)]
    middle = float(np.nanmedian(known)) if known else math.nan
    return Probes(
        _mean([a[one.place] - b[one.place] for a, b, one in zip(padded, plain, traces, strict=True)]),
        _mean([_difference(a, b) for a, b in zip(twice, plain, strict=True)]),
        _rho(places, known),
        _mean([_as_high(scores[-1], middle) for scores in said_false], (0.0, 1.0)),
        _mean([_difference(a, b) for a, b in zip(behind(right, true), behind(wrong, true), strict=True)]),
        _mean([a[-1] - b[-1] for a, b in zip(behind(right, false), behind(wrong, false), strict=True)]),
    )


def _as_high(score: float, middle: float) -> float:
    """1 or 0; NaN for a step that has no score, and where no true step has one."""
    return math.nan if math.isnan(score - middle) else float(score >= middle)


def _difference(a: Sequence[float], b: Sequence[float]) -> float:
    """Mean difference of steps that have a score in both; NaN where none has."""
    both = [x - y for x, y in zip(a, b, strict=True) if not math.isnan(x - y)]
    return math.fsum(both) / len(both) if both else math.nan


def _mean(values: Sequence[float], bounds: tuple[float, float] | None = None) -> Interval:
    return interval([value for value in values if not math.isnan(value)], bounds=bounds)


def _rho(x: Sequence[int], y: Sequence[float]) -> float | None:
    known = [(a, b) for a, b in zip(x, y, strict=True) if not math.isnan(b)]
    if len(known) < 3 or np.ptp([b for _, b in known]) == 0 or np.ptp([a for a, _ in known]) == 0:
        return None
    return float(stats.spearmanr(*zip(*known, strict=True)).statistic)
