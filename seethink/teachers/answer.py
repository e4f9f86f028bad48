"""Answer: what a teacher said, and what it cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the endpoint counted them; None where it did not say.

    ``completion_tokens`` includes ``reasoning_tokens``.
    """

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    reasoning_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """One paid answer.

    Attributes:
        text: what the model wrote. Reasoning that the endpoint delivers in a field of its own stands in front of it
            again, between think tags, so that a trace is one text wherever it was bought.
        finish_reason: "stop", "length", … as the endpoint said it; "" where it did not.
        reused: True where this asker did not cause a payment: found in the ledger or shared with an equal call.
    """

    text: str
    finish_reason: str
    usage: Usage
    reused: bool

    @property
    def truncated(self) -> bool:
        return self.finish_reason == "length"
