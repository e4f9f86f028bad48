"""This recipe: would another training run, on other items of this kind, show the difference again?

``compare`` speaks of checkpoints: items are drawn, the weights are given. Here training runs are drawn as well.
``benchmarks/calibration.py`` measures how often the test flags a difference that is not there.
"""

from __future__ import annotations

from dataclasses import dataclass

from seethink.analysis.compare import Interval
from seethink.analysis.contrast import contrast
from seethink.analysis.score_matrix import Scores

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
    """The difference of two recipes from all their runs; the formula is that of ``contrast``.

    Raises ValueError where there is no item, the arms were not scored on the same number of items, a trained arm has
    one run only, or neither arm is trained: then nothing can be said of the recipe.
    """
    found = contrast((1.0, -1.0), (a, b))
    runs = (len(a.scores_SN), len(b.scores_SN))
    return RecipeDifference(found.estimate, found.p, found.error, found.freedom, runs, found.from_runs)
