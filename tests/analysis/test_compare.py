"""Statistics with known answers."""

import math
import time

import numpy as np
import pytest

from seethink.analysis import compare
from seethink.analysis.compare import (
    Rule,
    accuracy,
    count_undecided,
    interval,
    paired_difference,
    sign_flip_p,
    split_gain,
)
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome, correct, graded, undecided, unparseable, wrong


def test_accuracy_is_the_mean_over_items_not_over_draws(respond):
    draws = [respond("a", correct("3"), draw=number) for number in range(3)] + [respond("b", wrong("4"))]
    assert accuracy(draws).mean == 0.5


def test_an_undecided_answer_leaves_accuracy_and_is_counted(respond):
    responses = [respond("a", correct("3")), respond("b", undecided(Outcome.TIMEOUT, "no judge"))]
    found = accuracy(responses)
    assert (found.mean, found.n, count_undecided(responses)) == (1.0, 1, 1)


def test_accuracy_averages_partial_scores(respond):
    assert accuracy([respond("a", graded(0.25, "box")), respond("b", graded(0.75, "box"))]).mean == 0.5


def test_the_lenient_rule_reads_the_other_verdict(respond):
    responses = [respond(str(number), unparseable("no tags"), lenient=correct("3")) for number in range(4)]
    assert accuracy(responses).mean == 0.0
    assert accuracy(responses, rule=Rule.LENIENT).mean == 1.0


def test_the_interval_covers_the_truth_about_95_times_in_100():
    covered = 0
    for trial in range(400):
        values = (np.random.default_rng(trial).random(80) < 0.7).astype(float)
        found = interval(values, seed=trial, resamples=1_000)
        covered += found.low <= 0.7 <= found.high
    assert 0.92 <= covered / 400 <= 0.98


def test_no_items_no_interval_and_one_item_the_whole_range():
    assert interval([]).mean is None
    one = interval([1.0])
    assert (one.mean, one.low, one.high, one.n) == (1.0, 0.0, 1.0, 1)
    length = interval([41.0], bounds=None)
    assert (length.mean, length.low, length.high) == (41.0, None, None)


def test_all_items_right_is_not_certainty():
    found = interval([1.0] * 30)
    assert found.high == 1.0
    assert found.low == pytest.approx(0.025 ** (1 / 30))  # Clopper-Pearson at 30 of 30


def test_the_same_seed_gives_the_same_interval():
    values = np.random.default_rng(0).random(50)
    assert interval(values, seed=3) == interval(values, seed=3) != interval(values, seed=4)


def test_two_thousand_items_with_ten_thousand_resamples_are_quick():
    values = np.random.default_rng(0).random(2_000)
    started = time.process_time()
    interval(values, resamples=10_000)
    assert time.process_time() - started < 5


def test_a_paired_difference_is_sharper_than_the_two_accuracies(respond):
    rng = np.random.default_rng(1)
    base = [respond(str(number), correct("3") if rng.random() < 0.5 else wrong("2")) for number in range(100)]
    better = [
        respond(one.item_id, correct("3") if index % 20 == 0 else one.strict, arm="grpo")
        for index, one in enumerate(base)
    ]
    found = paired_difference(better, base, resamples=1_000)
    alone = accuracy(better, resamples=1_000)
    assert 0 <= found.difference.mean <= 0.1
    assert found.difference.high - found.difference.low < (alone.high - alone.low) / 2


def test_a_minus_b_is_the_opposite_of_b_minus_a(respond):
    a = [respond(str(number), correct("3")) for number in range(12)]
    b = [respond(str(number), correct("3") if number % 3 else wrong("1")) for number in range(12)]
    forth, back = paired_difference(a, b, resamples=500), paired_difference(b, a, resamples=500)
    assert forth.difference.mean == pytest.approx(1 / 3)
    assert back.difference.mean == -forth.difference.mean
    assert back.p == forth.p


def test_arms_on_different_items_are_refused_with_counts(respond):
    a = [respond(str(number), arm="grpo") for number in range(5)]
    b = [respond(str(number), arm="base") for number in range(2, 6)]
    with pytest.raises(InputError, match=r"grpo \(5 items\) and base \(4 items\).*2 only by grpo, 1 only by base"):
        paired_difference(a, b)


