"""A weighted sum of arms over training runs and items: the difference of two recipes, or a slope over levels of a dial.

The design is radiology's multi-reader multi-case with readers nested in treatments (Obuchowski and Rockette 1995, doi
10.1080/03610919508813243; degrees of freedom after Hillis 2007, doi 10.1002/sim.2532), written for any linear contrast
of arms instead of one difference. Training runs are the readers, items the cases that all of them judge.
``docs/design/statistics.md`` says why.

Letters: A arms, S training runs of one arm, N items.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from seethink.analysis.compare import LEVEL, Interval, interval, sign_flip_p
from seethink.analysis.score_matrix import Scores

Floats = NDArray[np.float64]

_SCORES = (0.0, 1.0)


@dataclass(frozen=True, slots=True)
class Contrast:
    """A weighted sum of the arms' means.

    Attributes:
        estimate: with its 95 % interval; ``n`` counts items.
        p: two-sided, against 0.
        error: standard error.
        freedom: degrees of freedom of its t distribution; None where nothing varies and there is none.
        runs: training runs of every arm that has a weight.
        from_runs: share of the squared standard error that comes from training runs; the rest comes from items.
    """

    estimate: Interval
    p: float
    error: float
    freedom: float | None
    runs: tuple[int, ...]
    from_runs: float | None

    def p_against(self, value: float) -> float:
        """Two-sided p of "the true sum is ``value``"."""
        mean = self.estimate.mean or 0.0
        if value == 0:
            return self.p
        if self.freedom is None or self.error <= 0:
            return 1.0 if mean == value else 0.0
        return float(2 * stats.t.sf(abs(mean - value) / self.error, self.freedom))


def contrast(
    weights: Sequence[float], arms: Sequence[Scores], *, bounds: tuple[float, float] | None = _SCORES
) -> Contrast:
    """The sum of weight times mean over arms, from all their runs.

    With V_runs = Σ w² s²/S over run means and V_items = s_d²/N over the weighted sums of item means, both hold the
    noise of a single answer, V_noise = Σ w² MS/(N S) from the residuals of each matrix. The squared standard error is
    V_runs + max(0, V_items - V_noise), its degrees of freedom are Satterthwaite's. Runs of different arms are taken as
    independent even where they share a seed: sharing makes the test cautious, and pairing seeds would cost degrees of
    freedom.

    Args:
        weights: one per arm, none 0.
        bounds: the range of one score; None where it has no end.

    Raises ValueError where there is no item, two arms were not scored on the same number of items, a trained arm has
    one run only, or no arm is trained: then nothing can be said of recipes.
    """
    sizes = [arm.scores_SN.shape[1] for arm in arms]
    if not sizes or len(set(sizes)) > 1 or not sizes[0]:
        raise ValueError(f"{' and '.join(map(str, sizes))} items: all arms need the same, not none")
    if not any(arm.trained for arm in arms):
        raise ValueError("no arm is trained: compare the checkpoints instead")
    if any(arm.trained and len(arm.scores_SN) < 2 for arm in arms):
        raise ValueError("one run of a trained arm says nothing of its recipe: train it with two seeds or more")
    items = sizes[0]
    summed_N = np.sum([weight * arm.scores_SN.mean(axis=0) for weight, arm in zip(weights, arms, strict=True)], axis=0)
    mean = float(summed_N.mean())
    trained = [(weight, arm) for weight, arm in zip(weights, arms, strict=True) if arm.trained]
    by_runs = [(weight**2 * variance, free) for weight, arm in trained for variance, free in [_variance_of_runs(arm)]]
    noise = sum(weight**2 * _noise(arm) for weight, arm in trained)
    of_runs = sum(variance for variance, _ in by_runs)
    of_items = max(0.0, float(summed_N.var(ddof=1)) / items - noise) if items > 1 else 0.0
    squared = of_runs + of_items
    runs = tuple(len(arm.scores_SN) for arm in arms)
    ends = _ends(weights, bounds)
    if squared <= 0:
        return Contrast(interval(summed_N, bounds=ends), sign_flip_p(summed_N) or 1.0, 0.0, None, runs, None)
    parts = [*by_runs, *([(of_items, items - 1)] if items > 1 else [])]
    freedom = squared**2 / sum(variance**2 / free for variance, free in parts)
    error = float(np.sqrt(squared))
    reach = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    least, most = ends or (-np.inf, np.inf)
    return Contrast(
        Interval(mean, max(least, mean - reach), min(most, mean + reach), items),
        float(2 * stats.t.sf(abs(mean) / error, freedom)),
        error,
        freedom,
        runs,
        of_runs / squared,
    )


def _ends(weights: Sequence[float], bounds: tuple[float, float] | None) -> tuple[float, float] | None:
    """The least and the greatest value that the sum can take."""
    if bounds is None:
        return None
    corners = [sorted((weight * bounds[0], weight * bounds[1])) for weight in weights]
    return sum(low for low, _ in corners), sum(high for _, high in corners)


def _variance_of_runs(arm: Scores) -> tuple[float, int]:
    """Squared standard error of the mean over runs, and its degrees of freedom."""
    means_S = arm.scores_SN.mean(axis=1)
    return float(means_S.var(ddof=1)) / len(means_S), len(means_S) - 1


def _noise(arm: Scores) -> float:
    """What single answers, given run and item, add to the squared error of the arm's mean."""
    scores_SN = arm.scores_SN
    runs, items = scores_SN.shape
    if items < 2:
        return 0.0
    residual_SN = (
        scores_SN - scores_SN.mean(axis=1, keepdims=True) - scores_SN.mean(axis=0, keepdims=True) + scores_SN.mean()
    )
    return float(np.square(residual_SN).sum() / ((runs - 1) * (items - 1)) / (items * runs))
