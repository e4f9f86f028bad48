"""Template: a kind of question, with the right way to answer it and one tempting wrong way.

A template draws a picture and the words of its question such that both ways give different answers; ``derive`` follows
either way over any picture, the true one or one that a caption tells of.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from seethink.core.item import Verifier
from seethink.world.pictures import COLOURS, SHAPES, Domain, Level, Picture

Words = Mapping[str, str]
"""The words that fill a question's slots; ``options`` holds option texts joined by commas where there are any."""


@dataclass(frozen=True, slots=True)
class Derivation:
    """One way to an answer: the plan, the work, the answer, each work step one sentence of ``grammar``."""

    plan: str
    work: tuple[str, ...]
    answer: str


class CannotDerive(ValueError):
    """The picture does not hold what the question asks about (a caption left it out, say)."""


@dataclass(frozen=True)
class Template:
    """One kind of question.

    Attributes:
        question: text with ``{slots}``.
        sample: draws a picture and words; may return None where the draw is unsuitable, and is then asked again.
        derive: ``(picture, words, right)`` → the derivation; CannotDerive where the picture lacks what is asked for.
    """

    name: str
    domain: Domain
    verifier: Verifier
    question: str
    sample: Callable[[random.Random, Level], tuple[Picture, Words] | None]
    derive: Callable[[Picture, Words, bool], Derivation]

    def ask(self, words: Words) -> str:
        """The question as shown, options on lines of their own."""
        text = self.question.format(**words)
        if "options" in words:
            text += "".join(f"\n{letter}) {option}" for letter, option in lettered(words["options"]))
        return text

    def read(self, question: str) -> Words | None:
        """The words of a question of this kind, None for any other question; the inverse of ``ask``."""
        first, _, rest = question.partition("\n")
        match = self._pattern.fullmatch(first)
        if match is None:
            return None
        words = match.groupdict()
        if rest:
            words["options"] = ",".join(line.partition(") ")[2] for line in rest.split("\n"))
        return words

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        pieces = re.split(r"\{(\w+)\}", self.question)
        return re.compile("".join(re.escape(p) if i % 2 == 0 else f"(?P<{p}>{SLOTS[p]})" for i, p in enumerate(pieces)))


_COLOUR = "|".join(COLOURS)
SLOTS: Mapping[str, str] = {
    "colour": _COLOUR,
    "first": _COLOUR,
    "second": _COLOUR,
    "shape": "|".join(SHAPES),
    "side": "right of|left of|above|below",
    "height": r"\d+",
}
"""What a slot of a question may hold, as a pattern."""


def lettered(options: str) -> list[tuple[str, str]]:
    return [(chr(ord("A") + i), option) for i, option in enumerate(options.split(","))]


def letter_of(options: str, text: str) -> str:
    for letter, option in lettered(options):
        if option == text:
            return letter
    raise CannotDerive(f"{text} is not among the options {options}")


def colour_options(rng: random.Random, level: Level, *must: str) -> str:
    """Four colours, among them those that must be, in the palette's order or a random one as the level has it."""
    others = [colour for colour in level.colours if colour not in must]
    chosen = [*must, *rng.sample(others, 4 - len(must))]
    rng.shuffle(chosen)
    return ",".join(chosen if level.options_shuffled else sorted(chosen, key=level.colours.index))
