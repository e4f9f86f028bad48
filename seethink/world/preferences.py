"""Preference pairs of the world: two answers to one open question, and which of them tells more of the truth.

What is true is known exactly, so no annotator is asked; a scorer trained on such pairs stands in for a reward model
wherever open answers are to be scored from the picture alone.
"""

from __future__ import annotations

import random
from typing import NamedTuple

from seethink.core.item import Verifier
from seethink.world.grammar import facts
from seethink.world.pictures import LEVELS, Bar, Chart, Level, Object, Picture, Scene, column_row, place
from seethink.world.questions import TEMPLATES, Question, Split, question
from seethink.world.truth import net_facts

OPEN_TEMPLATES = tuple(sorted(name for name, one in TEMPLATES.items() if one.verifier is Verifier.OPEN))

FALSE_FACTS = (0, 0, 0, 1, 1, 2, 3)
"""How many false facts an answer states, drawn from these."""

EDITED = 0.6
"""Share of pairs whose second answer is the first with one fact dropped, added or falsified: the hard ones."""

REPEATED = 0.1
"""Share of answers that say one of their facts over again, which is worth nothing."""

_FRAMES = ("{}", "{}", "{}", "{}.", "The picture shows {}.", "I see {}.")
_NOTHING = ("nothing", "I cannot tell.", "a picture")


class Pair(NamedTuple):
    """Two answers to ``question``; ``margin`` is how many facts ``better`` is ahead by, at least 1."""

    question: Question
    better: str
    worse: str
    margin: int


def preference_pair(seed: int, index: int, *, split: Split = Split.TRAIN, level: int = 1) -> Pair:
    """The pair of that seed and index: a pure function, over pictures of ``split`` only.

    The better answer states more true facts less false ones, which is S of ``world.truth``.
    """
    asked = question(seed, index, split=split, level=level, templates=OPEN_TEMPLATES)
    rng = random.Random(f"preference {seed} {index} {level}")
    while True:
        picture, about = asked.picture, LEVELS[level]
        first = _stated(picture, about, rng)
        second = _edited(first, picture, about, rng) if rng.random() < EDITED else _stated(picture, about, rng)
        one, two = _said(first, picture, rng), _said(second, picture, rng)
        margin = net_facts(picture, one) - net_facts(picture, two)
        if margin:
            return Pair(asked, *((one, two) if margin > 0 else (two, one)), abs(margin))


def _stated(picture: Picture, level: Level, rng: random.Random) -> list[str]:
    """Some of the truth and a few false facts, in the order of the picture or in none."""
    true = facts(picture)
    count = rng.randint(0, len(true))
    kept = sorted(rng.sample(range(len(true)), count))
    stated = [true[place] for place in kept]
    for _ in range(rng.choice(FALSE_FACTS)):
        stated.insert(rng.randint(0, len(stated)), _false_fact(picture, level, rng))
    if rng.random() < 0.3:
        rng.shuffle(stated)
    return stated


def _edited(stated: list[str], picture: Picture, level: Level, rng: random.Random) -> list[str]:
    """The same facts but one: left out, put in, or put in the place of another."""
    edited = list(stated)
    fresh = [fact for fact in facts(picture) if fact not in stated]
    new = rng.choice(fresh) if fresh and rng.random() < 0.5 else _false_fact(picture, level, rng)
    at = rng.randrange(len(edited)) if edited else 0
    match rng.choice(("drop", "add", "swap", "swap")) if edited else "add":
        case "drop":
            del edited[at]
        case "add":
            edited.insert(at, new)
        case "swap":
            edited[at] = new
    return edited


def _false_fact(picture: Picture, level: Level, rng: random.Random) -> str:
    """A fact that the picture does not hold and one like it might, one property away from a true one."""
    true = facts(picture)
    while True:
        match picture:
            case Scene(n=n, objects=objects):
                column, row, colour, shape = rng.choice(objects)
                at = place(column, row)
                match rng.randrange(3):
                    case 0:
                        at = place(rng.randrange(n), rng.randrange(n))
                    case 1:
                        colour = rng.choice(level.colours)
                    case 2:
                        shape = rng.choice(level.shapes)
                made: Picture = Scene(n, (Object(*column_row(at), colour, shape),))
            case Chart(n=n, bars=bars):
                bar = rng.choice(bars)
                if rng.random() < 0.7:
                    made = Chart(n, (Bar(bar.colour, rng.randint(1, 3 * n)),))
                else:
                    made = Chart(n, (Bar(rng.choice(level.colours), bar.height),))
            case _:
                raise ValueError(f"no open question is asked about a {type(picture).__name__}")
        [fact] = facts(made)
        if fact not in true:
            return fact


def _said(stated: list[str], picture: Picture, rng: random.Random) -> str:
    if not stated:
        return rng.choice(_NOTHING)
    told = [*stated, rng.choice(stated)] if rng.random() < REPEATED else stated
    prefix = "bars " if isinstance(picture, Chart) and rng.random() < 0.5 else ""
    return rng.choice(_FRAMES).format(prefix + ", ".join(told))
