"""Two sets of different items: how far apart their means are, overall and within strata that both have.

``compare`` pairs two arms by item. Here no item is in both sets, so each is resampled by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from seethink.analysis.compare import LEVEL, RESAMPLES, Interval, interval

_BATCH = 2_000_000
"""Values resampled at once: 16 MB."""

_MOST = 200_000_000
"""Values resampled in all. Sets of hundreds of thousands get fewer resamples, at least a thousand; their means are that
much surer."""

Floats = NDArray[np.float64]


class Samples(NamedTuple):
    """One value per item, each in [0, 1]."""

    a: Sequence[float]
    b: Sequence[float]


@dataclass(frozen=True, slots=True)
class Apart:
    """Mean of a minus mean of b.

    Attributes:
        difference: in [-1, 1]; ``n`` counts the items of both. None where either set is empty.
        p: two-sided, of a permutation test of who belongs to which set; None where either set has fewer than two
            items, and for strata, where none is made.
    """

    difference: Interval
    p: float | None


def apart(samples: Samples, *, seed: int = 0, resamples: int = RESAMPLES) -> Apart:
    """The difference of two means with its percentile bootstrap interval and a permutation test.

    A set whose values all agree has no spread to resample; its mean then moves over the interval that ``compare``
    gives it, and so does the difference.
    """
    a, b = (np.asarray(values, dtype=np.float64) for values in samples)
    if not len(a) or not len(b):
        return Apart(Interval(None, None, None, len(a) + len(b)), None)
    low, high = _spread([(a, b)], np.ones(1), seed, resamples)
    items, mean = len(a) + len(b), float(a.mean() - b.mean())
    if min(len(a), len(b)) < 2:
        return Apart(Interval(mean, low, high, items), None)
    test = stats.permutation_test(
        (a, b),
        _difference,
        permutation_type="independent",
        vectorized=True,
        n_resamples=_affordable(items, resamples),
        batch=max(1, _BATCH // items),
        rng=np.random.default_rng(seed),
    )
    return Apart(Interval(mean, low, high, items), min(1.0, float(test.pvalue)))


def apart_within(strata: Mapping[str, Samples], *, seed: int = 0, resamples: int = RESAMPLES) -> Apart:
    """The same within strata (sources, say), averaged with the number of their items as weights.

    What the sets differ in by their mix of strata is thereby left out. Strata that only one set has do not count.
    """
    both = [
        (np.asarray(one.a, dtype=np.float64), np.asarray(one.b, dtype=np.float64))
        for one in strata.values()
        if len(one.a) and len(one.b)
    ]
    if not both:
        return Apart(Interval(None, None, None, 0), None)
    sizes = np.array([len(a) + len(b) for a, b in both], dtype=np.float64)
    weights = sizes / sizes.sum()
    mean = float(sum(weight * (a.mean() - b.mean()) for weight, (a, b) in zip(weights, both, strict=True)))
    low, high = _spread(both, weights, seed, resamples)
    return Apart(Interval(mean, low, high, int(sizes.sum())), None)


def _spread(strata: Sequence[tuple[Floats, Floats]], weights: Floats, seed: int, resamples: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    resamples = _affordable(sum(len(a) + len(b) for a, b in strata), resamples)
    drawn_R = np.zeros(resamples)
    slack_low = slack_high = 0.0
    for weight, (a, b) in zip(weights, strata, strict=True):
        for sign, values in ((1.0, a), (-1.0, b)):
            if len(values) > 1 and np.ptp(values) > 0:
                drawn_R += sign * weight * _means(values, rng, resamples)
                continue
            alone = interval(values)
            assert alone.mean is not None and alone.low is not None and alone.high is not None
            drawn_R += sign * weight * alone.mean
            below, above = weight * (alone.mean - alone.low), weight * (alone.high - alone.mean)
            slack_low += below if sign > 0 else above
            slack_high += above if sign > 0 else below
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(drawn_R, [tail, 100 - tail])
    return max(-1.0, float(low) - slack_low), min(1.0, float(high) + slack_high)


def _means(values: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    """Means of bootstrap resamples, a batch of them at a time."""
    n, batch = len(values), max(1, _BATCH // len(values))
    means = [
        values[rng.integers(n, size=(min(batch, resamples - start), n))].mean(axis=1)
        for start in range(0, resamples, batch)
    ]
    return np.concatenate(means)


def _affordable(items: int, resamples: int) -> int:
    return min(resamples, max(1_000, _MOST // items))


def _difference(a: Floats, b: Floats, axis: int = -1) -> Floats:
    return np.asarray(a.mean(axis=axis) - b.mean(axis=axis))
