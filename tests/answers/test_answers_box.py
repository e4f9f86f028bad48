import itertools
import random

import pytest

from seethink.answers import Box, check_gold, grade, iou, read_box
from seethink.core.verdict import Outcome

GOLD = "[0.1, 0.2, 0.7, 0.5]"


def score(item, gold, answer, size=None):
    verdict = grade([item("iou", gold, size=size)], [answer])[0]
    return verdict.score, verdict.outcome


def test_identical_boxes_are_worth_one_and_disjoint_ones_nothing(item):
    assert score(item, GOLD, GOLD) == (1.0, Outcome.GRADED)
    assert score(item, GOLD, "[0.8, 0.6, 0.9, 0.9]") == (0.0, Outcome.GRADED)


def test_half_an_overlap(item):
    value, _ = score(item, "[0, 0, 1, 1]", "[0, 0, 0.5, 1]")
    assert value == pytest.approx(0.5)


@pytest.mark.parametrize(
    "text",
    [
        "0.1, 0.2, 0.7, 0.5",
        "(0.1 0.2 0.7 0.5)",
        "[[.1, .2, .7, .5]]",
        '{"bbox_2d": [0.1, 0.2, 0.7, 0.5]}',
        "x1=0.1, y1=0.2, x2=0.7, y2=0.5",
        "[1e-1, 0.2, 0.7, 0.5].",
    ],
)
def test_four_numbers_however_they_are_bracketed(text):
    assert read_box(text) == Box(0.1, 0.2, 0.7, 0.5)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[0.1, 0.2, 0.7]",
        "[0.1, 0.2, 0.7, 0.5, 0.9]",
        "[0.7, 0.2, 0.1, 0.5]",
        "[0.1, 0.5, 0.7, 0.2]",
        "[0.1, 0.2, 0.1, 0.5]",
        "[nan, 0, 1, 1]",
        "[0, 0, 1e999, 1]",
        "[a, b, c, d]",
        "[0, 0, 1, inf]",
    ],
)
def test_anything_else_is_no_box(item, text):
    assert read_box(text) is None
    assert score(item, GOLD, text or " ") == (0.0, Outcome.UNPARSEABLE)


def test_values_outside_the_picture_are_clipped(item):
    assert score(item, "[0, 0, 1, 1]", "[-0.4, -0.2, 1.3, 1.2]") == (1.0, Outcome.GRADED)
    assert score(item, GOLD, "[1.1, 1.1, 1.3, 1.3]") == (0.0, Outcome.GRADED)


def test_pixels_need_the_size_of_the_picture(item):
    assert score(item, GOLD, "[20, 20, 140, 50]") == (0.0, Outcome.UNPARSEABLE)
    assert score(item, GOLD, "[20, 20, 140, 50]", size=(200, 100))[0] == pytest.approx(1.0)


def test_comparison_is_in_the_golds_coordinates(item):
    assert score(item, "[20, 20, 140, 50]", GOLD, size=(200, 100))[0] == pytest.approx(1.0)
    assert score(item, "[20, 20, 140, 50]", "[20, 20, 140, 5000]", size=(200, 100))[0] == pytest.approx(30 / 80)


def test_golds_that_are_no_box_are_set_aside(item):
    assert check_gold(item("iou", GOLD)) is None
    assert check_gold(item("iou", "[20, 20, 140, 50]", size=(200, 100))) is None
    for gold in ("[20, 20, 140, 50]", "[0.7, 0.2, 0.1, 0.5]", "[1.1, 1.1, 1.3, 1.3]", "left of the dog"):
        assert check_gold(item("iou", gold)) is not None


def test_iou_is_symmetric_bounded_and_one_only_for_equals():
    draw = random.Random(0)

    def box():
        (x1, x2), (y1, y2) = (sorted((draw.random(), draw.random())) for _ in range(2))
        return Box(x1, y1, x2 + 1e-3, y2 + 1e-3)

    for a, b in itertools.combinations([box() for _ in range(40)], 2):
        assert iou(a, b) == pytest.approx(iou(b, a)) and 0.0 <= iou(a, b) < 1.0
        assert iou(a, a) == pytest.approx(1.0)


def test_no_union_no_overlap():
    assert iou(Box(0.5, 0.5, 0.5, 0.5), Box(0.5, 0.5, 0.5, 0.5)) == 0.0
