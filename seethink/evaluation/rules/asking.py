"""Asking the judge: attempt after attempt for every row, many rows at once where the judge can.

What a reply is worth depends on the row and its attempts alone, so the order of asking changes no verdict.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seethink.core.rejected import InputError
from seethink.evaluation.rules.judge import (
    API_FAILURE,
    BatchJudge,
    Judge,
    JudgeCall,
    JudgeFailed,
    JudgeRequest,
    SingleJudge,
    Stage,
)


class Manner(NamedTuple):
    """How a benchmark asks: attempts, how much warmer each is than the one before, the limit of a reply in tokens, and
    the text that marks a reply as failed, if any does."""

    attempts: int
    warmer: float
    max_tokens: int
    failure: str | None


PATIENT = Manner(attempts=5, warmer=0.5, max_tokens=128, failure=f"{API_FAILURE}.")
"""Of MathVista, MATH-V, MathVerse and LogicVista."""


@dataclass(frozen=True)
class Matter:
    """What one row is asked.

    Attributes:
        prediction: as the harness prints it.
        accept: what a reply is taken for; None asks for another attempt.
    """

    number: int
    row: Mapping[str, object]
    prediction: str
    prompt: str
    accept: Callable[[str], str | None]
    extraction: str | None = None


class Answered(NamedTuple):
    """``value``: what the accepted reply was taken for, None where no attempt gave one."""

    value: str | None
    calls: tuple[JudgeCall, ...]

    @property
    def reached(self) -> bool:
        """Whether the last attempt got a reply at all."""
        return bool(self.calls) and self.calls[-1].reply is not None


@dataclass
class _Turn:
    """One row between its attempts."""

    matter: Matter
    calls: list[JudgeCall] = field(default_factory=list)
    value: str | None = None

    def take(self, request: JudgeRequest, reply: str | JudgeFailed | None, manner: Manner) -> None:
        if isinstance(reply, str):
            failed = manner.failure is not None and manner.failure in reply
            self.value = None if failed else self.matter.accept(reply)
            error = "the reply says that there is none" if API_FAILURE in reply else ""
            kept = None if error else reply
        elif reply is None or isinstance(reply, JudgeFailed):
            kept, error = None, str(reply or "no reply")
        else:
            told = type(reply).__name__
            raise InputError(f"the judge replied with a {told} to row {request.number}: return text, or None for none")
        self.calls.append(JudgeCall(request.stage, request.attempt, request.temperature, kept, error))


def ask(judge: Judge, benchmark: str, stage: Stage, matters: Sequence[Matter], manner: Manner) -> list[Answered]:
    """What the judge makes of each matter, in their order.

    Raises InputError where a judge does not keep to its protocol, and whatever it raises itself but ``JudgeFailed`` and
    ``OSError``.
    """
    turns = [_Turn(matter) for matter in matters]

    def request(turn: _Turn) -> JudgeRequest:
        matter, attempt = turn.matter, len(turn.calls)
        return JudgeRequest(
            benchmark=benchmark,
            number=matter.number,
            row=matter.row,
            prediction=matter.prediction,
            stage=stage,
            extraction=matter.extraction,
            attempt=attempt,
            temperature=manner.warmer * attempt,
            max_tokens=manner.max_tokens,
            prompt=matter.prompt,
        )

    if isinstance(judge, BatchJudge):
        open_turns = turns
        for _ in range(manner.attempts):
            requests = [request(turn) for turn in open_turns]
            for turn, one, reply in zip(open_turns, requests, _replies(judge, requests), strict=True):
                turn.take(one, reply, manner)
            open_turns = [turn for turn in open_turns if turn.value is None]
    else:
        for turn in turns:
            while turn.value is None and len(turn.calls) < manner.attempts:
                one = request(turn)
                turn.take(one, _reply(judge, one), manner)
    return [Answered(turn.value, tuple(turn.calls)) for turn in turns]


def _replies(judge: BatchJudge, requests: Sequence[JudgeRequest]) -> Sequence[str | JudgeFailed | None]:
    if not requests:
        return []
    replies = judge.ask_all(requests)
    if len(replies) != len(requests):
        raise InputError(f"the judge gave {len(replies)} replies to {len(requests)} requests: one each, in their order")
    return replies


def _reply(judge: SingleJudge, request: JudgeRequest) -> str | JudgeFailed | None:
    try:
        return judge(request)
    except JudgeFailed as error:
        return error
    except OSError as error:
        return JudgeFailed(f"{type(error).__name__}: {error}")
