"""The judge that is paid: what it is sent, what its failures are worth, and what is recorded of it."""

import pytest

from seethink.core.rejected import InputError, Stopped
from seethink.core.verdict import Outcome
from seethink.evaluation.judge import JudgeConfig, PaidJudge
from seethink.evaluation.rules import score
from seethink.teachers import Patience

QUICK = Patience(refusals=1, unknowns=0, first_wait=0.01, longest_wait=0.02)
LOGIC = {"question": "Which choices?", "skill": "['deductive']"}


@pytest.fixture
def judge(server, tmp_path):
    """Make a judge over one ledger; all are left at the end."""
    opened = []

    def make(**settings):
        config = JudgeConfig(base_url=server.base_url, **{"timeout": 5, "width": 4, **settings})
        opened.append(PaidJudge(config, tmp_path / "ledger", patience=QUICK))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__(None, None, None)


def scored(judge, *golds, said="I think the first and the third"):
    rows = [LOGIC | {"index": number, "answer": gold} for number, gold in enumerate(golds)]
    return score("logicvista", rows, [f"{said} in {number}" for number in range(len(rows))], judge=judge)


def test_it_is_asked_at_the_harness_s_temperatures_until_a_reply_is_accepted(judge, server):
    server.answer = lambda body: "A, C" if body["temperature"] < 1.0 else "AC"
    found = scored(judge(), "A, C")
    assert found.hits == (True,) and found.judge_calls == 3
    assert [body["temperature"] for body in server.requests] == [0.0, 0.5, 1.0]
    assert {(body["model"], body["max_tokens"]) for body in server.requests} == {("gpt-4o-mini-2024-07-18", 128)}
    assert len(server.requests[0]["messages"]) == 1


def test_nothing_is_asked_twice_not_even_by_another_process(judge, server):
    server.answer = lambda body: "B"
    first = scored(judge(), "A", "B", "B")
    assert scored(judge(), "A", "B", "B") == first and server.billed == 3
    scored(judge(temperatures=False), "A", "B", "B")
    assert server.billed == 6 and "temperature" not in server.requests[-1]


def test_without_temperatures_the_attempts_are_draws(judge, server):
    server.answer = lambda body: "no letters" if not body.get("seed") else "B"
    assert scored(judge(temperatures=False), "B").judge_calls == 2
    assert server.distinct == 2


def test_a_refused_request_is_a_failed_attempt_of_its_row_only(judge, server, Fault):
    server.answer = lambda body: "B"
    server.fault = lambda body, attempt: Fault(400) if "in 1" in body["messages"][-1]["content"] else None
    found = scored(judge(), "B", "B", "B")
    assert found.hits == (True, False, True)
    failed = found.verdicts[1]
    assert failed.verdict.outcome is Outcome.ERROR and failed.judge_calls == 5 and "400" in failed.calls[0].error


def test_a_spent_budget_and_a_missing_key_end_the_scoring(judge, server):
    server.answer = lambda body: "B"
    with pytest.raises(Stopped, match="budget"):
        scored(judge(max_calls=2, width=1), "B", "B", "B")
    assert server.billed == 2
    with pytest.raises(InputError, match="NO_SUCH_KEY is empty"):
        judge(key_env="NO_SUCH_KEY")


def test_what_decides_its_replies_is_told(judge):
    assert judge(revision="r2").identity == {
        "judge": "gpt-4o-mini-2024-07-18",
        "judge revision": "r2",
        "judge temperatures": "harness",
        "judge limit": "harness",
        "judge extra": "[]",
    }
