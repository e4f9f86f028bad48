import csv
import json

import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import score


def row(kind, answer, index=0, qid=0, varid=1):
    place = {"index": index, "qid": qid, "varid": varid, "subject": "algebra", "knowledge_level": "high school"}
    return {**place, "question": "?", "answer": answer, "answer_type": kind}


# Beside the row that is looked at, so that no column consists of numbers alone.
BESIDE = row("text", "yes", 1, 0, 2)


def one(kind, answer, response, reply="no idea", **named):
    asked = []

    def judge(request):
        asked.append(request)
        return reply

    verdict = score("dynamath", [row(kind, answer), BESIDE], [response, "yes"], judge=judge, **named).verdicts[0]
    return verdict.hit, len(asked)


def said(short):
    return json.dumps({"solution": r"\frac{1}{2} of it", "short answer": short}, ensure_ascii=False)


@pytest.mark.parametrize(
    ("kind", "answer", "short", "hit", "calls"),
    [
        ("float", "1", "1.001", True, 0),
        ("float", "0.1", "0.101", False, 0),
        ("float", "4", "4 cm", True, 0),
        ("float", "6.2832", "2π", True, 0),
        ("float", "0.5", "1/2", False, 1),
        ("float", "4", "x=4", False, 1),
        ("float", "1000", "1,000", False, 1),
        ("float", "3.1416", "π", False, 1),
        ("float", "-5", "−5", False, 1),
        ("float", "4", 4, False, 1),
        ("float", "4", ["4"], False, 1),
        ("multiple choice", "E", "Yes", True, 0),
        ("multiple choice", "E", "none", True, 0),
        ("multiple choice", "B", "Option B", True, 0),
        ("multiple choice", "B", "(B)", True, 0),
        ("multiple choice", "B", "B. 12", True, 0),
        ("multiple choice", "B", "b", True, 0),
        ("multiple choice", "B", "x", False, 0),
        ("text", "May", "M", True, 0),
        ("text", "May", "", True, 0),
        ("text", "May", "June", False, 0),
        ("text", "May", "it is May", False, 0),
    ],
)
def test_short_answers(kind, answer, short, hit, calls):
    assert one(kind, answer, said(short)) == (hit, calls)


def test_the_answer_is_letters_of_the_whole_alphabet_go_to_the_judge():
    assert one("multiple choice", "B", said("The answer is B"), reply="B") == (True, 1)
    assert one("multiple choice", "B", "The answer is B", reply="D") == (False, 1)


@pytest.mark.parametrize(
    ("response", "hit"),
    [
        ('```json\n{"solution": "a\nb", "short answer": "4"}\n```', True),
        ('Here: {"short answer": "4"} and no more', True),
        ('{"short answer": "\\u03c0"}', False),
        ("4", True),
        ("4.0 in all", True),
        ('{"short answer": null}', False),
        ("[4]", False),
    ],
)
def test_what_is_read_of_a_response(response, hit):
    assert one("float", "4", response)[0] is hit


def test_a_missing_prediction_is_nan_and_nan_holds_one_letter():
    assert one("multiple choice", "A", None) == (True, 0)
    assert one("multiple choice", "A", "") == (True, 0)


def test_then_a_missing_prediction_ended_the_evaluation():
    rows = [row("multiple choice", "A"), BESIDE]
    scored = score("dynamath", rows, [None, "yes"], rules="2025-04")
    assert scored.verdicts[0].verdict.outcome is Outcome.ERROR and scored.hits == (None, True)
    assert "harness would end at 1 rows" in scored.caveats[0]


@pytest.mark.parametrize(("kind", "answer", "response"), [("text", "4 or", said(4)), ("float", "2", "²")])
def test_where_the_harness_raises_the_others_have_their_verdicts(kind, answer, response):
    scored = score("dynamath", [row(kind, answer), BESIDE], [response, "yes"])
    assert scored.hits == (None, True)
    assert scored.verdicts[0].verdict.outcome is Outcome.ERROR
    assert not scored.comparable


def test_nothing_parsed_is_right_where_the_response_begins_with_the_letter():
    assert one("multiple choice", "B", "B, or perhaps C", reply="B or C") == (True, 1)


def test_a_failed_judge_is_one_call_and_counts_as_not_parsed():
    asked = []

    def judge(request):
        asked.append((request.attempt, request.temperature, request.max_tokens))
        return "Failed to obtain answer via API."

    scored = score("dynamath", [row("float", "4"), BESIDE], ["four", "yes"], judge=judge)
    assert asked == [(0, 0.0, 2048)]
    assert scored.verdicts[0].verdict.outcome is Outcome.ERROR and scored.hits == (False, True)


def test_average_and_worst_case():
    answers = [["1"] * 10, ["1"] * 9 + ["2"], ["2"] * 10]
    rows = [row("float", "1", 10 * q + v, 10 * q, v + 1) for q in range(3) for v in range(10)]
    scored = score("DynaMath", rows, [answer for question in answers for answer in question], storage="none")
    average, worst = scored.metrics
    assert (average["Overall"], worst["Overall"]) == (19 / 30, 1 / 3)
    assert scored.headline == pytest.approx(100 / 3)
    assert (worst["Subject-algebra"], worst["Level-high school"]) == (1 / 3, 1 / 3)


def test_a_qid_without_its_first_variant_ends_the_harness():
    scored = score("dynamath", [row("float", "1", 7, 3, 1)], ["1"], storage="none")
    assert "row 0 belongs to no question" in scored.caveats[0]


@pytest.mark.parametrize("name", ["GPT4o", "Qwen2-7B", "Qwen2-72B", "InternVL2-8b"])
def test_the_published_verdicts_give_the_published_figures(name, real_data):
    folder = real_data / "dynamath" / "published_verdicts"
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    rows, predictions = [], []
    for q, question in enumerate(table):
        for v in range(10):
            rows.append(row("multiple choice", "A", 10 * q + v, 10 * q, v + 1))
            predictions.append("A" if question[f"Variant {v + 1}"] == "correct" else "B")
    average, worst = score("dynamath", rows, predictions).metrics
    expected = {one["run"]: one for one in json.loads((folder / "expected.json").read_text())}[name]
    assert round(100 * average["Overall"], 2) == expected["average"]
    assert round(100 * worst["Overall"], 2) == expected["worst"]
    if name == "GPT4o":
        assert (expected["average"], expected["worst"]) == (63.33, 34.73)
    if name == "Qwen2-7B":
        assert (expected["average"], expected["worst"]) == (42.14, 13.77)
