"""Pace: how fast one endpoint is asked.

It begins at the configured width. A server that says "too many" (429) to more than a few calls of one round is asked by
half as many, once per episode, and by nobody until the time it asked for is over; calls that were under way when the
cut was made belong to the same episode. Growth follows a full round of clean answers during which no place was free. A
server that fails (5xx) or cannot be reached is not asked by fewer, only not by more. Beside the width stand the limits
that providers publish, requests and tokens per minute.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

CUT = 0.5
FLOOR = 0.1
GROWTH = 0.1
LONE_SHARE = 0.05
"""Part of the width kept by a cut; least width, and step of growth, as shares of the configured one; share of a round
that may be refused with 429 before it counts as an episode, for a lone refusal says little. All choice."""


@dataclass(frozen=True, slots=True)
class PerMinute:
    """What an account may be asked per minute; None is no limit.

    Attributes:
        tokens: prompt and completion. A call takes what calls used so far on average, and at first its own worst case;
            it is put right by what the endpoint counted.
    """

    requests: int | None = None
    tokens: int | None = None


class Sent(NamedTuple):
    """A call under way: the episode it was sent in, and the tokens set aside for it."""

    episode: int
    tokens: float


class Pace:
    """Of one endpoint and key. All times are seconds of ``clock``."""

    def __init__(
        self, width: int, limits: PerMinute | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.width = width
        self.limit = width
        """Calls that may be under way now: at most ``width``, at least a tenth of it."""
        self.under_way = 0
        self._limits = limits or PerMinute()
        self._clock = clock
        self._opens = 0.0
        self._next_request = 0.0
        self._tokens_free_at = 0.0
        self._tokens_used: float | None = None
        self._episode = 0
        self._round = 0
        self._limited = 0
        self._clean = 0

    def wait(self) -> float | None:
        """Seconds until the next call may be sent, 0 for now; None while all places are taken."""
        if self.under_way >= self.limit:
            return None
        return max(0.0, max(self._opens, self._next_request, self._tokens_free_at) - self._clock())

    def sent(self, tokens: int) -> Sent:
        """Take a place for a call of at most ``tokens``."""
        self.under_way += 1
        if self._limits.requests is not None:
            self._next_request = max(self._clock(), self._next_request) + 60.0 / self._limits.requests
        expected = float(tokens) if self._tokens_used is None else self._tokens_used
        self._take(expected)
        return Sent(self._episode, expected)

    def back(self) -> None:
        """Give the place back, whatever became of the call."""
        self.under_way -= 1

    def counted(self, sent: Sent, tokens: int) -> None:
        """The call used ``tokens``."""
        self._take(tokens - sent.tokens)
        self._tokens_used = tokens if self._tokens_used is None else 0.9 * self._tokens_used + 0.1 * tokens

    def answered(self) -> None:
        """A clean answer; told before its place is given back."""
        self._tick()
        # Answers that arrive while places are free say nothing about a wider stream.
        if self.under_way >= self.limit:
            self._clean += 1
        if self.limit < self.width and self._clean >= self.limit:
            self.limit = min(self.width, self.limit + max(1, round(GROWTH * self.width)))
            self._clean = 0

    def limited(self, sent: Sent, retry_after: float | None) -> None:
        """429 to a call; ``retry_after`` in seconds, where the server said."""
        self._clean = 0
        self._take(-sent.tokens)
        if sent.episode < self._episode:
            return
        self._limited += 1
        if self._limited <= max(1, int(LONE_SHARE * self.limit)):
            self._tick()
            return
        self._episode += 1
        self.limit = max(1, round(FLOOR * self.width), int(CUT * self.limit))
        self._opens = self._clock() + (retry_after or 0.0)
        self._round = self._limited = 0

    def failed(self) -> None:
        """5xx, no connection, or no readable answer: no growth until a round is clean again."""
        self._clean = 0
        self._tick()

    def _tick(self) -> None:
        self._round += 1
        if self._round >= self.limit:
            self._round = self._limited = 0

    def _take(self, tokens: float) -> None:
        if self._limits.tokens is not None:
            now = self._clock()
            self._tokens_free_at = max(now, self._tokens_free_at) + tokens * 60.0 / self._limits.tokens
