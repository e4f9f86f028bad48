"""Judge: whoever is asked where a rule set cannot decide by itself.

A judge is a plain callable, from one request to the text of a reply. One that can answer many requests at once gives
itself an ``ask_all`` method as well; verdicts do not depend on which of the two is used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, runtime_checkable

API_FAILURE = "Failed to obtain answer via API"
"""A reply that contains this is a failed attempt: the harness's clients return it where they got nothing."""


class Stage(StrEnum):
    """What a request is for."""

    EXTRACT = "extract"
    """Read the answer (an option, a number, letters) out of a response."""
    VERDICT = "verdict"
    """Say 0 or 1 of an extraction, beside the gold answer (MathVerse only)."""


@dataclass(frozen=True)
class JudgeRequest:
    """One attempt for one row.

    Attributes:
        benchmark: name of the benchmark ("mathvista").
        number: place of the row among the rows that were given, from 0.
        row: the row itself, as it was given.
        prediction: the prediction as the harness has it after its storage ("nan" for a missing one).
        stage: extract or verdict.
        extraction: in stage verdict the extraction to be judged, None before.
        attempt: 0 for the first attempt of this stage, at most 4.
        temperature: 0.5 * attempt, as the harness asks for it.
        max_tokens: the harness's limit of the reply.
        prompt: the whole request as text, in our wording.
    """

    benchmark: str
    number: int
    row: Mapping[str, object]
    prediction: str
    stage: Stage
    extraction: str | None
    attempt: int
    temperature: float
    max_tokens: int
    prompt: str


class JudgeFailed(Exception):
    """A judge raises this where it got no reply: a failed attempt. The message is kept in the row's calls."""


@runtime_checkable
class BatchJudge(Protocol):
    """Answers many requests at once, in their order; None or a ``JudgeFailed`` is a failed attempt of that row."""

    def ask_all(self, requests: Sequence[JudgeRequest]) -> Sequence[str | JudgeFailed | None]: ...


class SingleJudge(Protocol):
    """Answers one request; None, or raising ``JudgeFailed`` or an ``OSError``, is a failed attempt.

    Anything else that it raises ends the scoring: a defect of the judge must not become a wrong answer.
    """

    def __call__(self, request: JudgeRequest, /) -> str | None: ...


Judge = SingleJudge | BatchJudge


@dataclass(frozen=True)
class JudgeCall:
    """One call that was made, and what came back: None where it failed, and ``error`` says why."""

    stage: Stage
    attempt: int
    temperature: float
    reply: str | None
    error: str = ""
