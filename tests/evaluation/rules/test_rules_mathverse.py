import math

import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import score

FAILURE = "Failed to obtain answer via API."
METADATA = "{'split': 'testmini', 'subject': 'Plane Geometry', 'subfield': 'Angle'}"


def row(answer, version="Vision Only", metadata=METADATA):
    common = {"question": "Solve the figure.", "query_cot": "", "question_for_eval": "How large is x?"}
    return {**common, "answer": answer, "problem_version": version, "metadata": metadata}


def test_the_golds_text_is_right_without_a_second_call(scripted):
    scored = score("mathverse", [row("D")], ["so it is D"], judge=scripted([{"extract": [" D "]}]))
    assert scored.hits == (True,) and scored.judge_calls == 1


def test_any_other_reply_than_0_or_1_is_another_attempt(scripted):
    judge = scripted([{"extract": ["D: 27°"], "verdict": ["Judgement: 1", "1"]}])
    (verdict,) = score("mathverse", [row("D")], ["D: 27°"], judge=judge).verdicts
    assert verdict.hit is True
    assert [(call.stage.value, call.attempt) for call in verdict.calls] == [
        ("extract", 0),
        ("verdict", 0),
        ("verdict", 1),
    ]


def test_a_failed_extraction_goes_on_empty(scripted):
    judge = scripted([{"extract": [FAILURE] * 5, "verdict": ["0"]}])
    (verdict,) = score("mathverse", [row("22.3")], ["it is 22.3"], judge=judge).verdicts
    assert (verdict.hit, verdict.verdict.outcome, verdict.judge_calls) == (False, Outcome.ERROR, 6)


def test_after_five_other_replies_it_is_wrong_and_the_judge_failed(scripted):
    judge = scripted([{"extract": ["22"], "verdict": ["yes", "2", "1.0", FAILURE, "Judgement: 1"]}])
    (verdict,) = score("mathverse", [row("22.3")], ["it is 22.3"], judge=judge).verdicts
    assert (verdict.hit, verdict.verdict.outcome, verdict.judge_calls) == (False, Outcome.ERROR, 6)


@pytest.mark.parametrize(("storage", "calls"), [("xlsx", 1), ("none", 2)])
def test_an_extraction_of_null_equals_a_missing_answer_in_a_spreadsheet(storage, calls, scripted):
    judge = scripted([{"extract": ["null"], "verdict": ["0"]}])
    scored = score("mathverse", [row("None")], ["?"], judge=judge, storage=storage)
    assert scored.judge_calls == calls and scored.hits == (storage == "xlsx",)


@pytest.mark.parametrize(("answer", "extraction", "storage"), [(" ", " ", "xlsx"), ("", "", "none")])
def test_two_empty_texts_are_judged(answer, extraction, storage, scripted):
    judge = scripted([{"extract": [extraction], "verdict": ["0"]}])
    scored = score("mathverse", [row(answer)], ["?"], judge=judge, storage=storage)
    assert scored.hits == (False,) and scored.judge_calls == 2


def test_the_request_of_the_second_step_holds_question_gold_and_extraction():
    seen = []

    def judge(request):
        seen.append(request)
        return "the angle" if request.stage.value == "extract" else "1"

    score("mathverse", [row("27")], ["27 it is"], judge=judge)
    extract, verdict = seen
    assert "27 it is" in extract.prompt and "How large is x?" not in extract.prompt
    assert verdict.extraction == "the angle"
    assert all(part in verdict.prompt for part in ("How large is x?", "Reference: 27\n", "Answer: the angle\n"))


def test_versions_and_subjects(judge_saying):
    other = METADATA.replace("Plane", "Solid")
    rows = [row("D"), row("E"), row("D", "Text Only", other)]
    scored = score("MathVerse_MINI", rows, ["D"] * 3, judge=judge_saying("D"))
    by_version = {line["split"]: line for line in scored.metrics}
    assert by_version["Vision Only"] == pytest.approx(
        {"split": "Vision Only", "Overall": 50.0, "Plane Geometry": 50.0, "Solid Geometry": math.nan, "Angle": 50.0},
        nan_ok=True,
    )
    assert scored.headline == 50.0
    assert scored.judge_calls == 3 + 5


def test_an_apostrophe_in_the_metadata_ends_the_harness_and_not_us(judge_saying):
    metadata = "{'subject': 'Plane Geometry', 'subfield': \"Thales' theorem\"}"
    scored = score("mathverse", [row("D", metadata=metadata)], ["D"], judge=judge_saying("D"))
    assert scored.headline == 100.0 and not scored.comparable
    assert "metadata of row 0" in scored.caveats[0]


def test_without_a_judge_nothing_is_scored():
    scored = score("mathverse", [row("D")], ["D"])
    assert scored.hits == (None,) and scored.headline is None and scored.bounds == (0.0, 100.0)
