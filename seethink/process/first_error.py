"""First-error metrics: does a scorer say where a solution goes wrong, and that a sound one does not?

ProcessBench's measure (arXiv 2412.06559): the share of wrong solutions whose first wrong step is named exactly, the
share of sound ones called sound, and their harmonic mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class FirstErrorScore(NamedTuple):
    """Shares in [0, 1]; NaN where there is no solution of that kind."""

    wrong: float
    sound: float
    f1: float
    n_wrong: int
    n_sound: int


class StepScore(NamedTuple):
    """Over single steps: F1 of the right ones, of the wrong ones, and their mean (VisualProcessBench's macro F1)."""

    right_f1: float
    wrong_f1: float
    macro_f1: float
    said_right: float
    """Share of the steps that the scorer calls right: near 1 for judges that say yes to everything."""
    n: int


def first_error(scores: Sequence[float], threshold: float) -> int | None:
    """The first step that scores at or below ``threshold``; NaN is no score."""
    return next((place for place, score in enumerate(scores) if score <= threshold), None)


def first_error_score(told: Sequence[int | None], true: Sequence[int | None]) -> FirstErrorScore:
    wrong = [said == place for said, place in zip(told, true, strict=True) if place is not None]
    sound = [said is None for said, place in zip(told, true, strict=True) if place is None]
    shares = [sum(hits) / len(hits) if hits else math.nan for hits in (wrong, sound)]
    both = sum(shares)
    f1 = math.nan if math.isnan(both) else 2 * shares[0] * shares[1] / both if both else 0.0
    return FirstErrorScore(shares[0], shares[1], f1, len(wrong), len(sound))


def step_score(
    scores: Sequence[Sequence[float]], truth: Sequence[Sequence[bool | None]], threshold: float
) -> StepScore:
    """Steps without a label or without a score are left out."""
    pairs = [
        (score > threshold, true)
        for told, known in zip(scores, truth, strict=True)
        for score, true in zip(told, known, strict=True)
        if true is not None and not math.isnan(score)
    ]
    right, wrong = (_f1([(said is kind, true is kind) for said, true in pairs]) for kind in (True, False))
    said = sum(one for one, _ in pairs) / len(pairs) if pairs else math.nan
    return StepScore(right, wrong, (right + wrong) / 2, said, len(pairs))


def best_threshold(scores: Sequence[Sequence[float]], true: Sequence[int | None], grid: int = 99) -> float:
    """The threshold with the highest first-error F1, to be chosen on other solutions than those it is reported on."""
    known = [score for trace in scores for score in trace if not math.isnan(score)]
    if not known:
        return 0.5
    low, high = min(known), max(known)
    found = [low + (high - low) * place / (grid + 1) for place in range(1, grid + 1)]

    def worth(threshold: float) -> float:
        f1 = first_error_score([first_error(one, threshold) for one in scores], true).f1
        return -1.0 if math.isnan(f1) else f1

    return max(found, key=worth)


def _f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    hits = sum(said and true for said, true in pairs)
    said, true = sum(one for one, _ in pairs), sum(one for _, one in pairs)
    return 2 * hits / (said + true) if said + true else math.nan
