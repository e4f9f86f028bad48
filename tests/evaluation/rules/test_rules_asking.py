import pytest

from seethink.core.rejected import InputError, Stopped
from seethink.evaluation.rules import JudgeFailed, JudgeRequest, score
from seethink.evaluation.rules.wording import worded

ROWS = [{"question": f"Which is {place}?", "answer": "A", "skill": "['spatial']"} for place in range(6)]
SCRIPT = [["A"], ["a", "A"], ["x", None, "B"], ["?"] * 5, [None] * 5, ["A b", "AC"]]


class AllAtOnce:
    """Answers by the script, and keeps what it was asked."""

    def __init__(self):
        self.asked: list[list[tuple[int, int]]] = []

    def ask_all(self, requests):
        self.asked.append([(request.number, request.attempt) for request in requests])
        return [SCRIPT[request.number][request.attempt] for request in requests]


def one_by_one(request):
    reply = SCRIPT[request.number][request.attempt]
    if reply is None:
        raise JudgeFailed("nobody there")
    return reply


def test_many_at_once_and_one_by_one_give_the_same_verdicts():
    judge = AllAtOnce()
    at_once = score("logicvista", ROWS, ["?"] * 6, judge=judge)
    singly = score("logicvista", ROWS, ["?"] * 6, judge=one_by_one)
    assert at_once.hits == singly.hits == (True, True, False, False, False, False)
    assert [one.judge_calls for one in at_once.verdicts] == [one.judge_calls for one in singly.verdicts]
    assert [one.verdict for one in at_once.verdicts] == [one.verdict for one in singly.verdicts]
    assert len(judge.asked) == 5
    assert judge.asked[0] == [(number, 0) for number in range(6)]
    assert judge.asked[3] == [(3, 3), (4, 3)]


def test_a_request_says_all_that_a_judge_may_want():
    seen: list[JudgeRequest] = []
    score("logicvista", ROWS[:1], [None], judge=lambda request: seen.append(request) or "a")
    assert [(one.attempt, one.temperature) for one in seen] == [(0, 0.0), (1, 0.5), (2, 1.0), (3, 1.5), (4, 2.0)]
    first = seen[0]
    assert first.row is ROWS[0] and first.prediction == "nan" and first.max_tokens == 128
    assert (first.benchmark, first.number, first.stage.value) == ("logicvista", 0, "extract")
    assert "Which is 0?" in first.prompt


@pytest.mark.parametrize("error", [ConnectionError("refused"), TimeoutError(), JudgeFailed("none")])
def test_a_judge_that_cannot_be_reached_is_a_failed_attempt(error):
    def judge(request):
        raise error

    (verdict,) = score("logicvista", ROWS[:1], ["A"], judge=judge).verdicts
    assert verdict.judge_calls == 5 and all(call.reply is None and call.error for call in verdict.calls)


@pytest.mark.parametrize("error", [KeyError("typo"), Stopped("the budget is spent")])
def test_anything_else_passes_through(error):
    def judge(request):
        raise error

    with pytest.raises(type(error)):
        score("logicvista", ROWS[:1], ["A"], judge=judge)


def test_a_judge_that_does_not_keep_to_the_protocol_is_told_so():
    class Short:
        def ask_all(self, requests):
            return ["A"]

    with pytest.raises(InputError, match="1 replies to 6 requests"):
        score("logicvista", ROWS, ["?"] * 6, judge=Short())
    with pytest.raises(InputError, match="replied with a int"):
        score("logicvista", ROWS[:1], ["?"], judge=lambda request: 1)


def test_names_and_lengths_are_checked():
    with pytest.raises(InputError, match="mathvista"):
        score("mathvisto", [], [])
    with pytest.raises(InputError, match="2025-04"):
        score("mathvista", [], [], rules="2024-01")
    with pytest.raises(InputError, match="xlsx"):
        score("mathvista", [], [], storage="csv")
    with pytest.raises(InputError, match="1 predictions for 0 rows"):
        score("mathvista", [], ["A"])
    with pytest.raises(InputError, match="no row has the column question"):
        score("logicvista", [{"answer": "A"}], ["A"])
    assert score("WeMath_COT", [], []).verdicts == ()


def test_a_prompt_is_filled_in_one_pass():
    """A response that looks like a place of the text is not filled in again."""
    assert "Question:\n{response}\n" in worded("extract", question="{response}", response="{question}")
