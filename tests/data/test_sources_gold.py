"""Untidy golds of the released files, brought into their verifier's form."""

from __future__ import annotations

import pytest

from seethink.core.item import Verifier
from seethink.core.rejected import Rejected
from seethink.data.sources.gold import tidy_gold


@pytest.mark.parametrize("text", ["B", "b", "(B)", "B)", "b.", "[B]", " B: 1/2", "B) the second", "Output: B"])
def test_every_spelling_of_an_option_is_its_capital_letter(text: str) -> None:
    assert tidy_gold(text, Verifier.MCQ) == "B"


def test_an_option_may_be_given_by_its_text_and_a_bare_letter_stays_a_letter() -> None:
    assert tidy_gold("30", Verifier.MCQ, ["20", "30"]) == "B"
    assert tidy_gold("3", Verifier.MCQ, ["1", "2", "3"]) == "C"
    assert tidy_gold("A", Verifier.MCQ, ["B", "A"]) == "A"


@pytest.mark.parametrize(
    ("text", "gold"),
    [
        ("Step 1: x.\nStep 2: y.\n\n†Answer: y = -5 * sin(-5 * x).", "y = -5 * sin(-5 * x)"),
        ("Output 1: y = 2x", "y = 2x"),
        ("Output: \\[ \\boxed{\\frac{1}{2}} \\]", "\\frac{1}{2}"),
        ("$\\boxed{3} + \\boxed{4}$", "\\boxed{3} + \\boxed{4}"),
        ("$x$ and $y$", "$x$ and $y$"),
        ("(1, 2)", "(1, 2)"),
        (2.5, "2.5"),
    ],
)
def test_expressions_lose_their_wrapping_and_nothing_else(text: object, gold: str) -> None:
    assert tidy_gold(text, Verifier.MATH) == gold


@pytest.mark.parametrize(("value", "gold"), [(3, "3"), ("3", "3"), (3.0, "3"), ("+12", "12"), ("-1", "-1")])
def test_digits_are_whole_numbers(value: object, gold: str) -> None:
    assert tidy_gold(value, Verifier.DIGIT) == gold


@pytest.mark.parametrize("value", [True, None, float("nan"), float("inf"), [3], "3 or 4", "3.5"])
def test_what_is_no_whole_number_is_set_aside(value: object) -> None:
    assert isinstance(tidy_gold(value, Verifier.DIGIT), Rejected)


def test_a_box_may_be_text_or_nested() -> None:
    assert tidy_gold("[0, 0, 1, 1]", Verifier.IOU) == tidy_gold([[0, 0, 1, 1]], Verifier.IOU) == "[0, 0, 1, 1]"
    assert isinstance(tidy_gold([0, 0, float("nan"), 1], Verifier.IOU), Rejected)
