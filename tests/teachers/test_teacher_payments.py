"""What is paid, what is re-used, and what every kind of failure costs."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seethink.core.rejected import InputError, Stopped
from seethink.teachers import Budget, Gate, Ledger, Message, Sampling, Unanswered
from seethink.teachers.ledger_file import OwnFile
from seethink.teachers.pace import PerMinute
from seethink.teachers.reply import MAX_TEXT


def spent(folder: Path) -> Any:
    async def read() -> Any:
        async with Ledger(folder) as ledger:
            return ledger.spent()

    return asyncio.run(read())


def test_an_answer_is_paid_once_in_a_session_and_never_again(server: Any, ask_all: Callable[..., Any]) -> None:
    first = ask_all(["a", "b", "a", "a"])
    assert [answer.text for answer in first] == ["echo a", "echo b", "echo a", "echo a"]
    assert sorted(answer.reused for answer in first) == [False, False, True, True]
    second = ask_all(["b", "a", "c"])
    assert [answer.reused for answer in second] == [True, True, False]
    assert server.billed == server.distinct == 3


def test_usage_finish_reason_and_text_survive_the_ledger(server: Any, ask_all: Callable[..., Any]) -> None:
    server.answer = lambda body: "ünïcode \U0001f9e0"
    server.finish_reason = lambda body: "length"
    [bought], [found] = ask_all(["a"]), ask_all(["a"])
    assert (found.text, found.finish_reason, found.usage) == (bought.text, "length", bought.usage)
    assert found.truncated and found.usage.completion_tokens == 5


def test_another_draw_is_another_answer(server: Any, session: Callable[..., Any]) -> None:
    async def talk(teacher: Any) -> Any:
        return [await teacher.ask([Message("user", "q")], draw=draw) for draw in (0, 1, 1)]

    assert [answer.reused for answer in session(talk)] == [False, False, True]


def test_a_moved_endpoint_re_uses_and_a_changed_model_does_not(server: Any, ask_all: Callable[..., Any]) -> None:
    ask_all(["a"])
    moved = server.base_url.replace("127.0.0.1", "localhost")
    assert ask_all(["a"], base_url=moved)[0].reused
    assert not ask_all(["a"], model="other")[0].reused


def test_no_more_than_width_in_flight(server: Any, ask_all: Callable[..., Any]) -> None:
    server.latency = 0.02
    ask_all([str(number) for number in range(20)], width=3)
    assert server.peak == 3


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_refusal_is_waited_out_and_not_paid(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path, status: int
) -> None:
    server.fault = lambda body, attempt: Fault(status) if attempt < 3 else None
    assert ask_all(["a"])[0].text == "echo a"
    assert server.attempts.total() == 3 and server.billed == 1
    assert spent(folder)["m"].answers == 1 and spent(folder)["m"].possibly_paid == 0


def test_retry_after_is_honoured(server: Any, Fault: Any, ask_all: Callable[..., Any]) -> None:
    times: list[float] = []

    def fault(body: Any, attempt: int) -> Any:
        times.append(asyncio.get_event_loop().time())
        return Fault(429, {"Retry-After": "0.4"}) if attempt == 1 else None

    server.fault = fault
    ask_all(["a"])
    assert times[1] - times[0] >= 0.4


def test_an_endpoint_that_keeps_refusing_stops_the_run(server: Any, Fault: Any, ask_all: Callable[..., Any]) -> None:
    server.fault = lambda body, attempt: Fault(503)
    [problem] = ask_all(["a"])
    assert isinstance(problem, InputError) and "refused 5 times" in str(problem) and "503" in str(problem)


def test_nobody_listening_is_a_refusal_not_a_possible_payment(ask_all: Callable[..., Any], folder: Path) -> None:
    [problem] = ask_all(["a"], base_url="http://127.0.0.1:9/v1")
    assert isinstance(problem, InputError) and "cannot connect" in str(problem)
    assert spent(folder)["m"].possibly_paid == 0


@pytest.mark.parametrize("kind", ["timeout", "cut", "hang up", "no choices"])
def test_an_unknown_outcome_is_recorded_and_tried_a_few_times(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path, kind: str
) -> None:
    fault = {
        "timeout": Fault(hang=2.5),
        "cut": Fault(cut=True),
        "hang up": Fault(hang_up=True),
        "no choices": Fault(200, text='{"id": "x"}'),
    }[kind]
    server.fault = lambda body, attempt: fault
    [problem] = ask_all(["a"], timeout=0.6 if kind == "timeout" else 5.0)
    assert isinstance(problem, Unanswered) and problem.reason == "no answer from the teacher"
    assert server.attempts.total() == 3
    assert spent(folder)["m"].possibly_paid == 3 and spent(folder)["m"].answers == 0


def test_a_timeout_that_is_answered_next_time_is_one_answer(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path
) -> None:
    server.fault = lambda body, attempt: Fault(hang=2.5) if attempt == 1 else None
    assert ask_all(["a"], timeout=1.0)[0].text == "echo a"
    assert spent(folder)["m"].answers == 1 and spent(folder)["m"].possibly_paid == 1


def test_a_wrong_request_is_set_aside_and_the_others_go_on(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path
) -> None:
    server.fault = lambda body, attempt: Fault(400) if body["messages"][-1]["content"] == "bad" else None
    good, bad = ask_all(["good", "bad"])
    assert good.text == "echo good"
    assert isinstance(bad, Unanswered) and bad.reason == "teacher refuses the request" and "400" in bad.detail
    assert server.attempts.total() == 2 and spent(folder)["m"].possibly_paid == 0


@pytest.mark.parametrize(("status", "told"), [(401, "key"), (402, "credit"), (404, "no model 'm'")])
def test_what_no_request_can_mend_stops_the_run(
    server: Any, Fault: Any, ask_all: Callable[..., Any], status: int, told: str
) -> None:
    server.fault = lambda body, attempt: Fault(status)
    [problem] = ask_all(["a"])
    assert isinstance(problem, InputError) and told in str(problem)


def test_the_key_is_sent_and_reaches_no_file(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    server.fault = lambda body, attempt: (
        Fault(400, text='{"error": {"message": "sk-very-secret is odd"}}')
        if body["messages"][-1]["content"] == "bad"
        else None
    )
    _, bad = ask_all(["a", "bad"], key_env="SOME_KEY")
    assert server.keys[0] == "Bearer sk-very-secret"
    assert "sk-very-secret" not in str(bad)
    assert all(b"sk-very-secret" not in path.read_bytes() for path in folder.iterdir())


@pytest.mark.parametrize(
    "quoted",
    [
        "sk-very-secret-0123456789",
        "sk-very-secret***6789",
        "Bearer abcdef0123456789",
        "hf_abcdefghijklmnop",
        "secret-0123456789",
    ],
)
def test_no_key_and_no_piece_of_it_is_recorded_or_told(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch, quoted: str
) -> None:
    monkeypatch.setenv("SOME_KEY", "sk-very-secret-0123456789")
    server.fault = lambda body, attempt: Fault(
        400 if attempt == 2 else 500, text=json.dumps({"error": {"message": f"key {quoted} is over its limit"}})
    )
    [bad] = ask_all(["a"], key_env="SOME_KEY")
    shown = [str(bad).encode(), *(path.read_bytes() for path in folder.iterdir())]
    assert "is over its limit" in str(bad)
    assert not any(piece in text for text in shown for piece in (b"very-sec", b"23456789", b"abcdef"))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"choices": [{"message": {"content": "\\ud83d"}, "finish_reason": "'
        + b"x" * 10_000
        + b'"}], "id": "\\udc00"}',
        b'{"choices": [{"message": {"content": "ok"}}], "usage": {"prompt_tokens": 1' + b"0" * 40 + b"}}",
        b'{"choices": [{"message": {"content": [{"type": "text", "text": "ok"}]}}]}',
        b'{"choices": [{"message": {"content": "\xff\xfe"}}]}',
        b'{"choices": {"0": 1}}',
    ],
)
def test_a_hostile_body_is_an_answer_or_none_and_breaks_nothing(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path, body: bytes
) -> None:
    server.fault = lambda asked, attempt: (
        Fault(text=body.decode("latin-1")) if asked["messages"][-1]["content"] == "bad" else None
    )
    bad, good = ask_all(["bad", "good"])
    assert good.text == "echo good"
    assert isinstance(bad, Unanswered) or len(bad.text) < 10


def test_an_answer_longer_than_any_model_writes_is_cut(server: Any, ask_all: Callable[..., Any]) -> None:
    server.answer = lambda body: "x" * (MAX_TEXT + 1)
    [bought], [found] = ask_all(["a"]), ask_all(["a"])
    assert bought.text == found.text == "x" * MAX_TEXT and found.truncated


@pytest.mark.slow
def test_a_body_of_100_megabytes_is_an_answer_of_no_use(
    server: Any, Fault: Any, ask_all: Callable[..., Any], folder: Path
) -> None:
    server.fault = lambda body, attempt: Fault(text=json.dumps({"choices": "x" * 100_000_000}))
    [answer] = ask_all(["a"], timeout=120.0)
    assert answer.truncated and answer.text == "" and spent(folder)["m"].answers == 1


def test_too_many_requests_narrow_the_stream_for_all(server: Any, Fault: Any, session: Callable[..., Any]) -> None:
    server.fault = lambda body, attempt: Fault(429, {"Retry-After": "0.1"}) if attempt == 1 else None

    async def talk(teacher: Any) -> Any:
        asked = (teacher.ask([Message("user", str(number))]) for number in range(40))
        answers = await asyncio.gather(*asked)
        return answers, teacher.gate.open_width

    answers, width = session(talk, width=16)
    assert len(answers) == 40 and server.billed == 40
    assert width < 16


def test_requests_per_minute_are_kept(server: Any, session: Callable[..., Any]) -> None:
    times: list[float] = []

    async def talk(teacher: Any) -> Any:
        await teacher.ask([Message("user", "what loads the client")])
        times.clear()
        limited = replace(teacher, gate=Gate(8, limits=PerMinute(requests=1_200)))
        return await asyncio.gather(*(limited.ask([Message("user", str(number))]) for number in range(9)))

    def note(body: Any) -> str:
        times.append(time.monotonic())
        return "ok"

    server.answer = note
    session(talk)
    assert times[-1] - times[0] >= 8 * 60 / 1_200 - 0.1


def test_an_empty_key_variable_is_named(ask_all: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(InputError, match="SOME_KEY is empty"):
        ask_all(["a"], key_env="SOME_KEY")


def test_reasoning_in_its_own_field_comes_back_as_a_think_block(server: Any, ask_all: Callable[..., Any]) -> None:
    server.extra = lambda body: {"reasoning_content": "I look."}
    assert ask_all(["a"])[0].text == "<think>\nI look.\n</think>\n\necho a"


def test_half_a_character_becomes_a_replacement_character(server: Any, ask_all: Callable[..., Any]) -> None:
    server.answer = lambda body: "half \ud83d character"
    assert ask_all(["a"])[0].text == "half � character"


def test_a_call_budget_stops_before_it_is_overrun(server: Any, ask_all: Callable[..., Any]) -> None:
    outcomes = ask_all([str(number) for number in range(10)], budget=Budget(max_calls=4))
    assert sum(isinstance(outcome, Stopped) for outcome in outcomes) == 6
    assert server.billed == 4


def test_a_token_budget_reserves_the_worst_case_and_gives_back_the_rest(
    server: Any, ask_all: Callable[..., Any]
) -> None:
    # Every call may cost 16 tokens and costs 5: with 40 there is room for 5 (20 spent + 16 fits, 25 + 16 does not).
    outcomes = ask_all([str(number) for number in range(10)], budget=Budget(max_completion_tokens=40))
    assert server.billed == 5
    assert "budget" in str(next(outcome for outcome in outcomes if isinstance(outcome, Stopped)))


def test_a_token_budget_without_a_limit_per_call_is_refused(ask_all: Callable[..., Any]) -> None:
    [problem] = ask_all(["a"], budget=Budget(max_completion_tokens=9), sampling=Sampling())
    assert isinstance(problem, ValueError) and "max_tokens" in str(problem)


def test_a_stop_lets_calls_in_flight_finish_and_sends_no_more(server: Any, session: Callable[..., Any]) -> None:
    server.latency = 0.2

    async def talk(teacher: Any) -> Any:
        asked = [asyncio.create_task(teacher.ask([Message("user", str(number))])) for number in range(10)]
        while server.in_flight < 3:
            await asyncio.sleep(0.01)
        teacher.gate.stop("enough")
        return await asyncio.gather(*asked, return_exceptions=True)

    outcomes = session(talk, width=3)
    assert sum(not isinstance(outcome, Exception) for outcome in outcomes) == server.billed == 3


def test_an_answer_is_used_once_the_disk_has_it_and_the_next_call_need_not_wait(
    server: Any, session: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that takes its time: places behind the gate are given on, answers are held back."""
    taken = threading.Event()
    sync = OwnFile.sync

    def slow(file: OwnFile) -> None:
        taken.wait(10)
        sync(file)

    monkeypatch.setattr(OwnFile, "sync", slow)

    async def talk(teacher: Any) -> Any:
        asked = [asyncio.create_task(teacher.ask([Message("user", str(number))])) for number in range(6)]
        while server.billed < 6:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        early = sum(task.done() for task in asked)
        taken.set()
        return early, len(await asyncio.gather(*asked))

    assert session(talk, width=2) == (0, 6)


