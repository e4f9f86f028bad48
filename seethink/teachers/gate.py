"""Gate: how many calls are in flight, what they may cost, and how a run stops without losing a paid answer.

A call passes the gate before it is sent and holds its place until its answer is recorded. Its worst case is set aside
on the way in, so a budget is never overrun; what was not used is given back as soon as the answer is in.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import NamedTuple

from seethink.core.rejected import Stopped
from seethink.teachers.pace import Pace, PerMinute, Sent


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may pay for; None is no limit.

    Attributes:
        max_calls: calls that were or may have been billed.
        max_completion_tokens: completion tokens, set aside at the request's limit and booked at what the endpoint
            counted.
        max_cost: money, in the currency of the price list; prompts are set aside at one token per byte of text, which
            no tokenizer exceeds, and pictures at the price list's ``picture_tokens``.
    """

    max_calls: int | None = None
    max_completion_tokens: int | None = None
    max_cost: float | None = None


class Amount(NamedTuple):
    """What a call takes, at worst or in fact; ``tokens`` are completion tokens."""

    calls: int = 0
    tokens: int = 0
    cost: float = 0.0

    def plus(self, other: Amount, sign: int = 1) -> Amount:
        return Amount(self.calls + sign * other.calls, self.tokens + sign * other.tokens, self.cost + sign * other.cost)


class _Waiting(NamedTuple):
    place: Place
    entered: asyncio.Future[None]


class Gate:
    """At most ``width`` calls in hand within ``budget``, each endpoint at its own pace. Belongs to one event loop."""

    def __init__(self, width: int, budget: Budget | None = None, limits: PerMinute | None = None) -> None:
        if width < 1:
            raise ValueError(f"width {width}: at least one call must be allowed in flight")
        self.width = width
        self.budget = budget or Budget()
        self.in_flight = 0
        self.spent = Amount()
        self._limits = limits
        self._reserved = Amount()
        self._stop_reason: str | None = None
        self._stopping = asyncio.Event()
        self._paces: dict[str, Pace] = {}
        self._queues: dict[Pace, deque[_Waiting]] = {}
        self._alarm: asyncio.TimerHandle | None = None

    @property
    def stopped(self) -> str | None:
        """Why nothing is admitted any more, or None."""
        return self._stop_reason

    @property
    def open_width(self) -> int:
        """Calls that may be in flight now, pace considered."""
        return min(self.width, sum(pace.limit for pace in self._paces.values()) or self.width)

    def stop(self, reason: str) -> None:
        """Admit nothing more; calls in flight finish and are recorded. Call it on the gate's event loop."""
        if self._stop_reason is not None:
            return
        self._stop_reason = reason
        self._stopping.set()
        for queue in self._queues.values():
            while queue:
                _refuse(queue.popleft().entered, reason)

    @asynccontextmanager
    async def admit(self, account: str, worst: Amount, tokens: int = 0) -> AsyncIterator[Place]:
        """Wait for a place. Raises Stopped.

        Args:
            account: endpoint and key; each has a pace of its own.
            worst: what the call costs at worst.
            tokens: prompt and completion tokens that it may take at worst, for the limit per minute.
        """
        place = Place(self, self._pace(account), worst, tokens)
        await place.enter(first=True)
        try:
            yield place
        finally:
            place.leave()

    def reserve(self, worst: Amount) -> None:
        """Set aside. Stops the run where that does not fit the budget. Raises Stopped."""
        if self._stop_reason is None and not self._fits(worst):
            self.stop(self._budget_reason())
        if self._stop_reason is not None:
            raise Stopped(self._stop_reason)
        self._reserved = self._reserved.plus(worst)

    def release(self, worst: Amount, spent: Amount | None = None) -> None:
        """What was set aside is free again, but for what was spent."""
        self._reserved = self._reserved.plus(worst, -1)
        if spent is not None:
            self.spent = self.spent.plus(spent)
        self.let_in()

    async def pause(self, seconds: float) -> None:
        """Sleep, but not through a stop. Raises Stopped."""
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return
        raise Stopped(self._stop_reason)

    async def enter(self, place: Place, *, first: bool) -> None:
        """Wait until ``place`` may send. Who held a place before goes in front of who asks for one."""
        if self._stop_reason is not None:
            raise Stopped(self._stop_reason)
        queue = self._queues.setdefault(place.pace, deque())
        entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if first:
            queue.append(_Waiting(place, entered))
        else:
            queue.appendleft(_Waiting(place, entered))
        self.let_in()
        try:
            await entered
        except asyncio.CancelledError:
            if entered.done() and not entered.cancelled() and entered.exception() is None:
                place.leave()
            raise

    def let_in(self) -> None:
        """Look again who may enter: a place or some budget became free."""
        if self._stop_reason is not None:
            return
        soonest: float | None = None
        for pace, queue in self._queues.items():
            while queue:
                if queue[0].entered.done():
                    queue.popleft()
                    continue
                wait = pace.wait()
                if wait is None or not self._has_room(queue[0].place):
                    break
                if wait > 0:
                    soonest = wait if soonest is None else min(soonest, wait)
                    break
                place, entered = queue.popleft()
                place.take()
                entered.set_result(None)
        if self._stop_reason is None and soonest is not None:
            self._wake_in(soonest)

    def _has_room(self, place: Place) -> bool:
        if not place.held and self.in_flight >= self.width:
            return False
        if place.reserved or self._fits(place.worst):
            return True
        # While others are in flight, what they do not use may still make room.
        if place.held or self.in_flight == 0:
            self.stop(self._budget_reason())
        return False

    def _wake_in(self, seconds: float) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = asyncio.get_running_loop().call_later(seconds, self.let_in)

    def set_aside(self, worst: Amount) -> None:
        self._reserved = self._reserved.plus(worst)

    def _fits(self, worst: Amount) -> bool:
        budget = self.budget
        after = self.spent.plus(self._reserved).plus(worst)
        return (
            (budget.max_calls is None or after.calls <= budget.max_calls)
            and (budget.max_completion_tokens is None or after.tokens <= budget.max_completion_tokens)
            and (budget.max_cost is None or after.cost <= budget.max_cost)
        )

    def _budget_reason(self) -> str:
        budget, spent = self.budget, []
        if budget.max_calls is not None:
            spent.append(f"{self.spent.calls} of {budget.max_calls} calls")
        if budget.max_completion_tokens is not None:
            spent.append(f"{self.spent.tokens} of {budget.max_completion_tokens} completion tokens")
        if budget.max_cost is not None:
            spent.append(f"{self.spent.cost:.4g} of {budget.max_cost:.4g} in money")
        return f"the next call does not fit the budget ({', '.join(spent)} spent): raise it and run again"

    def _pace(self, account: str) -> Pace:
        if account not in self._paces:
            self._paces[account] = Pace(self.width, self._limits)
        return self._paces[account]


