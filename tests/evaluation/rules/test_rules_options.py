import pytest

from seethink.evaluation.rules.options import match_option
from seethink.evaluation.rules.rules_2025_04 import RULES_2025_04
from seethink.evaluation.rules.rules_2026_08 import RULES_2026_08

NEW, OLD = RULES_2026_08.options, RULES_2025_04.options
FOUR = {"A": "35°", "B": "145°", "C": "55°", "D": "90°"}
NUMBERS = {"A": "12", "B": "112", "C": "2", "D": "1"}

LETTERS = [
    ("(B)", "B"),
    ("**B**", "B"),
    (r"\boxed{B}", "B"),
    ("Answer: B", "B"),
    ("B) 145°", "B"),
    ("<answer>B</answer>", None),
    ("<answer> B </answer>", "B"),
    ("$B$", None),
    ('"B"', None),
    ("b", None),
    ("答案：B", None),
    ("I choose B because the shaded part is larger than the rest", None),
    ("B is my first guess, and now that all is worked out I still say B", None),
    ("A triangle has three sides and three angles, so it is C", None),
    ("The answer is clearly the second", "C"),
    ("the correct answer is about 12", "A"),
    ("The answer is (D) because the rest does not fit at all", None),
    ("the answer is **D** because the rest does not fit at all", "D"),
    ("Cannot determine the answer, perhaps B", "Z"),
    ("Z", "Z"),
    ("Failed to obtain answer via API: B", None),
    ("", None),
    ("so it is 145°", "B"),
    ("at first 145° looked right to me, and then 145° it was in the end after all this", None),
]


@pytest.mark.parametrize(("text", "letter"), LETTERS)
def test_the_newest_matcher(text, letter):
    assert match_option(text, FOUR, NEW) == letter


@pytest.mark.parametrize(
    ("text", "new", "old"),
    [
        ("I choose B because the shaded part is larger than the rest", None, "B"),
        ("The answer is clearly the second", "C", None),
        ("at first 145° looked right to me, and then 145° it was in the end after all this", None, "B"),
        ("A triangle has three sides and three angles, so it is C", None, None),
        ("(B)", "B", "B"),
    ],
)
def test_then_and_now(text, new, old):
    assert (match_option(text, FOUR, NEW), match_option(text, FOUR, OLD)) == (new, old)


def test_several_texts_in_one_are_no_match():
    assert match_option("112", NUMBERS, NEW) is None
    assert match_option("112", NUMBERS, OLD) is None


@pytest.mark.parametrize(("tokens_after", "letter"), [(3, "B"), (4, None)])
def test_a_lone_letter_counts_among_the_last_four_tokens(tokens_after, letter):
    assert match_option("thus B" + " x" * tokens_after, {"A": "one", "B": "two"}, NEW) == letter
