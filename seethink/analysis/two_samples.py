"""Two sets of items: how far apart their means are, overall and within strata that both have.

``compare`` pairs two arms by item: both answered every one. Here the sets differ in which items they hold, and may
share some. A shared item counts in both means: whatever is drawn for it is drawn once, for both sides.
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
    """One value per item, each in [0, 1]: of the items that only one set holds, and of those in both."""

    a: Sequence[float]
    b: Sequence[float]
    both: Sequence[float] = ()


def overlapping(a: Mapping[str, float], b: Mapping[str, float]) -> Samples:
    """The samples of two sets that give values by item; a value belongs to the item, whichever set holds it."""
    return Samples(
        [value for item, value in a.items() if item not in b],
        [value for item, value in b.items() if item not in a],
        [value for item, value in a.items() if item in b],
    )


@dataclass(frozen=True, slots=True)
class Apart:
    """Mean of set a minus mean of set b.

    Attributes:
        difference: in [-1, 1]; ``n`` counts the items of the union. None where either set is empty.
        p: two-sided, of a permutation test of who belongs to which set, or to both; None where either set has fewer
            than two items, where the sets are the same, and for strata, where none is made.
        shared: items in both sets. Where that is ``n`` the sets are the same, and the difference is 0 by construction.
    """

    difference: Interval
    p: float | None
    shared: int = 0

    @property
    def same(self) -> bool:
        """Whether both sets hold the same items, and there is nothing to tell apart."""
        return 0 < self.shared == self.difference.n


class _Part(NamedTuple):
    """Values whose mean enters a difference with this weight."""

    weight: float
    values: Floats


def apart(samples: Samples, *, seed: int = 0, resamples: int = RESAMPLES) -> Apart:
    """The difference of two means with its percentile bootstrap interval and a permutation test.

    The three parts (only in a, only in b, in both) keep their sizes and are resampled each by itself; a shared item
    thereby comes as often on either side. The test shuffles the values of the union over all its items: that which
    items are in a, in b or in both is chance. A part whose values all agree has no spread to resample; its mean then
    moves over the interval that ``compare`` gives it, and so does the difference.
    """
    parts = _parts(samples)
    sizes = len(samples.a) + len(samples.both), len(samples.b) + len(samples.both)
    items, shared = sum(map(len, samples)), len(samples.both)
    if not min(sizes):
        return Apart(Interval(None, None, None, items), None, shared)
    if shared == items:
        return Apart(Interval(0.0, 0.0, 0.0, items), None, shared)
    found = _difference(parts, items, seed, resamples)
    if min(sizes) < 2:
        return Apart(found, None, shared)
    weights_N = np.concatenate([np.full(len(part.values), part.weight / len(part.values)) for part in parts])
    test = stats.permutation_test(
        (np.concatenate([part.values for part in parts]),),
        lambda values, axis: np.tensordot(values, weights_N, axes=(axis, 0)),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=_affordable(items, resamples),
        batch=max(1, _BATCH // items),
        rng=np.random.default_rng(seed),
    )
    return Apart(found, min(1.0, float(test.pvalue)), shared)


def apart_within(strata: Mapping[str, Samples], *, seed: int = 0, resamples: int = RESAMPLES) -> Apart:
    """The same within strata (sources, say), averaged with the number of their items as weights.

    What the sets differ in by their mix of strata is thereby left out. Strata that only one set has do not count.
    """
    known = [one for one in strata.values() if len(one.a) + len(one.both) and len(one.b) + len(one.both)]
    items, shared = sum(sum(map(len, one)) for one in known), sum(len(one.both) for one in known)
    if not items:
        return Apart(Interval(None, None, None, 0), None)
    parts = [_Part(part.weight * sum(map(len, one)) / items, part.values) for one in known for part in _parts(one)]
    return Apart(_difference(parts, items, seed, resamples), None, shared)


def _parts(samples: Samples) -> list[_Part]:
    """Mean of a minus mean of b as a weighted sum of the means of the three parts; empty parts are left out."""
    a, b, both = (np.asarray(values, dtype=np.float64) for values in samples)
    in_a, in_b = max(1, len(a) + len(both)), max(1, len(b) + len(both))
    weights = len(a) / in_a, -len(b) / in_b, len(both) * (1 / in_a - 1 / in_b)
    return [_Part(weight, values) for weight, values in zip(weights, (a, b, both), strict=True) if len(values)]


def _difference(parts: Sequence[_Part], items: int, seed: int, resamples: int) -> Interval:
    mean = sum(part.weight * float(part.values.mean()) for part in parts)
    return Interval(mean, *_spread(parts, seed, resamples), items)


def _spread(parts: Sequence[_Part], seed: int, resamples: int) -> tuple[float, float]:
    rng = np.random.default_rng(seed)
    resamples = _affordable(sum(len(part.values) for part in parts), resamples)
    drawn_R = np.zeros(resamples)
    slack_low = slack_high = 0.0
    for weight, values in parts:
        if len(values) > 1 and np.ptp(values) > 0:
            drawn_R += weight * _means(values, rng, resamples)
            continue
        alone = interval(values)
        assert alone.mean is not None and alone.low is not None and alone.high is not None
        drawn_R += weight * alone.mean
        below, above = abs(weight) * (alone.mean - alone.low), abs(weight) * (alone.high - alone.mean)
        slack_low += below if weight > 0 else above
        slack_high += above if weight > 0 else below
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
