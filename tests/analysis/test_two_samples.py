"""Two sets of items with known differences, apart and overlapping."""

import numpy as np
import pytest

from seethink.analysis.two_samples import Samples, apart, apart_within, overlapping


def coin(seed, n, chance):
    return list((np.random.default_rng(seed).random(n) < chance).astype(float))


def test_the_interval_of_a_difference_covers_the_truth_about_95_times_in_100():
    covered = 0
    for trial in range(400):
        samples = Samples(coin(trial, 80, 0.6), coin(10_000 + trial, 50, 0.4))
        found = apart_within({"one": samples}, seed=trial, resamples=500)
        covered += found.difference.low <= 0.2 <= found.difference.high
    assert 0.92 <= covered / 400 <= 0.98


def test_equal_sets_are_not_told_apart_and_different_ones_are():
    same = apart(Samples(coin(0, 200, 0.5), coin(1, 200, 0.5)), resamples=500)
    far = apart(Samples(coin(0, 200, 0.3), coin(1, 200, 0.6)), resamples=500)
    assert same.difference.low < 0 < same.difference.high and same.p > 0.05
    assert far.difference.high < 0 and far.p < 0.01


def test_two_sets_without_spread_are_no_certainty():
    few = apart(Samples([0.0] * 5, [1.0] * 5), resamples=100).difference
    many = apart(Samples([0.0] * 500, [1.0] * 500), resamples=100).difference
    assert few.mean == -1 and few.low == -1 and few.high == pytest.approx(-1 + 2 * (1 - 0.025 ** (1 / 5)))
    assert few.high > 0 > many.high
    turned = apart(Samples([1.0] * 5, [0.0] * 5), resamples=100).difference
    assert (turned.low, turned.high) == (pytest.approx(-few.high), 1)


def test_an_empty_set_has_no_difference():
    assert apart(Samples([], [1.0])).difference.mean is None and apart_within({}).difference.mean is None
    lone = apart(Samples([1.0], [0.0, 1.0]), resamples=100)
    assert (lone.difference.mean, lone.difference.n, lone.p) == (0.5, 3, None)


def test_within_strata_the_mix_does_not_count():
    """Both strata are equally hard in both sets; one set merely has more of the hard one."""
    easy, hard = coin(0, 300, 0.9), coin(1, 300, 0.1)
    mixed = Samples(easy[:30] + hard[:270], easy[30:] + hard[270:])
    strata = {
        "easy": Samples(easy[:30], easy[30:]),
        "hard": Samples(hard[:270], hard[270:]),
        "lone": Samples([1.0], []),
    }
    assert apart(mixed, resamples=500).difference.high < -0.5
    within = apart_within(strata, resamples=500).difference
    assert within.low < 0 < within.high and within.n == 600


def drawn(trial, in_a, in_b, shared):
    """Two sets drawn alike from one pool, so many of whose items are the same: pass rates of 8 draws."""
    rng = np.random.default_rng(trial)
    rates = (rng.binomial(8, rng.random(in_a + in_b - shared)) / 8).tolist()
    return overlapping(dict(enumerate(rates[:in_a])), dict(enumerate(rates[in_a - shared :], in_a - shared)))


@pytest.mark.parametrize(("in_a", "in_b", "shared"), [(80, 80, 48), (48, 80, 48)])
def test_sets_that_share_sixty_percent_are_told_apart_as_often_as_the_level_says(in_a, in_b, shared):
    found = [apart(drawn(trial, in_a, in_b, shared), seed=trial, resamples=300) for trial in range(300)]
    assert {one.shared for one in found} == {shared} and found[0].difference.n == in_a + in_b - shared
    assert 0.02 <= sum(one.p < 0.05 for one in found) / 300 <= 0.09
    assert 0.14 <= sum(one.p < 0.2 for one in found) / 300 <= 0.27
    assert 0.9 <= sum(one.difference.low <= 0 <= one.difference.high for one in found) / 300 <= 0.98


def test_sharing_items_makes_a_difference_clearer():
    a, b, both = coin(0, 40, 0.7), coin(1, 40, 0.3), coin(2, 120, 0.5)
    joint, as_if_apart = apart(Samples(a, b, both), resamples=500), apart(Samples(a + both, b + both), resamples=500)
    assert joint.difference.mean == pytest.approx(as_if_apart.difference.mean)
    assert joint.difference.high - joint.difference.low < as_if_apart.difference.high - as_if_apart.difference.low
    assert joint.p < as_if_apart.p


def test_the_same_set_twice_has_no_difference_by_construction():
    found = apart(overlapping({"x": 0.5, "y": 1.0}, {"y": 1.0, "x": 0.5}))
    assert found.same and found.p is None
    assert (found.difference.mean, found.difference.low, found.difference.high) == (0, 0, 0)
    assert not apart(Samples([], [1.0])).same and not apart(Samples([], [])).same