def test_a_cancelled_asker_does_not_lose_what_was_paid(server: Any, session: Callable[..., Any]) -> None:
    server.latency = 0.1

    async def talk(teacher: Any) -> Any:
        asked = asyncio.create_task(teacher.ask([Message("user", "q")]))
        while not server.in_flight:
            await asyncio.sleep(0.01)
        asked.cancel()

    async def again(teacher: Any) -> Any:
        return await teacher.ask([Message("user", "q")])

    session(talk)
    assert session(again).reused and server.billed == 1


def test_a_file_that_is_no_ledger_is_named(folder: Path, ask_all: Callable[..., Any]) -> None:
    folder.mkdir()
    (folder / "x.sqlite").write_bytes(b"not a database" * 100)
    with pytest.raises(InputError, match=r"x\.sqlite is no readable ledger"):
        ask_all(["a"])


def test_a_ledger_of_a_newer_version_is_refused(folder: Path, ask_all: Callable[..., Any]) -> None:
    ask_all(["a"])
    with sqlite3.connect(next(folder.glob("*.sqlite"))) as connection:
        connection.execute("PRAGMA user_version=99")
    with pytest.raises(InputError, match="newer version"):
        ask_all(["a"])


def test_reading_back_leaves_no_new_file(folder: Path, ask_all: Callable[..., Any]) -> None:
    ask_all(["a"])
    before = sorted(folder.glob("*.sqlite"))
    ask_all(["a"])
    assert sorted(folder.glob("*.sqlite")) == before
