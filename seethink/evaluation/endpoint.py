"""endpoint: responses of a model behind an OpenAI-compatible server, each paid for once.

Many questions are in flight at a time and parts are handed out in order. The ledger has every answer before it is used,
so a run that was killed asks again only what was in flight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.evaluation.prompts import PromptStyle, system_text
from seethink.evaluation.purse import EndpointConfig, Purse, check_endpoint, open_purse
from seethink.evaluation.respondent import Answered, Asked, Response, Told, passes
from seethink.evaluation.settings import EvaluationConfig
from seethink.teachers.picture import picture_as_sent
from seethink.teachers.request import Message, Sampling
from seethink.teachers.session import Session, stopping_on_signals

if TYPE_CHECKING:
    from seethink.teachers.purchase import Patience
    from seethink.teachers.teacher import Teacher

_AHEAD = 4
"""Calls begun and not yet handed out, per call in flight: enough that the endpoint never waits for a slow part."""


@dataclass(frozen=True)
class EndpointModel:
    """Respondent of a model's name at an endpoint.

    Attributes:
        ledger: folder of paid answers.
    """

    model: str
    config: EndpointConfig
    ledger: Path
    patience: Patience | None = None

    def __post_init__(self) -> None:
        check_endpoint(self.config, self.model)

    @property
    def identity(self) -> Mapping[str, str]:
        return {"model": self.model, "revision": self.config.revision, "extra": repr(sorted(self.config.extra.items()))}

    def respond(
        self, config: EvaluationConfig, parts: Sequence[Sequence[Asked]], first: int, images: ImageStore, told: Told
    ) -> Answered:
        if not parts:
            return

        async def connected(stack: AsyncExitStack) -> Purse:
            return await open_purse(stack, self.config, self.model, self.ledger, self.patience)

        session = Session(connected, "endpoint")
        try:
            with stopping_on_signals():
                yield from self._respond(config, parts, images, told, session)
        finally:
            # Nothing more is sent; what is in flight is waited for and recorded.
            session.loop.call_soon_threadsafe(session.opened.gate.stop, "the run has ended")
            session.close()

    def _respond(
        self,
        config: EvaluationConfig,
        parts: Sequence[Sequence[Asked]],
        images: ImageStore,
        told: Told,
        session: Session[Purse],
    ) -> Answered:
        teachers = {one.decoding: self._teacher(session.opened, config, one.temperature) for one in passes(config)}
        window = _AHEAD * self.config.width
        waiting: deque[list[Future[Response]]] = deque()
        left = iter([asked for part in parts for asked in part])
        under_way = 0
        for part in parts:
            answered: list[list[Response]] = []
            while len(answered) < len(part):
                while under_way < window and (asked := next(left, None)) is not None:
                    waiting.append(_begin(session, teachers, config, asked, images))
                    under_way += len(waiting[-1])
                futures = waiting.popleft()
                answered.append([future.result() for future in futures])
                under_way -= len(futures)
                told(1, session.opened.spent())
            yield answered

    def _teacher(self, purse: Purse, config: EvaluationConfig, temperature: float) -> Teacher:
        sampled: Any = {"top_p": 1.0} if temperature else {}
        sampling = Sampling(temperature, max_tokens=config.max_tokens, extra=self.config.extra, **sampled)
        return purse.teacher(self.model, sampling, self.config.revision, "evaluate")


def _begin(
    session: Session[Purse],
    teachers: Mapping[Decoding, Teacher],
    config: EvaluationConfig,
    asked: Asked,
    images: ImageStore,
) -> list[Future[Response]]:
    pictures = tuple(picture_as_sent(images, digest) for digest in asked.images)
    system = system_text(config.prompt) if config.prompt is not PromptStyle.NONE else ""
    messages = [Message("system", system)] if system else []
    messages.append(Message("user", asked.text, pictures))
    return [
        session.start(_ask(teachers[decoding], decoding, draw, messages, config.seed))
        for decoding, draws, _ in passes(config)
        for draw in range(draws)
    ]


async def _ask(teacher: Teacher, decoding: Decoding, draw: int, messages: Sequence[Message], seed: int) -> Response:
    from seethink.teachers.purchase import Unanswered

    # Draws of another seed are other draws; the first greedy one is the same for all.
    number = 0 if decoding is Decoding.GREEDY else draw + 1_000 * seed
    try:
        answer = await teacher.ask(messages, draw=number)
    except Unanswered as error:
        return Response(decoding, draw, None, None, None, False, str(error))
    usage = answer.usage
    return Response(decoding, draw, answer.text, usage.prompt_tokens, usage.completion_tokens, answer.truncated)
