"""Purchase: the life of one call, from the gate to the record.

gate → intent recorded → sent → *answered* (recorded, place given on, returned once the disk has it) | *refused* (wait,
again) | *unknown* (recorded, again a few times) | *wrong* (recorded, given up).
"""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from itertools import count

from seethink.core.rejected import InputError, Stopped
from seethink.teachers.answer import Answer, Usage
from seethink.teachers.endpoint import Endpoint
from seethink.teachers.entries import Entry, State
from seethink.teachers.gate import Amount, Budget, Gate
from seethink.teachers.ledger import Ledger
from seethink.teachers.prices import Price
from seethink.teachers.reply import Outcome, Refused, Reply, Unknown, Wrong
from seethink.teachers.request import Request

REFUSES = "teacher refuses the request"
NO_ANSWER = "no answer from the teacher"
"""Reasons of Unanswered."""

_jitter = random.Random()


class Unanswered(Exception):
    """This request got no answer and others may: its item is set aside. ``reason`` is a short fixed phrase."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long a call is tried. All choice.

    Attributes:
        refusals: attempts a server may refuse before the run stops: it is the server that is in trouble, not the item.
        unknowns: repeats of a call whose outcome is unknown, each possibly paid, before its item is set aside.
        first_wait, longest_wait: seconds; waits double from one refusal to the next, times a random 0.5 to 1.
        longest_asked_wait: seconds; a longer Retry-After is cut to this.
        batch_poll: seconds between two looks at a batch file that is out.
    """

    refusals: int = 10
    unknowns: int = 2
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked_wait: float = 600.0
    batch_poll: float = 60.0


async def purchase(
    request: Request,
    key: str,
    *,
    endpoint: Endpoint,
    ledger: Ledger,
    gate: Gate,
    patience: Patience,
    price: Price | None = None,
    purpose: str = "",
) -> Answer:
    """Pay for one answer. Raises Unanswered, Stopped, or InputError where no request can succeed."""
    limit = request.sampling.limit
    worst = worst_case(request, gate.budget, price)
    refusals = unknowns = 0
    async with gate.admit(endpoint.account, worst, request.worst_prompt_tokens + (limit or 0)) as place:
        for attempt in count(1):
            if gate.stopped is not None:
                raise Stopped(gate.stopped)
            entry = Entry(key, State.INTENT, request.model, attempt, limit, purpose=purpose)
            await ledger.note(entry)
            outcome = await _send(endpoint, request, entry, ledger)
            match outcome:
                case Reply() as reply:
                    written = await ledger.note(answered(entry, reply))
                    place.paid(*spent(reply.usage, worst, price))
                    break
                case Wrong(detail):
                    await ledger.note(replace(entry, state=State.WRONG, detail=detail))
                    raise Unanswered(REFUSES, detail)
                case Unknown(detail):
                    place.possibly_paid()
                    await ledger.note(replace(entry, state=State.UNKNOWN, detail=detail))
                    unknowns += 1
                    if unknowns > patience.unknowns:
                        raise Unanswered(NO_ANSWER, f"{detail}, {attempt} attempts")
                    await place.wait(_wait(unknowns, None, patience))
                case Refused(detail, retry_after, too_many):
                    asked = None if retry_after is None else min(retry_after, patience.longest_asked_wait)
                    place.refused(too_many=too_many, retry_after=asked)
                    await ledger.note(replace(entry, state=State.REFUSED, detail=detail))
                    refusals += 1
                    if refusals > patience.refusals:
                        raise InputError(
                            f"{endpoint.base_url} refused {refusals} times in a row ({detail}): "
                            "check the server, lower the width, and run again"
                        )
                    await place.wait(_wait(refusals, asked, patience))
    # The next call is on its way while the disk is waited for.
    await ledger.sync(written)
    return Answer(reply.text, reply.finish_reason, reply.usage, reused=False)


def worst_case(request: Request, budget: Budget, price: Price | None, *, batch: bool = False) -> Amount:
    """What one attempt is set aside at. ValueError where the budget limits what the request leaves open."""
    limit = request.sampling.limit
    if limit is None and (budget.max_completion_tokens is not None or budget.max_cost is not None):
        raise ValueError("a budget of tokens or money needs max_tokens in every request: set it in the sampling")
    if price is None:
        if budget.max_cost is not None:
            raise ValueError(f"a budget of money needs a price of {request.model}: put it into a list of prices")
        return Amount(1, limit or 0)
    prompt = request.worst_prompt_tokens + request.pictures * price.picture_tokens
    return Amount(1, limit or 0, price.cost(prompt, limit or 0, batch=batch))


def spent(usage: Usage, worst: Amount, price: Price | None, *, batch: bool = False) -> tuple[Amount, int | None]:
    """What an answer took, at worst where the endpoint did not count, and its tokens of both kinds."""
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    if prompt is None or completion is None:
        return worst._replace(tokens=worst.tokens if completion is None else completion), None
    cost = price.cost(prompt, completion, batch=batch) if price else 0.0
    return Amount(1, completion, cost), prompt + completion


def answered(entry: Entry, reply: Reply) -> Entry:
    """The entry that records an answer."""
    return replace(
        entry,
        state=State.ANSWERED,
        text=reply.text,
        finish_reason=reply.finish_reason,
        usage=reply.usage,
        provider_id=reply.provider_id,
    )


async def _send(endpoint: Endpoint, request: Request, entry: Entry, ledger: Ledger) -> Outcome:
    try:
        return await endpoint.post(request)
    except (InputError, Stopped) as error:
        # The whole run is about to stop; the ledger still says that this call was not paid.
        await ledger.note(replace(entry, state=State.REFUSED, detail=str(error)))
        raise


def _wait(failures: int, asked: float | None, patience: Patience) -> float:
    if asked is not None:
        return asked + _jitter.uniform(0, patience.first_wait)
    longest = min(patience.longest_wait, patience.first_wait * 2.0 ** (failures - 1))
    return longest * _jitter.uniform(0.5, 1.0)
