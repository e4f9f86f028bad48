"""Teachers: paying for answers, once.

    address    where a teacher is asked, and which variable holds its key
    picture    pictures as they are sent
    request    what is asked, and the key under which its answer is kept
    answer     what came back
    ledger     every paid answer, recorded before it is used, found again after any crash
    gate       how many calls at once, how much they may cost, and how a run is stopped without losing one
    endpoint   one HTTP attempt and what became of it (the only file that knows the SDK)
    purchase   the life of one call: gate, intent, attempts, record
    teacher    endpoint + model + sampling, with one method: ``ask``

The promise: answers are recorded exactly once and a call is sent at least once. After a requested stop nothing is paid
twice; after ``kill -9`` at most the requests in flight at that moment are.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seethink.teachers.answer import Answer, Usage
    from seethink.teachers.endpoint import Endpoint
    from seethink.teachers.gate import Budget, Gate
    from seethink.teachers.ledger import Ledger, Spent
    from seethink.teachers.purchase import Patience, Unanswered
    from seethink.teachers.request import Message, Picture, Request, Sampling, request_key
    from seethink.teachers.teacher import Teacher

_HOME = {
    "Answer": "answer",
    "Budget": "gate",
    "Endpoint": "endpoint",
    "Gate": "gate",
    "Ledger": "ledger",
    "Message": "request",
    "Patience": "purchase",
    "Picture": "request",
    "Request": "request",
    "Sampling": "request",
    "Spent": "ledger",
    "Teacher": "teacher",
    "Unanswered": "purchase",
    "Usage": "answer",
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
    "Picture",
    "Request",
    "Sampling",
    "Spent",
    "Teacher",
    "Unanswered",
    "Usage",
    "request_key",
]


def __getattr__(name: str) -> Any:
    """Load a name on first use: the SDK costs half a second and most commands never call a teacher."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
