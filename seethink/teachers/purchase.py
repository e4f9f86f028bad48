"""Purchase: the life of one call, from the gate to the record.

gate → intent recorded → sent → *answered* (recorded, returned) | *refused* (wait, again) | *unknown* (recorded, again a
few times) | *wrong* (recorded, given up).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import count

from seethink.core.rejected import InputError, Stopped
from seethink.teachers.answer import Answer
from seethink.teachers.endpoint import Endpoint, Refused, Reply, Unknown, Wrong
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Entry, Ledger, State
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
    """

    refusals: int = 10
    unknowns: int = 2
    first_wait: float = 1.0
    longest_wait: float = 60.0
    longest_asked_wait: float = 600.0


async def purchase(
    request: Request, key: str, *, endpoint: Endpoint, ledger: Ledger, gate: Gate, patience: Patience
) -> Answer:
    """Pay for one answer. Raises Unanswered, Stopped, or InputError where no request can succeed."""
    refusals = unknowns = 0
    async with gate.admit(request.sampling.max_tokens) as place:
        for attempt in count(1):
            if gate.stopped is not None:
                raise Stopped(gate.stopped)
            await ledger.note(Entry(key, State.INTENT, request.model, attempt))
            outcome = await _send(endpoint, request, key, attempt, ledger)
            match outcome:
                case Reply(text, finish_reason, usage, provider_id):
                    place.paid(usage.completion_tokens)
                    await ledger.note(
                        Entry(key, State.ANSWERED, request.model, attempt, text, finish_reason, usage, provider_id)
                    )
                    return Answer(text, finish_reason, usage, reused=False)
                case Wrong(detail):
                    await ledger.note(Entry(key, State.WRONG, request.model, attempt, detail=detail))
                    raise Unanswered(REFUSES, detail)
                case Unknown(detail):
                    place.possibly_paid()
                    await ledger.note(Entry(key, State.UNKNOWN, request.model, attempt, detail=detail))
                    unknowns += 1
                    if unknowns > patience.unknowns:
                        raise Unanswered(NO_ANSWER, f"{detail}, {attempt} attempts")
                    await place.wait(_wait(unknowns, None, patience))
                case Refused(detail, retry_after):
                    await ledger.note(Entry(key, State.REFUSED, request.model, attempt, detail=detail))
                    refusals += 1
                    if refusals > patience.refusals:
                        raise InputError(
                            f"{endpoint.base_url} refused {refusals} times in a row ({detail}): "
                            "check the server, lower the width, and run again"
                        )
                    await place.wait(_wait(refusals, retry_after, patience))
    raise AssertionError("unreachable")


async def _send(
    endpoint: Endpoint, request: Request, key: str, attempt: int, ledger: Ledger
) -> Reply | Refused | Unknown | Wrong:
    try:
        return await endpoint.post(request)
    except (InputError, Stopped) as error:
        # The whole run is about to stop; the ledger still says that this call was not paid.
        await ledger.note(Entry(key, State.REFUSED, request.model, attempt, detail=str(error)))
        raise


def _wait(failures: int, asked: float | None, patience: Patience) -> float:
    if asked is not None:
        return min(asked, patience.longest_asked_wait) + _jitter.uniform(0, patience.first_wait)
    longest = min(patience.longest_wait, patience.first_wait * 2.0 ** (failures - 1))
    return longest * _jitter.uniform(0.5, 1.0)
