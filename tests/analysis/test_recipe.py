"""The recipe's claim: by hand where it can be, by simulation where it must be."""

import numpy as np
import pytest
from scipy import stats

from seethink.analysis.detectable import detectable
from seethink.analysis.recipe import recipe_difference
from seethink.analysis.score_matrix import ArmRuns, Scores, item_scores, matched_scores
from seethink.analysis.variance import Varies, fit_variance, simulate
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome, undecided, wrong


def flags(varies, runs, items, trials, accuracy=(0.5, 0.5)):
    rng = np.random.default_rng(0)
    matrices = (simulate(accuracy, varies, runs, items, rng) for _ in range(trials))
    return np.mean([recipe_difference(Scores(a), Scores(b)).p < 0.05 for a, b in matrices])


def test_where_items_differ_by_nothing_but_chance_it_is_welch_over_run_means():
    rng = np.random.default_rng(1)
    shift_S = rng.normal(size=(2, 4, 1))
    # Every item shows its run's shift exactly: no noise of items, no fit.
    a, b = np.broadcast_to(shift_S, (2, 4, 30))
    found = recipe_difference(Scores(a), Scores(b))
    welch = stats.ttest_ind(a[:, 0], b[:, 0], equal_var=False)
    assert (found.p, found.freedom) == (pytest.approx(welch.pvalue), pytest.approx(welch.df))
    assert found.from_runs == pytest.approx(1.0)


def test_runs_that_agree_leave_the_items_to_decide():
    a, b = (np.tile(np.random.default_rng(seed).random(40), (3, 1)) for seed in (0, 1))
    found = recipe_difference(Scores(a), Scores(b))
    assert found.p == pytest.approx(stats.ttest_rel(a[0], b[0]).pvalue)
    assert found.from_runs == 0.0


@pytest.mark.slow
@pytest.mark.parametrize("runs", [(3, 3), (5, 5), (3, 10)])
def test_equal_recipes_are_told_apart_about_5_times_in_100(runs):
    assert 0.02 < flags((Varies(0.4, 0.1, 0.02, 0.2),) * 2, runs, 300, 600) < 0.08


def test_a_test_over_items_alone_takes_a_lucky_run_for_a_recipe():
    rng = np.random.default_rng(0)
    pairs = [simulate((0.5, 0.5), (Varies(0.4, 0.0, 0.05),) * 2, (1, 1), 400, rng) for _ in range(100)]
    assert np.mean([stats.ttest_rel(a[0], b[0]).pvalue < 0.05 for a, b in pairs]) > 0.3


def test_a_start_that_is_not_trained_brings_no_runs():
    rng = np.random.default_rng(0)
    trained, given = rng.random((5, 50)), rng.random((1, 50))
    found = recipe_difference(Scores(trained), Scores(given, trained=False))
    assert (found.runs, found.headline) == ((5, 1), True)
    with pytest.raises(ValueError, match="one run of a trained arm"):
        recipe_difference(Scores(trained), Scores(given))
    with pytest.raises(ValueError, match="no arm is trained"):
        recipe_difference(Scores(given, trained=False), Scores(given, trained=False))


def test_arms_that_never_differ_are_not_certain_to_be_equal():
    found = recipe_difference(Scores(np.ones((5, 20))), Scores(np.ones((5, 20))))
    assert (found.p, found.freedom) == (1.0, None)
    assert found.difference.low < 0 < found.difference.high


def test_an_item_that_one_run_left_undecided_leaves_all(respond):
    runs = {seed: [respond("x"), respond("y", wrong("4"))] for seed in (0, 1)}
    runs[1][1] = respond("y", undecided(Outcome.TIMEOUT, ""))
    found = matched_scores(
        [item_scores(ArmRuns("a", runs)), item_scores(ArmRuns("b", {0: [respond("x"), respond("y")]}))]
    )
    assert (found.items, found.left_out, found.arms[0].scores_SN.shape) == (("x",), 1, (2, 1))


def test_runs_on_other_items_are_refused(respond):
    with pytest.raises(InputError, match=r"a \(seed 0, 1 items\) and a \(seed 1, 2 items\)"):
        matched_scores([item_scores(ArmRuns("a", {0: [respond("x")], 1: [respond("x"), respond("y")]}))])


def test_the_detectable_difference_is_found_four_times_in_five():
    rng = np.random.default_rng(0)
    size = detectable(1.0, 8)
    shifts = rng.normal(size, 1.0, 20_000) / np.sqrt(rng.chisquare(8, 20_000) / 8)
    assert np.mean(shifts > stats.t.isf(0.025, 8)) == pytest.approx(0.8, abs=0.01)
    assert detectable(2.0, 8) == pytest.approx(2 * size)
    assert detectable(1.0, 2) > size > detectable(1.0, 1e6) == pytest.approx(2.802, abs=1e-3)


def hits(accuracy, varies, runs, items, draws, seed):
    rng = np.random.default_rng(seed)
    item_N = rng.standard_normal(items)
    for p in accuracy:
        latent_SN = (
            stats.norm.ppf(p)
            + np.sqrt(varies.item) * item_N
            + np.sqrt(varies.fit) * rng.standard_normal(items)
            + np.sqrt(varies.run) * rng.standard_normal((runs, 1))
            + np.sqrt(varies.quirk) * rng.standard_normal((runs, items))
        )
        yield latent_SN[..., None] + np.sqrt(varies.draw) * rng.standard_normal((runs, items, draws)) > 0


def test_the_fit_finds_the_shares_that_made_the_verdicts():
    made = Varies(0.4, 0.15, 0.03, 0.2)
    a, b = hits((0.5, 0.6), made, 60, 1_500, 4, seed=3)
    found = fit_variance({"a": a, "b": b})
    for name in ("item", "fit", "run", "quirk"):
        assert getattr(found.varies["a"], name) == pytest.approx(getattr(made, name), abs=0.06), name
    assert found.unknown == {}


def test_what_tables_cannot_tell_apart_is_named():
    a, b = hits((0.5, 0.6), Varies(0.4, 0.1), 1, 300, 1, seed=0)
    assert fit_variance({"a": a, "b": b}).unknown == dict.fromkeys("ab", ("fit", "run", "quirk"))
    with pytest.raises(ValueError, match="arm a hits never"):
        fit_variance({"a": np.zeros((2, 5, 1), dtype=bool)})


def test_simulated_scores_have_the_accuracy_asked_for():
    rng = np.random.default_rng(0)
    means = [simulate((0.3,), (Varies(0.3, 0.1, 0.1, 0.2),), (2,), 50, rng, draws=4)[0].mean() for _ in range(2_000)]
    assert np.mean(means) == pytest.approx(0.3, abs=0.01)
