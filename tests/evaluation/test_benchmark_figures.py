"""Figures as means over units: what intervals are made of must average to what the harness prints."""

import csv
import itertools
import json
import random

import pytest

from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.rules import score
from seethink.evaluation.wemath import WEMATH, problem_class


def mean(units):
    return sum(units.values()) / len(units)


def dynamath_rows(questions, variants=10):
    return [
        {"index": 10 * q + v, "qid": 10 * q, "varid": v + 1, "subject": "algebra", "knowledge_level": "high school"}
        for q in range(questions)
        for v in range(variants)
    ]


def test_published_dynamath_verdicts_give_the_published_figures(real_data):
    folder = real_data / "dynamath" / "published_verdicts"
    for expected in json.loads((folder / "expected.json").read_text()):
        with (folder / f"{expected['run']}.csv").open() as file:
            told = list(csv.DictReader(file))
        hits = [float(row[f"Variant {v}"] == "correct") for row in told for v in range(1, 11)]
        found = find_entry("dynamath").benchmark.figures(dynamath_rows(len(told)), hits)
        assert len(found["worst case"]) == 501
        shown = [round(100 * mean(found[name]), 2) for name in ("average", "worst case")]
        assert shown == [expected["average"], expected["worst"]]


def test_the_unit_of_dynamath_is_the_question_and_one_open_variant_leaves_it_open():
    figures = find_entry("dynamath").benchmark.figures
    found = figures(dynamath_rows(3, 2), [1.0, None, 0.0, None, 1.0, 1.0])
    assert found["worst case"] == {"20": 1.0} and found["average"] == {"0": 1.0, "10": 0.0, "20": 1.0}


@pytest.mark.parametrize(
    ("steps", "whole", "strict", "loose"),
    [
        ([1, 1], 1, "CM", "CM"),
        ([1, 0], 1, "RM", "CM"),
        ([0, 0], 1, "RM", "RM"),
        ([1, 1], 0, "IG", "IG"),
        ([1, 0], 0, "IK", "IK"),
        ([0, 0, 0], 0, "IK", "IK"),
        ([1, None], 1, None, None),
        ([0, None], 0, None, None),
        ([1, 1], None, None, None),
    ],
)
def test_a_problem_of_wemath_has_one_of_four_classes_or_is_open(steps, whole, strict, loose):
    steps = [None if step is None else float(step) for step in steps]
    assert problem_class(steps, whole, strict=True) == strict
    assert problem_class(steps, whole, strict=False) == loose


def wemath_rows(problems):
    """Two-step problems, and three-step ones from number 360 on, as testmini has them."""
    rows = []
    for number in range(problems):
        steps = 2 if number < 360 else 3
        for key in [f"{steps}steps_{step + 1}" for step in range(steps)] + [f"{steps}steps_multi"]:
            rows.append(
                {
                    "index": len(rows),
                    "ID": f"{steps}steps_{number}",
                    "key": key,
                    "knowledge concept": "Angles and Length",
                    "question": "?",
                    "answer": "A",
                    "A": "one",
                    "B": "two",
                }
            )
    return rows


def vista_rows(count):
    row = {"question": "?", "question_type": "multi_choice", "answer_type": "text", "choices": "['one', 'two']"}
    row |= {"answer": "one", "answer_option": "A", "task": "t", "skills": "['s', 'u']"}
    return [{"index": number, **row} for number in range(count)]


def vision_rows(count):
    row = {"question": "?", "choices": "['one', 'two']", "answer": "A", "category": "algebra"}
    return [{"index": number, **row} for number in range(count)]


def dynamath_harness_rows(questions):
    asked = {"question": "?", "answer": "A", "answer_type": "multiple choice"}
    return [row | asked for row in dynamath_rows(questions)]


@pytest.mark.parametrize(
    ("name", "rows", "figure"),
    [
        ("mathvista", vista_rows(40), "overall"),
        ("mathvision", vision_rows(40), "overall"),
        ("wemath", wemath_rows(525), "score (strict)"),
        ("dynamath", dynamath_harness_rows(12), "worst case"),
    ],
)
def test_the_headline_s_units_average_to_the_harness_s_headline(name, rows, figure):
    draw = random.Random(name)
    predictions = ["A" if draw.random() < 0.8 else "B" for _ in rows]
    scored = score(name, rows, predictions)
    found = find_entry(name).benchmark.figures(rows, [row.verdict.score for row in scored.verdicts])
    assert next(iter(found)) == figure
    assert 100 * mean(found[figure]) == pytest.approx(scored.headline, abs=0.005)


def test_wemath_counts_strictly_and_loosely():
    rows = wemath_rows(4)
    hits = [1.0, 1.0, 1.0, *(1.0, 0.0, 1.0), *(1.0, 1.0, 0.0), *(0.0, 1.0, 0.0)]
    found = WEMATH.figures(rows, hits)
    assert list(found["score (strict)"].values()) == [1.0, 0.0, 0.5, 0.0]
    assert list(found["score (loose)"].values()) == [1.0, 1.0, 0.5, 0.0]
    assert mean(found["RM of RM and CM (strict)"]) == 0.5 and mean(found["S2"]) == 0.5 and len(found["S1"]) == 8


def test_a_problem_of_wemath_that_is_not_there_whole_is_no_unit():
    rows = wemath_rows(2)
    found = WEMATH.figures(rows[:2] + rows[3:], [1.0] * 5)
    assert found["score (strict)"] == {"2steps_1": 1.0} and len(found["S1"]) == 4
    assert score("wemath", rows[:2], ["A", "A"]).headline is None


@pytest.mark.parametrize("name", ["dynamath", "wemath"])
def test_without_a_judge_headline_and_units_are_of_the_same_problems(name):
    """Rows that no rule settles leave their problem out of both."""
    rows = dynamath_harness_rows(40) if name == "dynamath" else wemath_rows(525)
    draw = random.Random(name)
    predictions = [draw.choices(["A", "B", "perhaps A, perhaps B"], [70, 20, 10])[0] for _ in rows]
    scored = score(name, rows, predictions)
    units = next(
        iter(find_entry(name).benchmark.figures(rows, [row.verdict.score for row in scored.verdicts]).values())
    )
    assert None in scored.hits and 100 * mean(units) == pytest.approx(scored.headline, abs=0.005)


def test_a_row_counts_in_every_group_that_it_names_and_open_rows_in_none():
    figures = find_entry("mathvista").benchmark.figures
    found = figures(vista_rows(3), [1.0, None, 0.0])
    assert list(found) == ["overall", "skill: s", "skill: u", "task: t"]
    assert all(units == {"0": 1.0, "2": 0.0} for units in found.values())


def test_mathverse_shows_its_headline_first_and_the_versions_apart():
    versions = ("Vision Only", "Text Lite")
    rows = [
        {"index": number, "problem_version": version, "metadata": "{'subject': 'Plane', 'subfield': 'Angle'}"}
        for number, version in enumerate(itertools.islice(itertools.cycle(versions), 6))
    ]
    found = find_entry("mathverse").benchmark.figures(rows, [1.0, 0.0] * 3)
    assert list(found)[:2] == ["Vision Only", "all versions"]
    assert (mean(found["Vision Only"]), mean(found["Text Lite, Angle"]), mean(found["all versions"])) == (1.0, 0.0, 0.5)
    only = find_entry("mathverse").benchmark.figures(rows[::2], [1.0] * 3)
    assert list(only) == ["Vision Only", "Vision Only, Angle", "Vision Only, Plane"]
