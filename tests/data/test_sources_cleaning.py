"""Cleaning, rule by rule."""

from __future__ import annotations

import time

import pytest

from seethink.core.item import Verifier
from seethink.data.sources.cleaning import MAX_CLEANED, clean, tidy_question
from seethink.data.sources.gold import tidy_gold

ASKED = "What is the function's equation?\nThe function y = a * sin(-5 * x) goes through the points (pi/10,5)."


@pytest.mark.parametrize(
    ("rule", "text", "cleaned"),
    [
        ("marked answer", "Step 1: a = -5.\n\n†Answer: y = 2x", "y = 2x"),
        ("marked answer", "†Answer: 1\n† answer: 2", "2"),
        ("output prefix", "Output 1: y = 2x", "y = 2x"),
        ("output prefix", "output: 7", "7"),
        ("output prefix", "Output y = 2x", "y = 2x"),
        ("display brackets", "\\[ y = 2x \\]", "y = 2x"),
        ("display brackets", "$$7$$", "7"),
        ("box command", "\\boxed{\\frac{1}{2}}", "\\frac{1}{2}"),
        ("full stop", "y = 2x.", "y = 2x"),
        ("function of both", "a = -5, y = -5 * sin(-5 * x)", "y = -5 * sin(-5 * x)"),
        ("function of both", "a=3; f(x) = 3x + 1", "f(x) = 3x + 1"),
        ("function of both", "a = 1, b = 2 and y = x + 2", "y = x + 2"),
        ("function of parameter", "a = -5", "y = (-5) * sin(-5 * x)"),
        ("function of parameter", "a = 5", "y = 5 * sin(-5 * x)"),
        ("function of parameter", "a = \\frac{1}{2}", "y = \\frac{1}{2} * sin(-5 * x)"),
    ],
)
def test_each_rule_does_one_thing(rule: str, text: str, cleaned: str) -> None:
    assert clean(text, ASKED) == (cleaned, (rule,))


@pytest.mark.parametrize(
    "text",
    [
        "y = 2x",
        "(1, 2)",
        "$x$ and $y$",
        "\\boxed{3} + \\boxed{4}",
        "outputs are 3",
        "output",
        "3.5",
        "0.333...",
        "a = 1, b = 2",
        "y = 2x, y = 3x",
        "x = 3",
        "†Answer:",
    ],
)
def test_what_is_tidy_or_says_something_else_stays(text: str) -> None:
    assert clean(text, ASKED) == (text, ())


@pytest.mark.parametrize(
    "asked",
    [
        "What is a?",
        "Find the value of a in the function y = a * x.",
        "Which function? y = a * x + b goes through (1, 2).",
        "Which function? Either y = a * x or y = a * x^2.",
        "Which function passes (1, 2)?",
    ],
)
def test_a_parameter_stays_where_the_function_is_not_certain(asked: str) -> None:
    assert clean("a = 3", asked).rules == ()


def test_rules_work_one_after_the_other() -> None:
    assert clean("Output 1: \\[\\boxed{\\frac{1}{2}}\\].").text == "\\frac{1}{2}"
    assert tidy_gold("Step.\n†Answer: a = -5.", Verifier.MATH, asked=ASKED) == "y = (-5) * sin(-5 * x)"


def test_a_chinese_or_becomes_english() -> None:
    assert tidy_question("Choices:\nA: 2或3\nB: 4 或 5") == "Choices:\nA: 2 or 3\nB: 4 or 5"


@pytest.mark.parametrize(
    "text",
    [
        "\\boxed{" * 2_800 + "1" + "}" * 2_800,
        "output " + " " * 19_000 + "x",
        "a = 1, " * 2_800,
        "y=" * 9_000,
        "† " * 9_000,
        "$" * 20_000,
        "a = " + "1" * 19_000,
        "x" * (MAX_CLEANED + 1),
    ],
)
def test_hostile_golds_take_no_time(text: str) -> None:
    started = time.process_time()
    clean(text, "function " + "y = a " * 3_000)
    tidy_gold(text, Verifier.MCQ)
    assert time.process_time() - started < 1.0
