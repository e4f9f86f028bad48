"""Two sets without a common item, with known differences."""

import numpy as np
import pytest

from seethink.analysis.two_samples import Samples, apart, apart_within


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
