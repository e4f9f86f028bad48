"""What steps state, and the signs that they show."""

import time

import pytest

from seethink.analysis.pseudo_reasoning.calculations import calculated, miscalculates
from seethink.analysis.pseudo_reasoning.conclusion import Asked, conclusions
from seethink.analysis.pseudo_reasoning.signs import Sign, signed_steps, trace_steps
from seethink.analysis.pseudo_reasoning.statements import agree, read_value, sentences, statements
from seethink.core.item import Verifier


@pytest.mark.parametrize(
    ("sentence", "stated"),
    [
        ("Since the arc is 60 degrees, angle ABC = 30°.", {("arc", "60"), ("angle abc", "30")}),
        ("I see a1 blue circle, b2 green triangle.", {("a1", "blue circle"), ("b2", "green triangle")}),
        ("The red square is at c3.", {("c3", "red square")}),
        ("Cell c3 holds the red square.", {("c3", "red square")}),
        ("Counted: red 3, blue 2.", {("red", "3"), ("blue", "2")}),
        (r"So \( x = \frac{6}{4} \).", {("x", "3/2")}),
        ("The hexagon has six sides.", {("hexagon sides", "6")}),
        ("So the answer is (B).", {("answer", "B")}),
        ("That corresponds to option C.", {("answer", "C")}),
        ("The answer should be 12 cm.", {("answer", "12")}),
    ],
)
def test_what_a_sentence_states(sentence, stated):
    assert set(statements(sentence)) == stated


@pytest.mark.parametrize(
    "sentence",
    [
        "Suppose x = 3.",
        "Is the angle 60 degrees?",
        "Maybe the radius is 4.",
        "The angle is not 60 degrees.",
        "It is 4.",
        "The total is 4.",
        "y = 2x",
        "AB = 1/2 (CD + EF)",
        "x = 60 or x = 70",
        "Either x = 60, or the figure is wrong.",
    ],
)
def test_who_supposes_asks_hedges_or_points_states_nothing(sentence):
    assert statements(sentence) == ()


@pytest.mark.parametrize(
    ("sentence", "wrong"),
    [
        ("7 minus 2 is 4.", True),
        ("7 minus 2 is 5.", False),
        ("1 + 2 * 3 = 7", False),
        ("So AC = 180 - 110 = 60 degrees.", True),
        ("2/3 = 0.67", False),
        ("2/3 = 0.7 or so", False),
        ("4 over 2 is \\frac{1}{2}.", True),
        ("x + 2 - 1 = 4", False),
        ("2 + 3 = 5x", False),
        ("3 / 0 = 1", False),
        ("Is 2 + 2 = 5?", False),
        ("10 - 3 - 2 = 5, so 5 * 2 = 11", True),
    ],
)
def test_calculations_are_checked(sentence, wrong):
    assert miscalculates(sentence) is wrong


def test_the_result_of_a_calculation():
    assert calculated("-3 over 2 is -\\frac{3}{2}.") == "-3/2"
    assert calculated("At x=0 y is 2.") is None


def test_sentences_keep_numbers_and_initials_whole():
    assert sentences("It is 3.5 cm. A. Smith said 4; so be it.\nNext?") == [
        "It is 3.5 cm.",
        "A. Smith said 4",
        "so be it.",
        "Next?",
    ]


def test_values_that_can_hold_together():
    assert agree("red circle", "circle") and not agree("red circle", "blue circle")
    assert not agree("3", "30") and agree("3/2", "3/2")
    assert (read_value(" (c) "), read_value("B."), read_value("12 cm"), read_value("a dog")) == (None, "B", "12", None)


def test_a_step_that_says_otherwise_contradicts_and_names_the_other():
    found = signed_steps(["I see b2 red circle.", "Plan: look.", "Cell b2 holds the blue square."])
    assert (found[2].against, Sign.CONTRADICTS in found[2].signs) == (0, True)
    assert not any(step.signs for step in found[:2])


def test_whoever_stops_to_think_revises_and_does_not_contradict():
    found = signed_steps(["I see b2 red circle.", "Wait, let me look again.", "Cell b2 holds the blue square."])
    assert (found[2].against, found[2].revises, Sign.CONTRADICTS in found[2].signs) == (0, True, False)
    assert {Sign.CURATION_CUE, Sign.ANALYSIS_CUE, Sign.HESITANT} <= found[1].signs


def test_a_step_is_measured_by_what_it_tells_of_the_gold():
    found = signed_steps(["a", "b", "c"], gold_logprobs=[-3.0, -1.0, -1.02, -4.0], truth=[True, None, False])
    assert [step.gain for step in found] == [2.0, pytest.approx(-0.02), pytest.approx(-2.98)]
    assert (found[0].signs, found[1].signs) == (frozenset(), {Sign.UNINFORMATIVE})
    assert (found[2].signs, found[2].truth) == ({Sign.MISLEADING}, False)
    with pytest.raises(ValueError, match="3 log-probabilities of the gold for 3 steps"):
        signed_steps(["a", "b", "c"], gold_logprobs=[0.0] * 3)


def test_steps_are_the_lines_of_the_thinking():
    assert trace_steps("<think>One.\n\n Two. </think><answer>3</answer>") == ["One.", "Two."]
    assert trace_steps("One.\n<answer>3</answer>") == ["One."]


def conclusion(think, answer, verifier=Verifier.DIGIT, **asked):
    return conclusions([Asked(verifier=verifier, **asked)], [f"<think>{think}</think><answer>{answer}</answer>"])[0]


@pytest.mark.parametrize(
    ("think", "answer", "verifier", "follows"),
    [
        ("That makes 3.", "3", Verifier.DIGIT, True),
        ("That makes 3.", "4", Verifier.DIGIT, False),
        ("Counted: red 3, others 4.", "3", Verifier.DIGIT, None),
        ("So red is option B.", "B", Verifier.MCQ, True),
        ("The answer is A.\nThat is clear.", "C", Verifier.MCQ, False),
        ("3 over 2 is 3/2.", "\\frac{3}{2}", Verifier.MATH, True),
        ("At x=0 y is 2.", "y=x+2", Verifier.MATH, None),
        ("So it is a dog.", "a cat", Verifier.OPEN, None),
    ],
)
def test_an_answer_follows_from_what_the_thinking_concludes(think, answer, verifier, follows):
    assert conclusion(think, answer, verifier, options=("red", "blue", "green")).follows is follows


def test_a_response_without_tags_for_its_thinking_is_not_judged():
    assert conclusions([Asked(verifier=Verifier.DIGIT)], ["I count. That makes 3. The answer is 4."])[0].follows is None


def test_the_verifier_is_guessed_from_gold_and_options():
    question = "Which?\nA) red\nB) blue"
    assert conclusion("So it is option B.", "B", None, question=question, gold="B").follows is True
    assert conclusion("So x is 4.", "5", None, gold="5").follows is False
    assert conclusion("So x is 4.", "5", None, gold="The store is big, it has 5 floors. " * 5).follows is None


@pytest.mark.parametrize(
    "piece", ["1+", "a=", "red 1, ", "1 - ", "(", "is 3 ", "A. ", "x is at a1 ", "\\frac{1}{", "word " * 9]
)
def test_hostile_steps_take_no_time(piece):
    started = time.process_time()
    signed_steps([piece * 20_000, piece * 3_000])
    assert time.process_time() - started < 2
