"""Teacher: endpoint + model + sampling, with one method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from seethink.teachers.answer import Answer
from seethink.teachers.endpoint import Endpoint
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger
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

    async def ask(self, messages: Sequence[Message], *, draw: int = 0) -> Answer:
        """The answer to ``messages``, paid for at most once; another ``draw`` is another answer.

        Raises:
            Unanswered: this request got no answer; set its item aside.
            Stopped: the run is stopping, nothing was sent.
            InputError: no request can succeed (wrong key, no such model, server down); the message names the remedy.
        """
        request = Request(self.model, tuple(messages), self.sampling, draw)
        key = request_key(request)
        return await self.ledger.once(
            key,
            lambda: purchase(
                request, key, endpoint=self.endpoint, ledger=self.ledger, gate=self.gate, patience=self.patience
            ),
        )
