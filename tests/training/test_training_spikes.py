import math
from collections import Counter

import pytest

from seethink.training.spikes import Curve, Rerun, SpikeConfig, row_order

CALM = [2.0 - 0.02 * step + 0.01 * (-1) ** step for step in range(1, 31)]


def breaks(losses, **settings):
    curve = Curve(SpikeConfig(**settings))
    return [spike for step, loss in enumerate(losses, 1) if (spike := curve.see(step, loss))]


def test_a_curve_that_falls_or_wavers_is_whole():
    assert breaks(CALM) == []
    assert breaks([1.0, 1.3, 0.8, 1.2] * 20) == []
    assert breaks([0.001, 0.02, 0.001, 0.05] * 20) == []


def test_a_jump_is_seen_at_its_step_and_the_step_before_is_suspected_too():
    [spike] = breaks([*CALM, 4.0])
    assert (spike.step, spike.why, spike.sound, spike.suspects) == (31, "jump", 29, (30, 31))
    assert spike.loss == 4.0 and spike.expected == pytest.approx(1.59, abs=0.05)


def test_too_few_losses_tell_no_jump_but_no_number_is_a_break_at_once():
    assert breaks([1.0, 9.0, 1.0, 9.0]) == []
    [spike] = breaks([math.nan])
    assert (spike.step, spike.why, spike.sound, spike.suspects) == (1, "not finite", 0, (1,))
    assert breaks([1.0, math.inf])[0].why == "not finite"


def test_a_slow_rise_of_the_whole_curve_is_a_collapse():
    rising = [1.0 + 0.02 * step for step in range(1, 61)]
    spike = breaks([*CALM, *rising])[0]
    assert spike.why == "collapse" and spike.suspects == () and 20 <= spike.sound <= 31 < spike.step


def test_every_row_comes_once_before_any_comes_again():
    order = row_order(10, 4, 5, seed=0).rows
    assert sorted(order[:10]) == sorted(order[10:]) == list(range(10))
    assert order == row_order(10, 4, 5, seed=0).rows != row_order(10, 4, 5, seed=1).rows


def test_a_rerun_keeps_what_was_learnt_leaves_suspects_out_and_shuffles_the_rest():
    before = row_order(40, 4, 10, seed=0).rows
    after, left_out = row_order(40, 4, 10, seed=0, reruns=[Rerun(back_to=3, left_out=(5, 6))])
    assert after[:12] == before[:12] and len(after) == 40
    assert left_out == set(before[16:24]) and not left_out & set(after[12:])
    rest = [row for row in range(40) if row not in set(before[:12]) | left_out]
    assert sorted(after[12 : 12 + len(rest)]) == rest and after[12:] != before[12:]


def test_reruns_add_up():
    first = Rerun(back_to=3, left_out=(5, 6))
    once = row_order(40, 4, 10, seed=0, reruns=[first])
    twice = row_order(40, 4, 10, seed=0, reruns=[first, Rerun(back_to=4, left_out=(8,))])
    assert twice.rows[:16] == once.rows[:16]
    assert twice.left_out == once.left_out | set(once.rows[28:32])
    assert max(Counter(twice.rows).values()) <= 2


def test_nothing_is_left_to_order_where_every_row_is_suspected():
    assert row_order(4, 4, 3, seed=0, reruns=[Rerun(0, (1,))]).rows == []
