"""Calibration: does a score of 0.8 mean that eight of ten such steps are right?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit


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


def fit_log_odds(logits: Sequence[float], targets: Sequence[float]) -> tuple[float, float]:
    """Slope, above 0, and offset for which ``sigmoid(slope * logit + offset)`` has the least cross-entropy with the
    targets, in [0, 1]. These are drawn in from 0 and 1 as Platt's are, or the slope had no end where few steps show no
    mistake."""
    x, y = np.array(logits, dtype=float), np.array(targets, dtype=float)
    right, wrong = y.sum(), (1 - y).sum()
    low, high = 1 / (wrong + 2), (right + 1) / (right + 2)
    y = low + y * (high - low)
    # Of like size, so that one step size suits both parameters.
    spread = float(x.std()) or 1.0

    def loss(ab: Any) -> tuple[float, Any]:
        z = ab[0] * x / spread + ab[1]
        excess = expit(z) - y
        return float(np.mean(np.logaddexp(0, z) - y * z)), np.array([np.mean(excess * x / spread), np.mean(excess)])

    found = minimize(loss, (spread, 0.0), jac=True, method="L-BFGS-B", bounds=((1e-3, None), (None, None)))
    return float(found.x[0] / spread), float(found.x[1])


def probability(logit: float) -> float:
    return float(expit(logit))
