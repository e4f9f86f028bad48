"""The world's questions: ``question(seed, index)`` is a pure function, and so is everything made from it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np

from seethink.core.images import ImageStore, png_bytes
from seethink.core.item import Item, Verifier, make_item
from seethink.core.rejected import InputError
from seethink.world.chart_questions import CHART_TEMPLATES
from seethink.world.draw import draw
from seethink.world.grammar import describe
from seethink.world.pictures import LEVELS, Picture, pixels
from seethink.world.scene_questions import SCENE_TEMPLATES
from seethink.world.template import Derivation, Template, Words

TEMPLATES: dict[str, Template] = {template.name: template for template in (*SCENE_TEMPLATES, *CHART_TEMPLATES)}


class Split(StrEnum):
    """Which pictures may appear: a picture belongs to one split by its content, whatever seed drew it."""

    TRAIN = "train"
    VALIDATION = "validation"
    HELDOUT = "heldout"


class Rendering(StrEnum):
    """The same question over a picture, or over its true description in words."""

    PICTURE = "picture"
    TEXT = "text"


_SHARES = ((Split.TRAIN, 0.8), (Split.VALIDATION, 0.9), (Split.HELDOUT, 1.0))


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the world, with everything there is to know about it."""

    seed: int
    index: int
    level: int
    template: Template
    picture: Picture
    words: Words

    def derive(self, *, right: bool) -> Derivation:
        return self.template.derive(self.picture, self.words, right)

    @property
    def gold(self) -> str:
        """The right answer; for open questions a deliberately terse reference, so that a better answer exists."""
        return self.derive(right=self.template.verifier is not Verifier.OPEN).answer


def split_of(picture: Picture) -> Split:
    """80 / 10 / 10 by a hash of the picture's content."""
    digest = hashlib.sha256(f"{picture.n} {describe(picture)}".encode()).digest()
    share = int.from_bytes(digest[:4], "big") / 2**32
    return next(split for split, end in _SHARES if share < end)


def question(
    seed: int, index: int, *, split: Split = Split.TRAIN, level: int = 1, templates: Sequence[str] = ()
) -> Question:
    """The question of that seed and index: same arguments, same question, on every machine.

    Args:
        split: only pictures of this split are drawn, so two splits never share a picture.
        level: difficulty, 1 to 3.
        templates: names to choose from, all twenty where empty.
    """
    if level not in LEVELS:
        raise InputError(f"level {level}: the world has levels {sorted(LEVELS)}")
    rng = random.Random(f"seethink {seed} {index} {level}")
    template = TEMPLATES[rng.choice(sorted(templates) or sorted(TEMPLATES))]
    while True:
        sampled = template.sample(rng, LEVELS[level])
        if sampled is None:
            continue
        picture, words = sampled
        if split_of(picture) is not split:
            continue
        return Question(seed, index, level, template, picture, words)


def question_text(asked: Question, rendering: Rendering = Rendering.PICTURE) -> str:
    text = asked.template.ask(asked.words)
    return text if rendering is Rendering.PICTURE else f"The picture shows {describe(asked.picture)}.\n{text}"


def as_item(asked: Question, images: ImageStore, rendering: Rendering = Rendering.PICTURE) -> Item:
    """The question as an item of source ``world-scenes`` or ``world-charts``; its picture goes into the store."""
    from PIL import Image

    shown: tuple[str, ...] = ()
    if rendering is Rendering.PICTURE:
        shown = (images.add(png_bytes(Image.fromarray(draw(asked.picture)))),)
    side = pixels(asked.picture)
    return make_item(
        source=f"world-{asked.template.domain.value}",
        question=question_text(asked, rendering),
        gold=asked.gold,
        verifier=asked.template.verifier,
        images=shown,
        options=tuple(asked.words["options"].split(",")) if "options" in asked.words else (),
        size=(side, side) if asked.template.verifier is Verifier.IOU else None,
        meta={
            "template": asked.template.name,
            "domain": asked.template.domain.value,
            "picture": describe(asked.picture),
            "n": asked.picture.n,
            "words": dict(asked.words),
            "seed": asked.seed,
            "index": asked.index,
            "level": asked.level,
        },
    )


@cache
def flawed_templates(seed: int = 0) -> frozenset[str]:
    """A seeded half of the templates of every verifier: on these the base model learns the wrong way more often."""
    rng = random.Random(f"flawed {seed}")
    chosen: set[str] = set()
    for verifier in Verifier:
        names = sorted(name for name, template in TEMPLATES.items() if template.verifier is verifier)
        chosen.update(rng.sample(names, len(names) // 2))
    return frozenset(chosen)


def drawn(asked: Question) -> np.ndarray:
    """Pixels (28n, 28n, 3), 8 bit."""
    return draw(asked.picture)
