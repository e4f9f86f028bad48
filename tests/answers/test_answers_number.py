import pytest

from seethink.answers import grade, read_number
from seethink.core.verdict import Outcome


@pytest.mark.parametrize(
    "text",
    [
        "3",
        "3.",
        "three",
        "Three",
        "There are 3 objects",
        "There are 3 objects.",
        "**3**",
        "$3$",
        r"\boxed{3}",
        "3.0",
        "3, that is, three",
        "03",
        "(3)",
        "three objects",
        "the answer is: 3",
        "+3",
        "3\n",
    ],
)
def test_one_number_however_it_is_put(text):
    assert read_number(text) == 3


@pytest.mark.parametrize(
    "text",
    [
        "",
        "none",
        "3 or 4",
        "4 - 1 = 3",
        "3 and four",
        "3.5",
        "3/4",
        "1/3",
        "x3",
        "3rd",
        "thirteen",
        "twenty three",
        "3%",
        "3^2",
        "3.5 or 3",
        "1,2",
        "9" * 5000,
        "³",
        "no number here",
        "stone",
        "someone",
    ],
)
def test_anything_else_is_no_number(text):
    assert read_number(text) is None


@pytest.mark.parametrize("number", range(11))
def test_words_and_digits_agree(number):
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    assert read_number(words[number]) == read_number(str(number)) == number


def test_of_one_box_only_the_box_is_read():
    assert read_number(r"12 - 9 = \boxed{3}") == read_number(r"\boxed{\boxed{3}} of 12") == 3
    assert read_number(r"\boxed{3} or \boxed{4}") is None
    assert read_number(r"\boxed{3 or 4}") is None


def test_signs_and_thousands():
    assert [read_number(text) for text in ("-2", "−2", "1,000", "10 of 10")] == [-2, -2, 1000, 10]


def test_grading_is_exact_match(item):
    three = item("digit", "3")
    verdicts = grade([three] * 4, ["There are 3 objects", "4", "3 or 4", " "])
    assert [verdict.score for verdict in verdicts] == [1.0, 0.0, 0.0, 0.0]
    assert [verdict.outcome for verdict in verdicts][1:] == [Outcome.WRONG, Outcome.UNPARSEABLE, Outcome.UNPARSEABLE]


def test_a_gold_that_is_no_number_is_nobodys_mistake(item):
    verdict = grade([item("digit", "several")], ["3"])[0]
    assert (verdict.score, verdict.outcome) == (None, Outcome.ERROR)
