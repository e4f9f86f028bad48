import itertools
import random

import pytest

from seethink.answers import Box, check_gold, grade, iou, read_box, read_boxes
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


@pytest.mark.parametrize(
    "text",
    [
        "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]",
        "[0, 0, 0.5, 1], [0.5, 0, 1, 1]",
        "(0, 0), (0.5, 1); (0.5, 0), (1, 1)",
        '[{"bbox_2d": [0, 0, 0.5, 1], "label": "dog"}, {"bbox_2d": [0.5, 0, 1, 1], "label": "cat"}]',
        r"\boxed{[0, 0, 0.5, 1], [0.5, 0, 1, 1]}",
    ],
)
def test_several_boxes_however_they_are_written(text):
    assert read_boxes(text) == (Box(0, 0, 0.5, 1), Box(0.5, 0, 1, 1))
    assert read_box(text) is None


@pytest.mark.parametrize(
    "text",
    ["0 0 1 1 0 0 1 1", "[0, 0, 1, 1], [0.7, 0, 0.1, 1]", "[0, 0, 1, 1] 7 [0, 0, 1, 1]", "[0, 0, 1], [1, 0, 0, 1, 1]"],
)
def test_one_bad_box_among_several_spoils_the_list(text):
    assert read_boxes(text) == ()


TWO = "[[0, 0, 0.5, 1], [0.5, 0, 1, 1]]"


@pytest.mark.parametrize(
    ("gold", "answer", "value"),
    [
        (TWO, "[0.5, 0, 1, 1], [0, 0, 0.5, 1]", 1.0),
        (TWO, "[0, 0, 0.5, 1]", 0.5),
        (TWO, "[0, 0, 1, 1]", 0.25),
        (TWO, "[0, 0, 0.5, 1], [0, 0, 0.5, 1]", 0.5),
        (TWO, "[0, 0, 0.5, 1], [0.5, 0, 1, 1], [0, 0, 1, 1]", 2 / 3),
        ("[0, 0, 1, 1]", "[0, 0, 1, 1], [0, 0, 0.5, 1]", 0.5),
        # Greedy matching would give the first gold its 0.8 and leave 0 for the second.
        ("[[0, 0, 1, 1], [0, 0, 0.6, 1]]", "[0, 0, 0.8, 1], [0.7, 0, 1, 1]", (0.3 + 0.75) / 2),
    ],
)
def test_several_boxes_are_matched_one_to_one_and_each_one_too_many_costs(item, gold, answer, value):
    assert score(item, gold, answer)[0] == pytest.approx(value)


def test_a_list_is_in_pixels_as_a_whole(item):
    stated = "[0, 0, 1, 1], [100, 0, 200, 100]"
    assert score(item, TWO, stated) == (0.0, Outcome.UNPARSEABLE)
    assert score(item, TWO, "[0, 0, 100, 100], [100, 0, 200, 100]", size=(200, 100))[0] == pytest.approx(1.0)


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
