import string

import pytest

from seethink.answers import check_gold, grade, read_choice, read_choices
from seethink.core.verdict import Outcome

OPTIONS = (r"\frac{1}{2}", "2", r"\frac{√{3}}{3}", "√{3}")


@pytest.mark.parametrize(
    "text",
    [
        "C",
        "c",
        "(C)",
        "(C",
        "C)",
        "c)",
        "[C]",
        "[c",
        "C]",
        "C.",
        "C:",
        "C,",
        "C: 1/2",
        "C: b/a",
        "C) the ratio grows",
        "(c) it grows",
        "option C",
        "Option C is right",
        "The answer is C",
        "The correct answer is (C).",
        "answer: C",
        "**C**",
        "$C$",
        r"\boxed{C}",
        r"\boxed{\text{C}}",
        '"C"',
        "C. Triangle",
        "C\nbecause it grows",
        "I choose (C) here",
        " C ",
        "C: the line (b) falls",
        "choice C",
        r"\(C\)",
        "so, option c)",
        r"\text{C}",
        r"\textbf{C}",
        r"so \boxed{C}",
        "C. since (A) is too small",
    ],
)
def test_every_spelling_of_a_letter(text):
    assert read_choice(text) == "C"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "A or B",
        "A and B",
        "A, B",
        "A/B",
        "(A) or (B)",
        "A) one or B) two",
        "A或B",
        "AB",
        "a cat",
        "A cat sits",
        "I think",
        "option A or option B",
        "The answer is A or B",
        "The answer is A, B",
        "clearly",
        "e.g. this",
        "Z",
        "(1)",
        "no idea",
        "The answer is apple",
        "The answer is a",
        "maybe C",
        "not (C)",
        "The answer is not C",
        "A or B, I guess",
        "A: 1 B: 2 C: 3 D: 4",
        "A) 1 B) 2",
        "A: one\nB: two\nC: three",
        "A\nB\nC\nD",
        "(A) one (B) two (C) three",
        r"\boxed{A} or \boxed{B}",
        "C because (A) is too small",
        "A或C",
        "答案是A或C",
    ],
)
def test_anything_else_chooses_nothing(text):
    assert read_choice(text) is None


@pytest.mark.parametrize("letter", "ABCDEFGHIJ")
def test_spellings_agree_for_every_letter(letter):
    spelled = ["{}", "({})", "{})", "({}", "[{}]", "{}.", "{}:", "{}: 1/2", "option {}"]
    assert {read_choice(form.format(letter)) for form in spelled} == {letter}
    assert {read_choice(form.format(letter.lower())) for form in spelled} == {letter}


def test_two_letters_never_choose():
    for first in "ABCD":
        for second in set("ABCD") - {first}:
            for form in ("{} or {}", "({}) or ({})", "{}, {}", "{}/{}", "{} and {}.", "option {} or {}"):
                assert read_choice(form.format(first, second)) is None


def test_the_text_of_an_option_chooses_it():
    assert read_choice(r"\frac{√{3}}{3}", OPTIONS) == "C"
    assert read_choice(" 2. ", OPTIONS) == "B"
    assert read_choice("Blue", ("red", "blue")) == "B"
    assert read_choice("blue", ("blue", "blue")) is None


def test_a_letter_and_the_text_of_another_option_choose_nothing():
    assert read_choice("C: 2", OPTIONS) is None
    assert read_choice(r"C: \frac{√{3}}{3}", OPTIONS) == "C"


def test_letters_beyond_the_options_are_no_choice():
    assert read_choice("E", OPTIONS) is None
    assert all(read_choice(letter) is None for letter in string.ascii_uppercase[10:])


@pytest.mark.parametrize("gold", ["B", "(B)", "(B", "B)", "b", "b)", "[b]", "B: 2", "B) 2"])
def test_gold_spellings_are_one_letter(item, gold):
    target = item("mcq", gold, options=OPTIONS)
    assert check_gold(target) is None
    assert [verdict.score for verdict in grade([target] * 3, ["(b)", "2", "A"])] == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    "text",
    [
        "A, C",
        "C, A",
        "AC",
        "CA",
        "A and C",
        "A C",
        "(A)(C)",
        "(A), (C)",
        "A、C",
        "A和C",
        "a, c",
        "A\nC",
        "A. one\nC. three",
        "options A and C",
        "The answers are A and C.",
        "答案是A、C",
        r"\boxed{A, C}",
        r"\text{AC}",
        "**A** and **C**",
        "one and three",
    ],
)
def test_several_options_are_a_set(text):
    assert read_choices(text, ("one", "two", "three", "four")) == "AC"


@pytest.mark.parametrize("text", ["A or C", "A或C", "(A) or (C)", "A/C", "cats and dogs", "AA", "", "AZ", "A, Z", "no"])
def test_anything_else_is_no_set(text):
    assert read_choices(text, ("one", "two", "three", "four")) is None


def test_several_right_options_are_met_by_exactly_this_set(item):
    target = item("mcq", "A, C", options=("one", "two", "three", "four"))
    assert check_gold(target) is None
    answers = ["C and A", "AC", "A", "A, B, C", "A, B, C, D", "A or C", "B"]
    verdicts = grade([target] * len(answers), answers)
    assert [verdict.score for verdict in verdicts] == [1.0, 1.0] + [0.0] * 5
    assert verdicts[5].outcome is Outcome.UNPARSEABLE and verdicts[2].why == "gold is A, C"


def test_a_set_does_not_answer_a_question_of_one_option(item):
    assert grade([item("mcq", "A")], ["A, C"])[0].outcome is Outcome.UNPARSEABLE


def test_a_gold_that_offers_two_letters_is_set_aside(item):
    rejected = check_gold(item("mcq", "A或B"))
    assert rejected is not None and rejected.reason == "gold its verifier rejects"
    assert grade([item("mcq", "A或B")], ["A"])[0].outcome is Outcome.ERROR
