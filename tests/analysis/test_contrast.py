"""Any weighted sum of arms, by hand where it can be, by simulation where it must be."""

import numpy as np
import pytest
from scipy import stats

from seethink.analysis.contrast import contrast
from seethink.analysis.recipe import recipe_difference
from seethink.analysis.registered.judge import slope_weights
from seethink.analysis.score_matrix import Scores
from seethink.analysis.variance import Varies, simulate

VARIES = Varies(0.4, 0.1, 0.02, 0.2)


def studies(arms, runs, trials, seed=0):
    rng = np.random.default_rng(seed)
    return ([Scores(one) for one in simulate((0.5,) * arms, (VARIES,) * arms, (runs,) * arms, 200, rng)]
            for _ in range(trials))  # fmt: skip


def test_a_difference_is_the_contrast_of_plus_and_minus_one():
    (a, b) = next(studies(2, 4, 1))
    found, known = contrast((1.0, -1.0), (a, b)), recipe_difference(a, b)
    assert (found.estimate, found.p, found.freedom) == (known.difference, known.p, known.freedom)


def test_weights_scale_the_estimate_and_leave_its_p():
    arms = next(studies(3, 3, 1))
    once, twice = contrast((1.0, 1.0, -2.0), arms), contrast((2.0, 2.0, -4.0), arms)
    assert twice.estimate.mean == pytest.approx(2 * once.estimate.mean)
    assert (twice.p, twice.freedom) == (pytest.approx(once.p), pytest.approx(once.freedom))


def test_where_items_say_the_same_it_is_a_t_test_over_runs():
    means_S = np.array([0.3, 0.5, 0.4, 0.6])
    found = contrast((1.0,), (Scores(np.tile(means_S[:, None], (1, 30))),))
    assert found.p == pytest.approx(stats.ttest_1samp(means_S, 0.0).pvalue)
    assert found.p_against(0.45) == pytest.approx(1.0)
    assert found.p_against(0.9) == pytest.approx(stats.ttest_1samp(means_S, 0.9).pvalue)


def test_the_line_over_levels_is_least_squares():
    levels, means = [0.0, 0.1, 0.3], [0.7, 0.6, 0.2]
    weights = slope_weights(dict(zip(levels, "abc", strict=True)))
    told = sum(weights[name] * mean for name, mean in zip("abc", means, strict=True))
    assert told == pytest.approx(0.3 * stats.linregress(levels, means).slope)


def test_an_untrained_arm_alone_says_nothing_of_recipes():
    with pytest.raises(ValueError, match="no arm is trained"):
        contrast((1.0,), (Scores(np.ones((1, 5)), trained=False),))
    with pytest.raises(ValueError, match="one run of a trained arm"):
        contrast((1.0, -1.0), (Scores(np.ones((1, 5))), Scores(np.ones((3, 5)))))


@pytest.mark.slow
@pytest.mark.parametrize("runs", [3, 5])
@pytest.mark.parametrize("weights", [(-4 / 7, -1 / 7, 5 / 7), (-0.75, 1.0, -0.25)], ids=["slope", "unequal"])
def test_no_effect_is_flagged_about_5_times_in_100(weights, runs):
    flagged = [contrast(weights, arms).p < 0.05 for arms in studies(3, runs, 600)]
    assert 0.02 < np.mean(flagged) < 0.08