def _refuse(entered: asyncio.Future[None], reason: str) -> None:
    if not entered.done():
        entered.set_exception(Stopped(reason))


class Place:
    """A call's place behind the gate, with the worst case of its next attempt set aside.

    ``held``: it counts as in flight, also while it waits between two attempts. ``reserved``: its worst case is set
    aside.
    """

    def __init__(self, gate: Gate, pace: Pace, worst: Amount, tokens: int) -> None:
        self.pace = pace
        self.worst = worst
        self.held = False
        self.reserved = False
        self._gate = gate
        self._tokens = tokens
        self._sent: Sent | None = None

    async def enter(self, *, first: bool) -> None:
        await self._gate.enter(self, first=first)

    def take(self) -> None:
        """The gate lets this call through."""
        if not self.held:
            self.held = True
            self._gate.in_flight += 1
        if not self.reserved:
            self.reserved = True
            self._gate.set_aside(self.worst)
        self._sent = self.pace.sent(self._tokens)

    def paid(self, spent: Amount, tokens: int | None) -> None:
        """Book an answered attempt; ``tokens`` are prompt and completion, None where the endpoint did not count."""
        self.pace.answered()
        if tokens is not None and self._sent is not None:
            self.pace.counted(self._sent, tokens)
        self._book(spent)

    def possibly_paid(self) -> None:
        """Book an attempt whose outcome is unknown, at its worst case."""
        self.pace.failed()
        self._book(self.worst)

    def refused(self, *, too_many: bool, retry_after: float | None) -> None:
        """The server refused the attempt, with 429 where ``too_many``."""
        if too_many and self._sent is not None:
            self.pace.limited(self._sent, retry_after)
        else:
            self.pace.failed()

    async def wait(self, seconds: float) -> None:
        """Wait before the next attempt, in front of calls that were not tried yet. Raises Stopped."""
        self._back()
        await self._gate.pause(seconds)
        await self.enter(first=False)

    def leave(self) -> None:
        self._back()
        if self.reserved:
            self.reserved = False
            self._gate.release(self.worst)
        if self.held:
            self.held = False
            self._gate.in_flight -= 1
            self._gate.let_in()

    def _book(self, spent: Amount) -> None:
        if self.reserved:
            self.reserved = False
            self._gate.release(self.worst, spent)

    def _back(self) -> None:
        if self._sent is not None:
            self._sent = None
            self.pace.back()
            self._gate.let_in()
