"""What the ledger holds: a line for each call, and one for each batch file."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from seethink.teachers.answer import Usage


class State(StrEnum):
    """What an entry says of a call."""

    INTENT = "intent"
    ANSWERED = "answered"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger; ``text`` only where it was answered, ``detail`` for a person.

    Attributes:
        max_tokens: the request's limit of completion tokens, what it may cost at worst.
        batch: it came through a batch file.
        purpose: what it was bought for, the name of a step, say; another purpose finds it all the same.
    """

    key: str
    state: State
    model: str
    attempt: int
    max_tokens: int | None = None
    batch: bool = False
    purpose: str = ""
    text: str | None = None
    finish_reason: str = ""
    usage: Usage = field(default_factory=Usage)
    provider_id: str = ""
    detail: str = ""

    def columns(self, now: float) -> tuple[Any, ...]:
        blob = None if self.text is None else zlib.compress(self.text.encode("utf-8", "surrogatepass"), 1)
        usage = self.usage
        return (
            self.key,
            self.state.value,
            self.model,
            self.attempt,
            now,
            self.max_tokens,
            int(self.batch),
            self.purpose,
            self.finish_reason,
            usage.prompt_tokens,
            usage.completion_tokens,
            usage.reasoning_tokens,
            self.provider_id,
            self.detail,
            blob,
        )


class BatchState(StrEnum):
    """Where a batch file is."""

    SUBMITTING = "submitting"
    """About to be sent, or sent by a process that died before it knew the id."""
    OUT = "out"
    BOOKED = "booked"
    """Its answers are in the ledger."""
    FAILED = "failed"
    """The provider did not take it; nothing was paid."""


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """What became of a batch file.

    Attributes:
        name: of the file of requests; its stem is a hash of what is in it.
        account: address and key's variable it was sent with.
        requests, max_tokens: how many, and what they may take at worst.
    """

    name: str
    state: BatchState
    account: str
    model: str
    purpose: str
    requests: int
    max_tokens: int
    batch_id: str = ""

    def columns(self, now: float) -> tuple[Any, ...]:
        what = (self.name, self.state.value, self.batch_id, self.account, self.model, self.purpose)
        return (*what, self.requests, self.max_tokens, now)
