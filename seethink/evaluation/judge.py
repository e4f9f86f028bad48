"""judge: who reads answers where a rule set cannot, a model behind an endpoint, paid for through the ledger.

The rule sets word the requests and say what a reply may be; here a request is sent, once, and never again for the same
text at the same temperature.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple

from pydantic import Field

from seethink.evaluation.purse import EndpointConfig, Purse, check_endpoint, open_purse
from seethink.evaluation.rules import JudgeFailed, JudgeRequest
from seethink.teachers.request import Message, Sampling
from seethink.teachers.session import Session, all_of, stopping_on_signals

if TYPE_CHECKING:
    from seethink.teachers.purchase import Patience

_AT_ONCE = 2_000
"""Requests handed to the event loop together. choice."""


class JudgeConfig(EndpointConfig):
    """A judge at an endpoint."""

    model: str = Field(default="gpt-4o-mini-2024-07-18", min_length=1)
    """The judge of the leaderboard."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Of a reply; the harness's limit, 128 or 2048, where None. A judge that reasons first needs more."""
    temperatures: bool = True
    """Send the harness's temperature, 0 at first and half a unit more per attempt; some models take none."""


class _Said(NamedTuple):
    """A reply, or why there is none."""

    text: str | None
    why: str = ""


class PaidJudge:
    """``rules.BatchJudge`` of an endpoint; use it as ``with PaidJudge(config, ledger) as judge``.

    A request that gets no answer is a failed attempt of its row. A spent budget or an endpoint that cannot be asked
    ends the scoring (Stopped, InputError); what was paid is in the ledger.

    Args:
        ledger: folder of paid replies.
        told: is told how many requests were answered since, and what all of them cost.
    """

    def __init__(
        self,
        config: JudgeConfig,
        ledger: Path,
        told: Callable[[int, str], None] = lambda more, news: None,
        patience: Patience | None = None,
    ) -> None:
        check_endpoint(config, config.model)
        self.config, self._ledger, self.told, self._patience = config, ledger, told, patience
        self._session: Session[Purse] | None = None

    @property
    def identity(self) -> Mapping[str, str]:
        """What decides its replies beside the requests; travels with every number."""
        config = self.config
        return {
            "judge": config.model,
            "judge revision": config.revision,
            "judge temperatures": "harness" if config.temperatures else "none",
            "judge limit": "harness" if config.max_tokens is None else str(config.max_tokens),
            "judge extra": repr(sorted(config.extra.items())),
        }

    def __enter__(self) -> PaidJudge:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.loop.call_soon_threadsafe(session.opened.gate.stop, "the run has ended")
            session.close()

    def ask_all(self, requests: Sequence[JudgeRequest]) -> list[str | JudgeFailed]:
        """Replies in the order of the requests."""
        replies: list[str | JudgeFailed] = []
        with stopping_on_signals():
            session = self._opened()
            for start in range(0, len(requests), _AT_ONCE):
                asked = requests[start : start + _AT_ONCE]
                said = session.run(all_of([self._ask(session.opened, one) for one in asked]))
                replies += [JudgeFailed(one.why) if one.text is None else one.text for one in said]
        return replies

    def spent(self) -> str:
        """What this process paid and found again, in words."""
        return self._session.opened.spent() if self._session is not None else "0 calls paid"

    async def _ask(self, purse: Purse, request: JudgeRequest) -> _Said:
        from seethink.teachers.purchase import Unanswered

        config = self.config
        sampling = Sampling(
            temperature=request.temperature if config.temperatures else None,
            max_tokens=config.max_tokens or request.max_tokens,
            extra=config.extra,
        )
        teacher = purse.teacher(config.model, sampling, config.revision, "judge")
        try:
            # Without a temperature the attempts differ by their draw.
            draw = 0 if config.temperatures else request.attempt
            answer = await teacher.ask([Message("user", request.prompt)], draw=draw)
        except Unanswered as error:
            return _Said(None, str(error))
        finally:
            self.told(1, purse.spent())
        return _Said(answer.text)

    def _opened(self) -> Session[Purse]:
        if self._session is None:

            async def connected(stack: AsyncExitStack) -> Purse:
                return await open_purse(stack, self.config, self.config.model, self._ledger, self._patience)

            self._session = Session(connected, "judge")
        return self._session
