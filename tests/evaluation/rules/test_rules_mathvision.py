import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import score


def row(answer, choices="[]", category="algebra"):
    return {"question": "How large?", "choices": choices, "answer": answer, "category": category}


FIVE = "['A', 'B', 'C', 'D', 'E']"


def test_an_equal_prediction_settles_a_free_form_row(judge_saying):
    scored = score("MathVision", [row("60"), row("60")], ["120/2", "sixty"], judge=judge_saying("60 degrees"))
    assert scored.hits == (True, False)
    assert [verdict.judge_calls for verdict in scored.verdicts] == [0, 1]


@pytest.mark.parametrize(("text", "calls"), [("", 1), (" ", 0), ("0", 0)])
def test_an_empty_text_goes_to_the_judge_though_it_equals_the_gold_and_a_0_does_not(text, calls, judge_saying):
    scored = score("mathvision", [row(text.strip())], [text], judge=judge_saying(text), storage="none")
    assert scored.hits == (True,) and scored.judge_calls == calls


def test_then_the_judge_was_asked_for_every_free_form_row(judge_saying):
    rows, predictions = [row("60"), row("B", FIVE)], ["60", "(B)"]
    then = score("mathvision", rows, predictions, judge=judge_saying("60"), rules="2025-04", storage="none")
    assert then.hits == (True, True)
    assert [verdict.judge_calls for verdict in then.verdicts] == [1, 0]
    assert score("mathvision", rows, predictions, judge=judge_saying("60"), storage="none").judge_calls == 0


def test_letters_alone_are_choices_too(judge_saying):
    scored = score("mathvision", [row("B", FIVE)] * 3, ["B", "so it is $B$", "E"], judge=judge_saying("(B)"))
    assert scored.hits == (True, True, False)
    assert scored.judge_calls == 1


@pytest.mark.parametrize("extraction", ["A", "a"])
def test_an_extraction_of_a_is_right_for_any_number(extraction, judge_saying):
    assert score("mathvision", [row("60")], ["who knows"], judge=judge_saying(extraction)).hits == (True,)


def test_code_is_not_run_and_the_verdict_says_so(judge_saying, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    attack = "__import__('pathlib').Path('pwned').touch()"
    (verdict,) = score("mathvision", [row("60")], [attack], judge=judge_saying(attack)).verdicts
    assert (verdict.hit, verdict.verdict.outcome) == (False, Outcome.ERROR)
    assert "not done here" in verdict.verdict.why
    assert list(tmp_path.iterdir()) == []


def test_subjects_are_sorted(judge_saying):
    rows = [row("1", category="topology"), row("2", category="algebra"), row("3", category="algebra")]
    scored = score("mathvision", rows, ["1.0", "2", "x"], judge=judge_saying("y"))
    assert [(line["Subject"], line["hit"], line["tot"]) for line in scored.metrics] == [
        ("Overall", 2, 3),
        ("algebra", 1, 2),
        ("topology", 1, 1),
    ]
    assert scored.headline == pytest.approx(200 / 3)
