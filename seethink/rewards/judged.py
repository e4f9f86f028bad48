"""judged: S of open answers from a model behind an OpenAI-compatible endpoint that looks at the picture.

An endpoint gives text and no logits, so S is the number that the judge writes, from 0 to 10. What is not such a number
is no judgement. Every judgement is paid for once: the ledger is that of the teachers.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import os
import re
import threading
from collections.abc import Sequence
from contextlib import AsyncExitStack
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.trace import THINK_CLOSE
from seethink.rewards.open import BETA
from seethink.teachers.address import Address, KeyVariable
from seethink.teachers.picture import picture_as_sent
from seethink.teachers.request import Message, Picture, Sampling
from seethink.teachers.session import Session, all_of

if TYPE_CHECKING:
    from seethink.teachers.endpoint import Endpoint
    from seethink.teachers.purchase import Patience
    from seethink.teachers.teacher import Teacher

HIGHEST = 10.0

_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,6})?", re.ASCII)
_log = logging.getLogger(__name__)


class JudgedConfig(Config):
    """A judge at an endpoint."""

    kind: Literal["judged"] = "judged"
    model: str = Field(min_length=1)
    """Name of a model that sees pictures, sent as it stands."""
    base_url: Address = "https://api.openai.com/v1"
    """OpenAI-compatible endpoint."""
    key_env: KeyVariable | None = None
    """Environment variable holding the API key; None for servers that want none. The key itself stands nowhere."""
    beta: float = Field(default=BETA, gt=0)
    """Steepness of the open reward; at 0.2 a lead of five points of ten is worth 0.63."""
    temperature: float | None = Field(default=0.0, ge=0)
    max_tokens: int | None = Field(default=8, ge=1)
    """Enough for a number; a judge that reasons first needs more."""
    width: int = Field(default=32, ge=1)
    """Most calls in flight. choice."""
    timeout: float = Field(default=120.0, gt=0)
    """Seconds one attempt may take; a timeout may be billed without an answer. choice."""
    max_calls: int | None = Field(default=None, ge=0)
    """Calls one process may pay for; the run stops at the next."""
    ledger: Path | None = None
    """Folder of paid judgements, to share them between runs; ``ledger`` below the output where None."""


@cache
def instructions() -> str:
    return files("seethink.rewards").joinpath("prompts/judge.txt").read_text(encoding="utf-8").strip()


def instructions_hash() -> str:
    return hashlib.sha256(instructions().encode()).hexdigest()[:12]


def read_number(text: str) -> float | None:
    """The judge's number, None for anything but one number from 0 to 10; thinking in front of it is passed over."""
    said = text.rsplit(THINK_CLOSE, 1)[-1].strip()
    if not _NUMBER.fullmatch(said):
        return None
    number = float(said)
    return number if number <= HIGHEST else None


class JudgedScorer:
    """AnswerScorer of a judge. Its calls run on an event loop in a thread of their own, so it may be used in a notebook
    or in a trainer's thread, and connections and ledger stay open between two batches.

    Args:
        images: where the items' pictures are.
        ledger: folder of paid judgements; that of the config goes first.

    Raises:
        InputError: the named key variable is empty.
    """

    def __init__(
        self, config: JudgedConfig, images: ImageStore, ledger: Path, patience: Patience | None = None
    ) -> None:
        self.config = config
        self.images = images
        self._ledger = config.ledger or ledger
        self._patience = patience
        self._lock = threading.Lock()
        self._session: Session[Teacher] | None = None
        # Looks for the key now: a run that cannot ask should not begin.
        self._endpoint()

    def score(self, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
        """The judge's number per answer, NaN where it gave none.

        Raises:
            Stopped: the budget is spent.
            InputError: no request can succeed, or the endpoint has refused for minutes.
        """
        session = self._opened()
        return session.run(self._judge_all(session.opened, list(items), list(answers)))

    def close(self) -> None:
        """Wait for the calls in flight and close the ledger; the next call opens both again. Also done at exit."""
        with self._lock:
            session, self._session = self._session, None
        if session is not None:
            session.close()

    async def _judge_all(self, teacher: Teacher, items: list[Item], answers: list[str]) -> list[float]:
        shown = {name: picture_as_sent(self.images, name) for name in {name for item in items for name in item.images}}
        return await all_of(
            [
                self._judge(teacher, item, answer, tuple(shown[name] for name in item.images))
                for item, answer in zip(items, answers, strict=True)
            ]
        )

    async def _judge(self, teacher: Teacher, item: Item, answer: str, pictures: tuple[Picture, ...]) -> float:
        from seethink.teachers.purchase import Unanswered

        try:
            told = await teacher.ask(_messages(item, answer, pictures))
        except Unanswered as error:
            _log.warning("item %s: no judgement, %s", item.id, error)
            return math.nan
        number = read_number(told.text)
        if number is None:
            _log.warning("item %s: the judge said %.60r and not a number from 0 to 10", item.id, told.text)
            return math.nan
        return number

    def _endpoint(self) -> Endpoint:
        from seethink.teachers.endpoint import Endpoint

        return Endpoint(self.config.base_url, self.config.key_env, timeout=self.config.timeout)

    def _opened(self) -> Session[Teacher]:
        with self._lock:
            # A forked child has the parent's session, but not the thread that runs it.
            if self._session is None or self._session.owner != os.getpid():
                self._session = Session(self._connected, "judge")
            return self._session

    async def _connected(self, stack: AsyncExitStack) -> Teacher:
        from seethink.teachers.gate import Budget, Gate
        from seethink.teachers.ledger import Ledger
        from seethink.teachers.purchase import Patience
        from seethink.teachers.teacher import Teacher

        config = self.config
        ledger = await stack.enter_async_context(Ledger(self._ledger))
        endpoint = await stack.enter_async_context(self._endpoint())
        sampling = Sampling(temperature=config.temperature, max_tokens=config.max_tokens)
        gate = Gate(config.width, Budget(max_calls=config.max_calls))
        return Teacher(endpoint, config.model, sampling, ledger, gate, self._patience or Patience())


def _messages(item: Item, answer: str, pictures: tuple[Picture, ...]) -> list[Message]:
    # As JSON, so that an answer cannot end its own section and begin another.
    payload = json.dumps({"question": item.question, "answer": answer}, ensure_ascii=False)
    return [Message("system", instructions()), Message("user", payload, pictures)]
