"""Known tricks to earn a reward without an answer: each is worth nothing, or what it is worth is stated here."""

import pytest

from seethink.core.item import make_item
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.rewards import mixed

QUESTION = "How many of the 3 shapes are blue?\nA) 1\nB) 2\nC) 3"
GOLDS = {"digit": "3", "mcq": "B", "math": "3", "iou": "[0.4, 0.4, 0.6, 0.6]"}


def verdict(verifier, answer, response=None):
    options = ("1", "2", "3") if verifier == "mcq" else ()
    item = make_item(source="test", question=QUESTION, gold=GOLDS[verifier], verifier=verifier, options=options)
    return mixed()([item], [response or write_tags("I look.", answer)])[0]


@pytest.mark.parametrize(
    "answer",
    [
        "A, B, C",
        "ABC",
        "A or B or C",
        "(A) (B) (C)",
        "A) 1 B) 2 C) 3",
        "A: 1\nB: 2\nC: 3",
        "B\nA\nC",
        "B: 2, or C: 3",
        "1, 2, 3",
        "B: 3",
        "all of them",
        r"\boxed{A} \boxed{B} \boxed{C}",
    ],
)
def test_all_options_listed_choose_none(answer):
    assert (verdict("mcq", answer).score, verdict("mcq", answer).outcome) == (0.0, Outcome.UNPARSEABLE)


@pytest.mark.parametrize("verifier", list(GOLDS))
@pytest.mark.parametrize("answer", ["", " ", "\n", "\u200b", "...", "**", "$$", r"\boxed{}", "()", "<answer>"])
def test_an_empty_answer_is_none(verifier, answer):
    assert (verdict(verifier, answer).score, verdict(verifier, answer).outcome) == (0.0, Outcome.UNPARSEABLE)


@pytest.mark.parametrize("verifier", list(GOLDS))
def test_an_answer_in_both_tags_is_read_from_the_answer_block_only(verifier):
    gold, other = GOLDS[verifier], {"digit": "4", "mcq": "C", "math": "4", "iou": "[0, 0, 0.1, 0.1]"}[verifier]
    assert verdict(verifier, "", f"<think>{gold}</think><answer>{other}</answer>").score == 0.0
    inside = f"<think><answer>{gold}</answer></think><answer>{gold}</answer>"
    assert verdict(verifier, "", inside).outcome is Outcome.UNPARSEABLE
    assert verdict(verifier, "", f"<answer>{gold}</answer><think></think>").outcome is Outcome.UNPARSEABLE


@pytest.mark.parametrize("verifier", list(GOLDS))
def test_two_answer_blocks_are_none_even_if_both_are_right(verifier):
    gold = GOLDS[verifier]
    response = f"<think>a</think><answer>{gold}</answer><answer>{gold}</answer>"
    assert verdict(verifier, "", response).outcome is Outcome.UNPARSEABLE


def test_a_box_over_everything_earns_the_gold_s_share_of_the_picture():
    assert verdict("iou", "[0, 0, 1, 1]").score == pytest.approx(0.04)
    assert verdict("iou", "[-9, -9, 9, 9]").outcome is Outcome.UNPARSEABLE


def test_many_boxes_earn_the_best_one_s_share_of_their_number():
    tiles = [f"[{x / 5}, {y / 5}, {(x + 1) / 5}, {(y + 1) / 5}]" for x in range(5) for y in range(5)]
    assert verdict("iou", ", ".join(tiles)).score == pytest.approx(1 / 25)
    assert verdict("iou", ", ".join(["[0.4, 0.4, 0.6, 0.6]"] * 4)).score == pytest.approx(1 / 4)


@pytest.mark.parametrize("verifier", list(GOLDS))
@pytest.mark.parametrize("filling", ["so ", "3 ", "B ", "[0.4, 0.4, 0.6, 0.6] ", "(", "\n"])
def test_huge_text_is_none(verifier, filling):
    answer = GOLDS[verifier] + filling * 3_000 + GOLDS[verifier]
    assert (verdict(verifier, answer).score, verdict(verifier, answer).outcome) == (0.0, Outcome.UNPARSEABLE)


@pytest.mark.parametrize("verifier", list(GOLDS))
def test_the_question_repeated_is_none(verifier):
    assert (verdict(verifier, QUESTION).score, verdict(verifier, QUESTION).outcome) == (0.0, Outcome.UNPARSEABLE)


@pytest.mark.parametrize("verifier", ["digit", "math", "iou"])
@pytest.mark.parametrize("form", [", ".join, " ".join, "\n".join, " or ".join, " = ".join])
def test_every_number_as_the_answer_is_none(verifier, form):
    assert verdict(verifier, form(map(str, range(10)))).score == 0.0


@pytest.mark.parametrize("verifier", ["digit", "math"])
@pytest.mark.parametrize("answer", ["3 or 4", "3 and 4", "3/4", "3-4", "3 4", r"\boxed{3} \boxed{4}", "$3$ or $4$"])
def test_two_numbers_are_not_the_right_one_of_them(verifier, answer):
    assert verdict(verifier, answer).score == 0.0


@pytest.mark.parametrize("answer", ["x=x", "0=0", "1=1", r"\infty", "nan", "x", "y=y", "(3", r"3 \text{or} 4"])
def test_a_formula_that_is_always_true_is_not_the_answer(answer):
    assert verdict("math", answer).score == 0.0
