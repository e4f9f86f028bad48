"""Teacher: endpoint + model + sampling, with one method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from seethink.teachers.answer import Answer
from seethink.teachers.batch import BatchDesk
from seethink.teachers.endpoint import Endpoint
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger
from seethink.teachers.prices import Price
from seethink.teachers.purchase import Patience, purchase
from seethink.teachers.request import Message, Request, Sampling, request_key


@dataclass(frozen=True)
class Teacher:
    """One model that is asked, always in the same way; teachers of a run share its ledger and its gate."""

    endpoint: Endpoint
    model: str
    sampling: Sampling
    ledger: Ledger
    gate: Gate
    patience: Patience = field(default_factory=Patience)
    revision: str = ""
    price: Price | None = None
    """What ``model`` costs, where the gate's budget limits money."""
    purpose: str = ""
    """What the ledger says that its answers were bought for."""
    desk: BatchDesk | None = None
    """Where requests are gathered for a batch file; None asks call by call."""

    async def ask(self, messages: Sequence[Message], *, draw: int = 0) -> Answer:
        """The answer to ``messages``, paid for at most once; another ``draw`` is another answer.

        Raises:
            Unanswered: this request got no answer; set its item aside.
            Deferred: the request waits for a batch file; ask again when the desk is settled.
            Stopped: the run is stopping, nothing was sent.
            InputError: no request can succeed (wrong key, no such model, server down); the message names the remedy.
        """
        request = Request(self.model, tuple(messages), self.sampling, draw, self.revision)
        key = request_key(request)
        return await self.ledger.once(self.model, key, lambda: self._buy(request, key))

    async def _buy(self, request: Request, key: str) -> Answer:
        if self.desk is not None:
            await self.desk.take(request, key, self.price, self.purpose)
        return await purchase(
            request,
            key,
            endpoint=self.endpoint,
            ledger=self.ledger,
            gate=self.gate,
            patience=self.patience,
            price=self.price,
            purpose=self.purpose,
        )
