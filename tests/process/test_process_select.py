import math

import pytest

from seethink.core.item import Verifier
from seethink.core.rejected import InputError
from seethink.process.aggregate import aggregate
from seethink.process.missing import Missing
from seethink.process.select import best_of_n, oracle_hit, random_hit, selected_hit, tied, weighted_vote

# ViLBench's scoring example: a wrong response of four steps and a right one of three, two reward models.
VILPRM = ([0.793, 0.758, 0.719, 0.766], [0.785, 0.859, 0.816])
URSA = ([0.922, 0.914, 0.922, 0.805], [0.926, 0.930, 0.297])


def test_the_worked_example_to_three_decimals():
    means = [round(aggregate(scores), 3) for scores in (*VILPRM, *URSA)]
    assert means == [0.759, 0.820, 0.891, 0.718]
    assert [best_of_n([aggregate(one) for one in pair], 2) for pair in (VILPRM, URSA)] == [1, 0]
    assert [best_of_n([aggregate(one, "min") for one in pair], 2) for pair in (VILPRM, URSA)] == [1, 0]


def test_last_n_runs_from_the_last_step_to_the_mean():
    scores = [0.2, 0.9, 0.5, 0.1]
    assert aggregate(scores, "last_1") == aggregate(scores, "last") == 0.1
    assert aggregate(scores, "last_2") == pytest.approx(0.3)
    assert aggregate(scores, "last_9") == aggregate(scores, "mean")


def test_undecided_steps_are_left_out_and_unknown_names_refused():
    assert aggregate([math.nan, 0.5, math.nan], "product") == 0.5
    assert math.isnan(aggregate([]))
    with pytest.raises(InputError, match="last_0"):
        aggregate([1.0], "last_0")


def test_a_response_that_is_cut_short_has_no_last_step():
    cut, hole = [0.9, 0.8, math.nan], [0.9, math.nan, 0.7]
    for missing in (Missing.UNREAD, Missing.UNANSWERED):
        assert all(math.isnan(aggregate(cut, how, missing)) for how in ("last", "last_2", "min", "product"))
        assert aggregate(cut, "mean", missing) == pytest.approx(0.85)
        assert (aggregate(hole, "last_2", missing), aggregate(hole, "min", missing)) == (0.7, 0.7)
    # A last step that claims nothing leaves the one before it.
    assert (aggregate(cut, "last", Missing.SILENT), aggregate(hole, "last_2")) == (0.8, pytest.approx(0.8))


def test_the_choice_among_two_knows_nothing_of_the_third():
    assert best_of_n([0.1, 0.2, 0.9], 2) == best_of_n([0.1, 0.2], 2) == 1


def test_equal_scores_take_the_first_or_the_average():
    assert best_of_n([3, 3, 3], 3) == 0
    assert tied([1, 3, 3], 3) == [1, 2]
    assert selected_hit([1, 3, 3], [0, 0, 1], 3) == 0
    assert selected_hit([1, 3, 3], [0, 0, 1], 3, average_ties=True) == 0.5


def test_a_candidate_nobody_scored_is_taken_only_where_none_was():
    assert best_of_n([math.nan, -5.0], 2) == 1
    assert best_of_n([math.nan, math.nan], 2) == 0


def test_the_pickers_beside_it():
    hits = [0.0, 1.0, 1.0, 0.0]
    assert (random_hit(hits, 2), oracle_hit(hits, 1), oracle_hit(hits, 2)) == (0.5, 0.0, 1.0)


def test_a_weighted_vote_can_overrule_the_majority():
    answers, hits = ["3", "3", "4", None], [0.0, 0.0, 1.0, 0.0]
    assert weighted_vote(Verifier.DIGIT, answers, [0.2, 0.2, 0.9, 1.0], hits, 4) == 1.0
    assert weighted_vote(Verifier.DIGIT, answers, [1.0, 1.0, 1.0, 1.0], hits, 4) == 0.0
    assert weighted_vote(Verifier.DIGIT, [None], [1.0], [0.0], 1) == 0.0


def test_the_vote_among_two_knows_nothing_of_the_third():
    answers, hits = ["3", "4", "4"], [0.0, 1.0, 1.0]
    assert [weighted_vote(Verifier.DIGIT, answers, [0.5] * 3, hits, n) for n in (1, 2, 3)] == [0.0, 0.5, 1.0]
