"""Gate: how many calls are in flight, what they may cost, and how a run stops without losing a paid answer.

A call passes the gate before it is sent and holds its place until its answer is recorded. Worst-case cost is reserved
on the way in, so a budget is never overrun; what was not used is given back as soon as the answer is in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from seethink.core.rejected import Stopped


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may pay for; None is no limit.

    Attributes:
        max_calls: calls that were or may have been billed.
        max_completion_tokens: completion tokens, reserved at ``max_tokens`` per call and booked at what the endpoint
            counted. Prompt tokens of pictures cannot be known beforehand and are not limited here.
    """

    max_calls: int | None = None
    max_completion_tokens: int | None = None


class Gate:
    """At most ``width`` calls in flight within ``budget``. Belongs to one event loop."""

    def __init__(self, width: int, budget: Budget | None = None) -> None:
        if width < 1:
            raise ValueError(f"width {width}: at least one call must be allowed in flight")
        self.width = width
        self.budget = budget or Budget()
        self.in_flight = 0
        self.spent_calls = 0
        self.spent_tokens = 0
        self._reserved_calls = 0
        self._reserved_tokens = 0
        self._stop_reason: str | None = None
        self._stopping = asyncio.Event()
        self._changed = asyncio.Condition()
        self._waker: asyncio.Task[None] | None = None

    @property
    def stopped(self) -> str | None:
        """Why nothing is admitted any more, or None."""
        return self._stop_reason

    def stop(self, reason: str) -> None:
        """Admit nothing more; calls in flight finish and are recorded. Call it on the gate's event loop."""
        if self._stop_reason is None:
            self._stop_reason = reason
            self._stopping.set()
            self._waker = asyncio.get_running_loop().create_task(self._wake_all())

    @asynccontextmanager
    async def admit(self, max_tokens: int | None) -> AsyncIterator[Place]:
        """Wait for a place; ``max_tokens`` is the request's own limit. Raises Stopped."""
        if max_tokens is None and self.budget.max_completion_tokens is not None:
            raise ValueError("a token budget needs max_tokens in every request: set it in the sampling")
        place = Place(self, max_tokens or 0)
        async with self._changed:
            while not self._may_enter(place.worst_tokens):
                await self._changed.wait()
            self.in_flight += 1
            self.reserve(place.worst_tokens)
        try:
            yield place
        finally:
            self.in_flight -= 1
            place.leave()
            async with self._changed:
                self._changed.notify()

    def reserve(self, tokens: int) -> None:
        self._reserved_calls += 1
        self._reserved_tokens += tokens

    def release(self, tokens: int) -> None:
        self._reserved_calls -= 1
        self._reserved_tokens -= tokens

    def book(self, tokens: int) -> None:
        self.spent_calls += 1
        self.spent_tokens += tokens

    async def pause(self, seconds: float) -> None:
        """Sleep, but not through a stop. Raises Stopped."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped(self._stop_reason)

    def require_room(self, tokens: int) -> None:
        """Stop the run where one more call of ``tokens`` would not fit the budget. Raises Stopped."""
        if not self._fits(tokens):
            self.stop(self._budget_reason())
            raise Stopped(self._stop_reason)

    def _may_enter(self, tokens: int) -> bool:
        if self._stop_reason is not None:
            raise Stopped(self._stop_reason)
        # While others are in flight their unused reservation may still make room.
        if self.in_flight == 0:
            self.require_room(tokens)
        return self.in_flight < self.width and self._fits(tokens)

    def _fits(self, tokens: int) -> bool:
        calls, most_tokens = self.budget.max_calls, self.budget.max_completion_tokens
        return (calls is None or self.spent_calls + self._reserved_calls + 1 <= calls) and (
            most_tokens is None or self.spent_tokens + self._reserved_tokens + tokens <= most_tokens
        )

    def _budget_reason(self) -> str:
        spent = []
        if self.budget.max_calls is not None:
            spent.append(f"{self.spent_calls} of {self.budget.max_calls} calls")
        if self.budget.max_completion_tokens is not None:
            spent.append(f"{self.spent_tokens} of {self.budget.max_completion_tokens} completion tokens")
        return f"the next call does not fit the budget ({', '.join(spent)} spent): raise it and run again"

    async def _wake_all(self) -> None:
        async with self._changed:
            self._changed.notify_all()


class Place:
    """A call's place behind the gate, with the worst case of its next attempt set aside."""

    def __init__(self, gate: Gate, worst_tokens: int) -> None:
        self._gate = gate
        self.worst_tokens = worst_tokens
        self._reserved = True

    def paid(self, completion_tokens: int | None) -> None:
        """Book an answered attempt; where the endpoint did not count, at its worst case."""
        self.leave()
        self._gate.book(self.worst_tokens if completion_tokens is None else completion_tokens)

    def possibly_paid(self) -> None:
        """Book an attempt whose outcome is unknown, at its worst case."""
        self.paid(None)

    async def wait(self, seconds: float) -> None:
        """Wait before the next attempt, holding the place so that a struggling endpoint is not asked by others."""
        await self._gate.pause(seconds)
        if not self._reserved:
            self._gate.require_room(self.worst_tokens)
            self._gate.reserve(self.worst_tokens)
            self._reserved = True

    def leave(self) -> None:
        if self._reserved:
            self._gate.release(self.worst_tokens)
            self._reserved = False
