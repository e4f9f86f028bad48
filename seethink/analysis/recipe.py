"""This recipe: would another training run, on other items of this kind, show the difference again?

``compare`` speaks of checkpoints: items are drawn, the weights are given. Here training runs are drawn as well. The
scores of two arms form a design that radiology knows as multi-reader multi-case with readers nested in treatments:
training runs are the readers, items the cases that all of them judge. The variance of a difference of means has one
part from runs and one from items that suit one recipe better than the other, and the difference is referred to a t
distribution (Obuchowski and Rockette 1995, doi 10.1080/03610919508813243; degrees of freedom after Hillis 2007,
doi 10.1002/sim.2532). ``docs/design/statistics.md`` says why not a bootstrap; ``benchmarks/calibration.py`` measures
how often each flags a difference that is not there.

Letters: S training runs of one arm, N items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from seethink.analysis.compare import LEVEL, Interval, interval, sign_flip_p
from seethink.analysis.score_matrix import Scores

Floats = NDArray[np.float64]

HEADLINE_RUNS = 5
"""Training runs of each trained arm that a headline asks for. choice."""


@dataclass(frozen=True, slots=True)
class RecipeDifference:
    """Mean of recipe a minus mean of recipe b.

    Attributes:
        difference: in [-1, 1], with its 95 % interval; ``n`` counts items.
        p: two-sided.
        error: standard error of the difference.
        freedom: degrees of freedom of its t distribution; None where nothing varies and there is none.
        runs: training runs of a and of b.
        from_runs: share of the squared standard error that comes from training runs; the rest comes from items.
    """

    difference: Interval
    p: float
    error: float
    freedom: float | None
    runs: tuple[int, int]
    from_runs: float | None

    @property
    def headline(self) -> bool:
        """True where every trained arm has the runs that a headline asks for; an untrained one counts as one run."""
        return all(runs == 1 or runs >= HEADLINE_RUNS for runs in self.runs)


def recipe_difference(a: Scores, b: Scores) -> RecipeDifference:
    """The difference of two recipes from all their runs.

    With V_runs = s_a²/S_a + s_b²/S_b over run means and V_items = s_d²/N over the differences of item means, both hold
    the noise of a single answer, V_noise = MS_a/(N S_a) + MS_b/(N S_b) from the residuals of each matrix. The squared
    standard error is V_runs + max(0, V_items - V_noise), its degrees of freedom are Satterthwaite's. Runs of a and b
    are taken as independent even where they share a seed: sharing makes this test cautious, and pairing seeds would
    halve the degrees of freedom.

    Raises ValueError where there is no item, the arms were not scored on the same number of items, a trained arm has
    one run only, or neither arm is trained: then nothing can be said of the recipe.
    """
    if a.scores_SN.shape[1] != b.scores_SN.shape[1] or not a.scores_SN.shape[1]:
        raise ValueError(f"{a.scores_SN.shape[1]} and {b.scores_SN.shape[1]} items: both arms need the same, not none")
    if not (a.trained or b.trained):
        raise ValueError("neither arm is trained: compare the two checkpoints instead")
    if any(arm.trained and len(arm.scores_SN) < 2 for arm in (a, b)):
        raise ValueError("one run of a trained arm says nothing of its recipe: train it with two seeds or more")
    items = a.scores_SN.shape[1]
    apart_N = a.scores_SN.mean(axis=0) - b.scores_SN.mean(axis=0)
    mean = float(apart_N.mean())
    by_runs = [_variance_of_runs(arm) for arm in (a, b) if arm.trained]
    noise = sum(_noise(arm) for arm in (a, b) if arm.trained)
    of_runs = sum(variance for variance, _ in by_runs)
    of_items = max(0.0, float(apart_N.var(ddof=1)) / items - noise) if items > 1 else 0.0
    squared = of_runs + of_items
    runs = (len(a.scores_SN), len(b.scores_SN))
    if squared <= 0:
        unvaried = interval(apart_N, bounds=(-1.0, 1.0))
        return RecipeDifference(unvaried, sign_flip_p(apart_N) or 1.0, 0.0, None, runs, None)
    parts = [*by_runs, *([(of_items, items - 1)] if items > 1 else [])]
    freedom = squared**2 / sum(variance**2 / free for variance, free in parts)
    error = float(np.sqrt(squared))
    reach = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    return RecipeDifference(
        Interval(mean, max(-1.0, mean - reach), min(1.0, mean + reach), items),
        float(2 * stats.t.sf(abs(mean) / error, freedom)),
        error,
        freedom,
        runs,
        of_runs / squared,
    )


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
