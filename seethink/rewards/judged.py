"""judged: S of open answers from a model behind an OpenAI-compatible endpoint that looks at the picture.

An endpoint gives text and no logits, so S is the number that the judge writes, from 0 to 10. What is not such a number
is no judgement. Every judgement is paid for once: the ledger is that of the teachers.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.trace import THINK_CLOSE
from seethink.rewards.open import BETA
from seethink.teachers.picture import picture_as_sent
from seethink.teachers.request import Message, Picture
from seethink.teachers.session import all_of
from seethink.teachers.standing import StandingConfig, StandingTeacher

if TYPE_CHECKING:
    from seethink.teachers.purchase import Patience
    from seethink.teachers.teacher import Teacher

HIGHEST = 10.0

_NUMBER = re.compile(r"\d{1,2}(?:\.\d{1,6})?", re.ASCII)
_log = logging.getLogger(__name__)


class JudgedConfig(StandingConfig):
    """A judge at an endpoint."""

    kind: Literal["judged"] = "judged"
    beta: float = Field(default=BETA, gt=0)
    """Steepness of the open reward; at 0.2 a lead of five points of ten is worth 0.63."""


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
        self._teacher = StandingTeacher(config, ledger, patience, name="judge")

    def score(self, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
        """The judge's number per answer, NaN where it gave none.

        Raises:
            Stopped: the budget is spent.
            InputError: no request can succeed, or the endpoint has refused for minutes.
        """
        session = self._teacher.session()
        return session.run(self._judge_all(session.opened, list(items), list(answers)))

    def close(self) -> None:
        """Wait for the calls in flight and close the ledger; the next call opens both again. Also done at exit."""
        self._teacher.close()

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


def _messages(item: Item, answer: str, pictures: tuple[Picture, ...]) -> list[Message]:
    # As JSON, so that an answer cannot end its own section and begin another.
    payload = json.dumps({"question": item.question, "answer": answer}, ensure_ascii=False)
    return [Message("system", instructions()), Message("user", payload, pictures)]
