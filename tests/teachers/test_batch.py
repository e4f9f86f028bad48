"""Requests handed in as files: once, whatever happens on the way."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from seethink.core.rejected import InputError, Stopped
from seethink.teachers import Budget, Message, Unanswered, batch
from seethink.teachers.batch import BatchDesk, Deferred
from seethink.teachers.entries import BatchState


@pytest.fixture
def buy(session: Callable[..., Any]) -> Callable[..., Any]:
    """Ask all texts through batch files until none is deferred; answers and exceptions in order."""

    def run(texts: list[str], *, by_hand: bool = False, **settings: Any) -> Any:
        async def talk(teacher: Any) -> Any:
            desk = BatchDesk(teacher.endpoint, teacher.ledger, teacher.gate, teacher.patience, by_hand=by_hand)
            teacher = replace(teacher, desk=desk, purpose="caption")
            await desk.resume()
            while True:
                asked = (teacher.ask([Message("user", text)]) for text in texts)
                outcomes = await asyncio.gather(*asked, return_exceptions=True)
                if not any(isinstance(outcome, Deferred) for outcome in outcomes):
                    return outcomes
                await desk.settle()

        return session(talk, **settings)

    return run


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "batches").iterdir())


def test_a_step_is_one_file_in_the_providers_form_and_its_answers_are_found(
    server: Any, buy: Callable[..., Any], ask_all: Callable[..., Any], folder: Path
) -> None:
    assert [answer.text for answer in buy(["a", "b", "a"])] == ["echo a", "echo b", "echo a"]
    [lines] = [server.files[one["input_file_id"]].splitlines() for one in server.batches.values()]
    asked = [json.loads(line) for line in lines]
    assert [set(line) for line in asked] == [{"custom_id", "method", "url", "body"}] * 2
    assert asked[0]["body"] == {
        "model": "m",
        "messages": [{"role": "user", "content": "a"}],
        "temperature": 0.0,
        "max_tokens": 16,
    }
    # The same requests, asked call by call, are already paid.
    assert all(answer.reused for answer in ask_all(["a", "b"])) and not server.attempts
    assert server.billed == 2 and left(folder) == []


def test_a_run_that_died_with_a_batch_out_finds_it_again(
    server: Any, buy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.batch_looks = 10**6
    with pytest.raises(TimeoutError):
        monkeypatch.setattr("seethink.teachers.gate.Gate.pause", _die)
        buy(["a", "b"])
    monkeypatch.undo()
    server.batch_looks = 1
    assert [answer.text for answer in buy(["a", "b"])] == ["echo a", "echo b"]
    assert len(server.batches) == 1 and server.billed == 2


@pytest.mark.parametrize("reached", [False, True])
def test_a_run_that_died_while_it_handed_in_does_not_hand_in_twice(
    server: Any, buy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, reached: bool
) -> None:
    """Its ledger says that it was about to; the provider knows whether it did."""
    submit = batch.Endpoint.submit_batch

    async def dies(self: Any, path: Path, name: str) -> str:
        if reached:
            await submit(self, path, name)
        raise TimeoutError

    monkeypatch.setattr(batch.Endpoint, "submit_batch", dies)
    with pytest.raises(TimeoutError):
        buy(["a", "b"])
    monkeypatch.undo()
    assert len(server.batches) == reached
    assert [answer.text for answer in buy(["a", "b"])] == ["echo a", "echo b"]
    assert len(server.batches) == 1 and server.billed == 2


def test_what_a_batch_refuses_is_set_aside_and_what_failed_in_it_is_asked_again(
    server: Any, buy: Callable[..., Any], folder: Path
) -> None:
    failed: list[str] = []

    def status(body: Any) -> int:
        text = body["messages"][-1]["content"]
        failed.extend([text] if text == "late" else [])
        return 400 if text == "bad" else 500 if text == "late" and len(failed) < 3 else 200

    server.batch_status = status
    good, bad, late = buy(["good", "bad", "late"])
    assert (good.text, late.text) == ("echo good", "echo late")
    assert isinstance(bad, Unanswered) and bad.reason == "teacher refuses the request" and "scripted 400" in bad.detail
    assert len(server.batches) == 3


def test_what_never_comes_back_is_given_up(server: Any, buy: Callable[..., Any]) -> None:
    server.batch_status = lambda body: 500
    [problem] = buy(["a"])
    assert isinstance(problem, Unanswered) and problem.reason == "no answer from the teacher"
    assert len(server.batches) == 3


def test_a_batch_is_bought_whole_or_not_at_all(server: Any, buy: Callable[..., Any]) -> None:
    with pytest.raises(Stopped, match="budget"):
        buy(["a", "b", "c"], budget=Budget(max_calls=2))
    assert not server.batches


def test_requests_out_and_not_booked_are_possibly_paid(
    server: Any, session: Callable[..., Any], buy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.batch_looks = 10**6
    with pytest.raises(TimeoutError):
        monkeypatch.setattr("seethink.teachers.gate.Gate.pause", _die)
        buy(["a", "b"])

    async def look(teacher: Any) -> Any:
        return teacher.ledger.spent()["m"], teacher.ledger.batches()

    spent, [sent] = session(look)
    assert (spent.answers, spent.possibly_paid) == (0, 2)
    assert (sent.state, sent.requests, sent.max_tokens, sent.purpose) == (BatchState.OUT, 2, 32, "caption")


def test_files_carried_by_hand_wait_for_their_results(server: Any, buy: Callable[..., Any], folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(Stopped, match=r"2 requests wait in .*\.jsonl"):
            buy(["a", "b"], by_hand=True)
    [asked] = (folder / "batches").glob("*.jsonl")
    results = []
    for line in asked.read_text().splitlines():
        request = json.loads(line)
        choice = {"message": {"content": request["body"]["messages"][-1]["content"].upper()}, "finish_reason": "stop"}
        body = {"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}
        answer = {"status_code": 200, "request_id": "r", "body": body}
        results.append({"id": "vllm-1", "custom_id": request["custom_id"], "response": answer, "error": None})
    stranger = {**results[0], "custom_id": "f" * 64}
    lines = ["not json", json.dumps([1]), json.dumps(stranger), *map(json.dumps, results)]
    asked.with_name(asked.stem + ".results.jsonl").write_text("\n".join(lines))
    assert [answer.text for answer in buy(["a", "b"], by_hand=True)] == ["A", "B"]
    assert not server.requests and left(folder) == []


def test_a_server_without_batch_files_is_named(buy: Callable[..., Any], server: Any) -> None:
    with pytest.raises(InputError, match="transport: calls"):
        buy(["a"], base_url=server.base_url.replace("/v1", "/elsewhere"))


def test_a_file_is_closed_before_it_grows_too_large(
    server: Any, buy: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "MAX_REQUESTS", 2)
    assert len(buy([str(number) for number in range(5)])) == 5
    assert sorted(len(server.files[one["input_file_id"]].splitlines()) for one in server.batches.values()) == [1, 2, 2]


async def _die(*asked: Any) -> None:
    raise TimeoutError
