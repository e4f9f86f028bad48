"""Teachers: paying for answers, once.

    address      where a teacher is asked, and which variable holds its key
    picture      pictures as they are sent
    request      what is asked, and the key under which its answer is kept
    answer       what came back
    ledger       every paid answer, recorded before it is used, found again after any crash
    ledger_file  one of its files; compact merges those of ended processes
    entries      its lines; totals, what they come to
    gate         how many calls at once, how much they may cost, and how a run is stopped without losing one
    pace         how fast one endpoint is asked
    endpoint     one HTTP attempt (the only file that knows the SDK); reply is what became of it
    secrets      what may not be recorded of what an endpoint says
    purchase     the life of one call: gate, intent, attempts, record
    batch        the same through a provider's batch files
    prices       what a token costs, by model and date; cost is what a ledger paid
    teacher      endpoint + model + sampling, with one method: ``ask``
    session      teachers for code that is not asynchronous; standing keeps one between two batches

The promise: answers are recorded exactly once and a call is sent at least once. After a requested stop nothing is paid
twice; after ``kill -9`` at most the requests in flight at that moment are. What a batch file asks for is paid once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seethink.teachers.answer import Answer, Usage
    from seethink.teachers.endpoint import Endpoint
    from seethink.teachers.gate import Budget, Gate
    from seethink.teachers.ledger import Ledger, Spent
    from seethink.teachers.pace import PerMinute
    from seethink.teachers.prices import Price, Prices, load_prices
    from seethink.teachers.purchase import Patience, Unanswered
    from seethink.teachers.request import Message, Picture, Request, Sampling, Transport, request_key
    from seethink.teachers.teacher import Teacher

_HOME = {
    "Answer": "answer",
    "Budget": "gate",
    "Endpoint": "endpoint",
    "Gate": "gate",
    "Ledger": "ledger",
    "Message": "request",
    "Patience": "purchase",
    "PerMinute": "pace",
    "Picture": "request",
    "Price": "prices",
    "Prices": "prices",
    "Request": "request",
    "Sampling": "request",
    "Spent": "ledger",
    "Teacher": "teacher",
    "Transport": "request",
    "Unanswered": "purchase",
    "Usage": "answer",
    "load_prices": "prices",
    "request_key": "request",
}

__all__ = [
    "Answer",
    "Budget",
    "Endpoint",
    "Gate",
    "Ledger",
    "Message",
    "Patience",
    "PerMinute",
    "Picture",
    "Price",
    "Prices",
    "Request",
    "Sampling",
    "Spent",
    "Teacher",
    "Transport",
    "Unanswered",
    "Usage",
    "load_prices",
    "request_key",
]


def __getattr__(name: str) -> Any:
    """Load a name on first use: the SDK costs half a second and most commands never call a teacher."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
