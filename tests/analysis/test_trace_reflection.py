"""What follows a reflection."""

import pytest

from seethink.analysis.pseudo_reasoning.reflection import Consequence, Turn, reflections

SEEN, DOUBT = "I see b2 red circle.", "Hmm, let me look again."


def only(steps, answer=None, truth=None):
    [found] = reflections(steps, answer, truth=truth)
    return found


def test_going_on_and_saying_the_same_again_have_no_consequence():
    assert only([SEEN, DOUBT, "Now the numbers."]).consequence is Consequence.GOES_ON
    assert only([SEEN, DOUBT, SEEN]).consequence is Consequence.REPEATS
    assert only([SEEN, DOUBT]).consequence is Consequence.REPEATS
    assert not only([SEEN, DOUBT]).native


def test_another_value_is_a_change_of_mind():
    found = only([SEEN, DOUBT, "Cell b2 holds the blue circle."])
    assert (found.consequence, found.subject, found.before, found.after) == (
        Consequence.CHANGES, "b2", "red circle", "blue circle",
    )  # fmt: skip


def test_the_same_sentence_with_another_value_is_one_too():
    assert only(["That makes 2.", "Wait.", "That makes 3."]).consequence is Consequence.CHANGES


def test_so_is_a_retraction():
    found = only(["The triangle is isosceles.", "Wait, no, because D is on the circle.", "Go on from there."])
    assert (found.consequence, found.before) == (Consequence.CHANGES, "The triangle is isosceles.")


def test_other_words_for_the_same_confirm():
    assert only([SEEN, DOUBT, "Cell b2 holds the red circle."]).consequence is Consequence.CONFIRMS


def test_the_answer_may_be_what_changes():
    steps = ["So the answer is B.", "Wait, I should look once more."]
    assert only(steps, "C").consequence is Consequence.CHANGES
    assert only(steps, "B").consequence is Consequence.REPEATS
    assert only(steps, "17").consequence is Consequence.REPEATS


@pytest.mark.parametrize(
    ("before", "after", "turn"),
    [(False, True, Turn.MENDED), (True, False, Turn.SPOILT), (False, False, Turn.SIDEWAYS), (None, True, None)],
)
def test_a_change_is_worth_what_truth_says(before, after, turn):
    assert only(["That makes 2.", "Wait.", "That makes 3."], truth=[before, None, after]).turn is turn


def test_each_reflection_is_judged_by_what_follows_it():
    steps = ["That makes 2.", "Wait, is it? Hmm.", "That makes 3.", "Maybe not.", "Next one."]
    assert [one.consequence for one in reflections(steps)] == [Consequence.CHANGES, Consequence.GOES_ON]


def test_against_and_waiter_are_no_reflections():
    assert reflections(["The waiter stands against the wall."]) == []
