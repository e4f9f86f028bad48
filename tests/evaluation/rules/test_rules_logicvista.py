import math

import pytest

from seethink.core.verdict import Outcome
from seethink.evaluation.rules import score


def row(answer, skill="['inductive']"):
    return {"question": "Which follows?", "answer": answer, "skill": skill}


BESIDE = row("E")


@pytest.mark.parametrize(
    ("answer", "reply", "hit"),
    [
        ("A, C", "AC", True),
        ("A, C", "CA", True),
        ("A", "AA", False),
        ("A", "ANSWER", False),
        ("A,C", "AC", False),
        ("3", "C", False),
        ("", "A", False),
        ("A", "A", True),
    ],
)
def test_accepted_replies(answer, reply, hit, judge_saying):
    scored = score("logicvista", [row(answer), BESIDE], ["?", "?"], judge=judge_saying(reply))
    assert scored.verdicts[0].hit is hit and scored.verdicts[0].judge_calls == 1


@pytest.mark.parametrize("reply", ["A, C", "a", "A.", "A\n", "A C", "1", "", "Failed to obtain answer via API."])
def test_replies_that_ask_for_another(reply, scripted):
    scored = score("logicvista", [row("A, C")], ["?"], judge=scripted([[reply, "CA"]]))
    assert scored.hits == (True,) and scored.judge_calls == 2


def test_five_replies_that_are_not_accepted_score_0(judge_saying):
    (verdict,) = score("logicvista", [row("A")], ["A"], judge=judge_saying("a")).verdicts
    assert (verdict.hit, verdict.verdict.outcome, verdict.judge_calls) == (False, Outcome.ERROR, 5)


def test_skills_are_looked_for_in_their_text(judge_saying):
    rows = [row("A", "['inductive', 'spatial']"), row("B", "['spatial']"), row("A", "['deductive']")]
    scored = score("logicvista", rows, ["?"] * 3, judge=judge_saying("A"))
    lines = {line["Task&Skill"]: (line["tot"], line["hit"], line["acc"]) for line in scored.metrics}
    assert list(lines) == ["Overall", "inductive", "deductive", "numerical", "spatial", "mechanical"]
    assert lines["spatial"] == (2, 1, 50.0)
    assert lines["numerical"][:2] == (0, 0) and math.isnan(lines["numerical"][2])
    assert scored.headline == pytest.approx(200 / 3)


def test_without_a_judge_nothing_is_scored():
    assert score("logicvista", [row("A")], ["A"]).hits == (None,)