def test_an_item_undecided_in_one_arm_leaves_the_pair(respond):
    a = [respond("x", undecided(Outcome.ERROR, "")), respond("y", correct("3"))]
    b = [respond("x", correct("3")), respond("y", wrong("3"))]
    found = paired_difference(a, b)
    assert (found.difference.mean, found.difference.n, found.left_out) == (1.0, 1, 1)


def test_sign_flip_p_by_hand():
    assert sign_flip_p(np.array([1.0, 1.0, 1.0, 1.0])) == pytest.approx(2 / 16)
    assert sign_flip_p(np.array([1.0, -1.0])) == 1.0
    assert sign_flip_p(np.zeros(9)) == 1.0
    assert sign_flip_p(np.array([])) is None


def test_items_that_agree_do_not_change_p():
    unequal = np.array([1.0] * 9 + [-1.0] * 2)
    assert sign_flip_p(np.concatenate([unequal, np.zeros(40)])) == sign_flip_p(unequal)


def test_p_is_uniform_where_nothing_differs():
    p = np.array([sign_flip_p(np.random.default_rng(trial).normal(size=25), resamples=400) for trial in range(300)])
    for level in (0.05, 0.25, 0.5, 0.75):
        assert abs((p <= level).mean() - level) < 3.5 * math.sqrt(level * (1 - level) / 300)


def test_the_parts_of_a_gain_add_up_exactly():
    rng = np.random.default_rng(0)
    form_a, form_b = rng.random((2, 1_000))
    score_a, score_b = form_a * rng.random(1_000), form_b * rng.random(1_000)
    form, answers = split_gain(form_a, score_a, form_b, score_b)
    assert np.allclose(form + answers, score_a - score_b, atol=1e-12)


def test_an_arm_that_nobody_could_read_lost_by_format_alone():
    form, answers = split_gain(np.array([1.0]), np.array([0.6]), np.array([0.0]), np.array([0.0]))
    assert (form[0], answers[0]) == (0.6, 0.0)
    assert split_gain(*(np.array([0.0]) for _ in range(4))) == (0.0, 0.0)


def test_a_gain_of_form_only_is_told_as_format(respond):
    a = [respond(str(number), correct("3") if number % 2 else wrong("1")) for number in range(40)]
    b = [one if number % 4 < 2 else respond(one.item_id, unparseable("no tags")) for number, one in enumerate(a)]
    gain = paired_difference(a, b, resamples=500).gain
    assert gain.format.mean == pytest.approx(0.25)
    assert gain.accuracy.mean == pytest.approx(0.0)


def test_a_well_formed_answer_of_the_wrong_kind_is_no_matter_of_format(respond):
    a = [respond(str(number), correct("3")) for number in range(20)]
    b = [respond(one.item_id, unparseable("no number"), text="<think>.</think><answer>many</answer>") for one in a]
    gain = paired_difference(a, b, resamples=500).gain
    assert (gain.format.mean, gain.accuracy.mean) == (0.0, 1.0)


def test_the_gain_of_a_study_adds_up_to_its_difference(study):
    found = paired_difference(study["grpo"], study["base"], resamples=200)
    assert found.gain.format.mean + found.gain.accuracy.mean == pytest.approx(found.difference.mean, abs=1e-12)
    assert found.gain.format.low <= found.gain.format.mean <= found.gain.format.high


def test_the_lenient_rule_has_no_format_to_gain(study):
    assert paired_difference(study["grpo"], study["base"], rule=Rule.LENIENT, resamples=50).gain is None


def test_resamples_drawn_as_counts_give_the_interval_of_resamples_drawn_one_by_one(monkeypatch):
    scores = [float(number % 5 == 0) + 0.5 * (number % 7 == 0) for number in range(2_000)]
    quick = interval(scores, bounds=(0.0, 2.0))
    monkeypatch.setattr(compare, "_FEW", 0)
    slow = interval(scores, bounds=(0.0, 2.0))
    assert quick.mean == slow.mean and quick.low == pytest.approx(slow.low, abs=1e-3)
    assert quick.high == pytest.approx(slow.high, abs=1e-3) and quick != slow
