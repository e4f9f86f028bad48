"""Equal answers vote together, however they are written."""

import math

import pytest

from seethink.answers import alike, vote_hit
from seethink.core.item import Verifier

EVEN = [1.0] * 4


@pytest.mark.parametrize(
    ("verifier", "answers"),
    [
        (Verifier.MATH, ["0.5", "3", "\\frac{1}{2}", "3", "1/2"]),
        (Verifier.DIGIT, ["4", "3", "four", "3", "4.0"]),
        (Verifier.MCQ, ["C", "A", "(C)", "A", "option C"]),
    ],
)
def test_a_split_vote_does_not_let_a_wrong_answer_win(verifier, answers):
    assert vote_hit(verifier, answers, [1.0] * 5, [1.0, 0.0, 1.0, 0.0, 1.0]) == 1.0
    # The same the other way round: wrong answers that are equal outvote a right one.
    assert vote_hit(verifier, answers, [1.0] * 5, [0.0, 1.0, 0.0, 1.0, 0.0]) == 0.0


def test_weights_of_equal_answers_are_summed():
    answers, hits = ["0.5", "\\frac{1}{2}", "3", "7"], [1.0, 1.0, 0.0, 0.0]
    assert vote_hit(Verifier.MATH, answers, [0.3, 0.3, 0.5, 0.4], hits) == 1.0
    assert vote_hit(Verifier.MATH, answers, [0.2, 0.2, 0.5, 0.4], hits) == 0.0
    assert vote_hit(Verifier.MATH, answers, [0.2, 0.3, 0.5, math.nan], hits) == 0.5


def test_boxes_and_open_answers_vote_as_they_are_written():
    answers = ["[0, 0, 1, 1]", "[0, 0, 1, 0.9]", "[0, 0, 0.1, 0.1]", "[0, 0, 0.1, 0.1]"]
    assert vote_hit(Verifier.IOU, answers, EVEN, [1.0, 1.0, 0.0, 0.0]) == 0.0


def test_nobody_votes_nobody_hits():
    assert vote_hit(Verifier.MATH, [None, "3"], [1.0, math.nan], [0.0, 1.0]) == 0.0
    assert vote_hit(Verifier.MATH, [], [], []) == 0.0


def test_wrong_expressions_are_compared_with_each_other():
    found = alike(Verifier.MATH, ("x+1", "0.25", "1+x", "\\frac{1}{4}", "5 cm", "5 m", "not an expression"))
    assert found == ("x+1", "0.25", "x+1", "0.25", "5 cm", "5 m", "not an expression")


@pytest.mark.slow
def test_a_comparison_past_its_deadline_joins_nothing():
    assert alike(Verifier.MATH, ("9^{9^{9^{9}}}", "3")) == ("9^{9^{9^{9}}}", "3")
