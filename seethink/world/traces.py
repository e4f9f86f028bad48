"""Responses of the world: true steps, and the pretraining traces whose flaws give reinforcement learning work to do."""

from __future__ import annotations

import random
from typing import NamedTuple

from seethink.core.trace import ANSWER_CLOSE, ANSWER_OPEN, THINK_CLOSE, THINK_OPEN, write_tags
from seethink.world.grammar import describe
from seethink.world.pictures import Picture
from seethink.world.questions import Question, Rendering, Split, flawed_templates, question
from seethink.world.template import Derivation

WRONG_WAY = 0.7
"""Share of pretraining traces that go the wrong way on a flawed template."""

TAGLESS = 0.12
"""Share of pretraining traces that break the tag format."""

TEXT_SHARE = 0.1
"""Share of pretraining questions asked over words instead of a picture."""


def steps(picture: Picture, derivation: Derivation) -> tuple[str, ...]:
    """The steps of a trace: what is seen, the plan, the work."""
    return (f"I see {describe(picture)}.", f"Plan: {derivation.plan}.", *derivation.work)


def true_steps(asked: Question) -> tuple[str, ...]:
    return steps(asked.picture, asked.derive(right=True))


def response(asked: Question, *, right: bool) -> str:
    derivation = asked.derive(right=right)
    return write_tags("\n".join(steps(asked.picture, derivation)), derivation.answer)


class Example(NamedTuple):
    """One pretraining example."""

    question: Question
    rendering: Rendering
    response: str


def seeing_example(seed: int, index: int, *, level: int = 1) -> Example:
    """The same question over its picture, answered by the first step of a trace alone: what is seen."""
    asked = question(seed, index, split=Split.TRAIN, level=level)
    return Example(asked, Rendering.PICTURE, f"{THINK_OPEN}I see {describe(asked.picture)}.")


def pretraining_example(seed: int, index: int, *, flaws: int = 0, level: int = 1) -> Example:
    """A pure function like ``question``; pictures come from the training split only.

    On flawed templates the wrong way is taken more often than the right one (``WRONG_WAY``), so that neither greedy
    decoding nor voting finds the right one and sampling sometimes does.
    """
    asked = question(seed, index, split=Split.TRAIN, level=level)
    rng = random.Random(f"pretraining {seed} {index}")
    right = asked.template.name not in flawed_templates(flaws) or rng.random() >= WRONG_WAY
    rendering = Rendering.TEXT if rng.random() < TEXT_SHARE else Rendering.PICTURE
    derivation = asked.derive(right=right)
    think, answer = "\n".join(steps(asked.picture, derivation)), derivation.answer
    text = write_tags(think, answer)
    if rng.random() < TAGLESS:
        text = rng.choice(
            (
                f"{think}\n{answer}",
                f"{THINK_OPEN}{think}{THINK_CLOSE}{answer}",
                f"{THINK_OPEN}{think}\n{ANSWER_OPEN}{answer}{ANSWER_CLOSE}",
            )
        )
    return Example(asked, rendering, text)
