"""Calibration: does a score of 0.8 mean that eight of ten such steps are right?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Bin(NamedTuple):
    """Steps whose score lies in [low, high): how many, their mean score, their mean target."""

    low: float
    high: float
    n: int
    score: float
    target: float


class Calibration(NamedTuple):
    """``error`` is the expected calibration error, weighted by the bins' sizes; ``brier`` the mean squared error."""

    bins: tuple[Bin, ...]
    error: float
    brier: float
    n: int


def calibration(scores: Sequence[float], targets: Sequence[float | None], bins: int = 10) -> Calibration:
    """Scores and targets in [0, 1], by step; steps without a score or a target, and empty bins, are left out."""
    pairs = [
        (score, target)
        for score, target in zip(scores, targets, strict=True)
        if target is not None and not math.isnan(score)
    ]
    found = []
    for place in range(bins):
        low, high = place / bins, (place + 1) / bins
        inside = [pair for pair in pairs if low <= pair[0] < high or (place == bins - 1 and pair[0] == 1.0)]
        if inside:
            means = [math.fsum(part) / len(inside) for part in zip(*inside, strict=True)]
            found.append(Bin(low, high, len(inside), *means))
    n = len(pairs)
    if not n:
        return Calibration((), math.nan, math.nan, 0)
    error = math.fsum(one.n * abs(one.score - one.target) for one in found) / n
    return Calibration(tuple(found), error, math.fsum((score - target) ** 2 for score, target in pairs) / n, n)
