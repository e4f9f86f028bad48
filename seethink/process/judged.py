"""judged: a general vision-language model behind an endpoint rates steps, or whole responses, from 1 to 5.

ViLBench asks general models for such ratings and does not print its prompts: these are ours. Every rating is paid for
once; what identifies it is model, pictures, question, and the steps up to the judged one (the ledger's request key).
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.trace import THINK_CLOSE
from seethink.process.collect.completer import Cost
from seethink.process.missing import Missing
from seethink.process.score import Priced
from seethink.teachers.picture import picture_as_sent
from seethink.teachers.request import Message, Picture
from seethink.teachers.session import all_of
from seethink.teachers.standing import StandingConfig, StandingTeacher

if TYPE_CHECKING:
    from seethink.teachers.purchase import Patience
    from seethink.teachers.teacher import Teacher

LOWEST, HIGHEST = 1, 5
TRIES = 2
"""Draws of a rating until one can be read (reference 8.1)."""

_RATING = re.compile(r"(?<![\d.,-])(\d+)(?:\s{0,2}/\s{0,2}5)?(?![\d,]|\.\d)", re.ASCII)
_log = logging.getLogger(__name__)


class Rated(StrEnum):
    """What one call rates."""

    STEPS = "steps"
    """Every step by itself, with those before it: a PRM."""
    RESPONSE = "response"
    """The whole response once: an ORM."""


class StepJudgeConfig(StandingConfig):
    """A judge of steps at an endpoint."""

    kind: Literal["judged"] = "judged"
    rated: Rated = Rated.STEPS


@cache
def instructions(rated: Rated) -> str:
    return files("seethink.process").joinpath(f"prompts/{rated.value}.txt").read_text(encoding="utf-8").strip()


def instructions_hash(rated: Rated) -> str:
    return hashlib.sha256(instructions(rated).encode()).hexdigest()[:12]


def read_rating(text: str) -> int | None:
    """The first whole number that the judge wrote behind its thinking; None where that is none from 1 to 5."""
    found = _RATING.search(text.rsplit(THINK_CLOSE, 1)[-1])
    if found is None or len(found[1]) > 1:
        return None
    rating = int(found[1])
    return rating if LOWEST <= rating <= HIGHEST else None


class JudgedSteps:
    """StepScorer of a judge: ratings from 1 to 5, NaN where none could be had. A judge of whole responses gives one.

    A rating that cannot be read is asked for once more, then left out and counted as ``unread`` in the cost: it is
    nobody's middling step (reference 8.1 puts a 3 there).

    Args:
        images: where the items' pictures are.
        ledger: folder of paid ratings; that of the config goes first.

    Raises:
        InputError: the named key variable is empty.
    """

    missing = Missing.UNANSWERED

    def __init__(
        self, config: StepJudgeConfig, images: ImageStore, ledger: Path, patience: Patience | None = None
    ) -> None:
        self.config = config
        self.images = images
        self._counted: set[int] = set()
        self._teacher = StandingTeacher(config, ledger, patience, name="step judge", purpose="step ratings")

    def score_steps(self, item: Item, steps: Sequence[str]) -> list[float]:
        return self.score_many([item], [steps])[0]

    def score_many(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]:
        """All ratings of all traces; as ``score_priced``."""
        return [one.scores for one in self.score_priced(items, traces)]

    def score_priced(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[Priced]:
        """All ratings of all traces with their tokens, ``width`` calls in flight.

        Raises:
            Stopped: the budget is spent.
            InputError: no request can succeed, or the endpoint has refused for minutes.
        """
        session = self._teacher.session()
        return session.run(self._rate_all(session.opened, items, traces))

    def close(self) -> None:
        """Wait for the calls in flight and close the ledger; the next call opens both again. Also done at exit."""
        self._teacher.close()

    async def _rate_all(self, teacher: Teacher, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[Priced]:
        shown = {name: picture_as_sent(self.images, name) for name in {name for item in items for name in item.images}}
        asked = [
            (place, message)
            for place, (item, steps) in enumerate(zip(items, traces, strict=True))
            for message in self._messages(item, steps, tuple(shown[name] for name in item.images))
        ]
        ratings = await all_of([self._rate(teacher, items[place], messages) for place, messages in asked])
        found = [Priced([], Cost()) for _ in items]
        for (place, messages), (rating, paid) in zip(asked, ratings, strict=True):
            scores, cost = found[place]
            found[place] = Priced([*scores, rating], cost + self._once(items[place], messages, paid))
        return found

    def _once(self, item: Item, messages: list[Message], paid: Cost) -> Cost:
        """What a rating costs: all of it when it is first asked for here, nothing when it comes again."""
        key = hash((item.id, messages[-1].text))
        if key in self._counted:
            return Cost(ratings=1)
        self._counted.add(key)
        return paid

    def _messages(self, item: Item, steps: Sequence[str], pictures: tuple[Picture, ...]) -> list[list[Message]]:
        if not steps:
            return []
        if self.config.rated is Rated.RESPONSE:
            payloads = [{"question": item.question, "response": "\n".join(steps)}]
        else:
            payloads = [
                {"question": item.question, "earlier_steps": list(steps[:place]), "step": step}  # type: ignore[dict-item]
                for place, step in enumerate(steps)
            ]
        system = Message("system", instructions(self.config.rated))
        # As JSON, so that a step cannot end its own section and begin another.
        return [[system, Message("user", json.dumps(one, ensure_ascii=False), pictures)] for one in payloads]

    async def _rate(self, teacher: Teacher, item: Item, messages: list[Message]) -> tuple[float, Cost]:
        from seethink.teachers.purchase import Unanswered

        paid = Cost(ratings=1)
        for draw in range(TRIES):
            try:
                said = await teacher.ask(messages, draw=draw)
            except Unanswered as error:
                _log.warning("item %s: no rating, %s", item.id, error)
                break
            written, read = said.usage.completion_tokens or 0, said.usage.prompt_tokens or 0
            paid += Cost(judge_tokens=written, judge_prompt_tokens=read)
            rating = read_rating(said.text)
            if rating is not None:
                return float(rating), paid
            _log.warning("item %s: the judge said %.60r and no whole number from 1 to 5", item.id, said.text)
        return math.nan, paid + Cost(unread=1)
