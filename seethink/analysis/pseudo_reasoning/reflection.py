"""Native or pseudo reflection: when a trace stops to think again, does it change its mind, and is the change right?

The paper sets reflection that reasons against reflection that only sounds like it (VLAA-Thinking section 1, figures 1
and 7) and counts words. Here a reflection is judged by what follows it: something said before is now said otherwise; it
is worked out again and holds; it is merely said again; or the trace goes on as if nothing had been said. The last two
are without consequence, and are called pseudo.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, takewhile
from typing import NamedTuple

from seethink.analysis.pseudo_reasoning.signs import reflects
from seethink.analysis.pseudo_reasoning.statements import ANSWER, Statement, agree, read_value, sentences, statements

WINDOW = 4
"""Sentences after a reflection in which its consequence is looked for. choice."""

DOUBTED = 2
"""Sentences before a reflection that it is taken to doubt; it confirms the last of them, within as many. choice."""

ALIKE = 0.5
"""Share of words in place from which two sentences of one length say the same thing of another value. choice."""


_RETRACTS = re.compile(
    r"\b(?:wait|hmm|oh|actually),?\s+no\b|\bthat(?:'s| is| was)\s+(?:wrong|not right|incorrect|a mistake)\b"
    r"|\bI\s+(?:made\s+a\s+mistake|was\s+(?:wrong|mistaken)|misread|miscounted)\b|\bscratch\s+that\b",
    re.IGNORECASE,
)


class Consequence(StrEnum):
    CHANGES = "changes its mind"
    CONFIRMS = "confirms by other words"
    REPEATS = "says the same again"
    GOES_ON = "goes on"


NATIVE = frozenset({Consequence.CHANGES, Consequence.CONFIRMS})


class Turn(StrEnum):
    """What a change of mind was worth, where the truth of both steps is known."""

    MENDED = "wrong to right"
    SPOILT = "right to wrong"
    SIDEWAYS = "no nearer"


@dataclass(frozen=True, slots=True)
class Reflection:
    """One reflection.

    Attributes:
        step: number of the step it stands in, from 0.
        sentence: its words; of several reflecting sentences in a row the first.
        subject: what is said otherwise; None where a whole sentence is, or nothing.
        before, after: both values, or both sentences; None unless it changes its mind.
        turn: None where nothing changed or the truth is not known.
    """

    step: int
    sentence: str
    consequence: Consequence
    subject: str | None = None
    before: str | None = None
    after: str | None = None
    turn: Turn | None = None

    @property
    def native(self) -> bool:
        return self.consequence in NATIVE


@dataclass(frozen=True, slots=True)
class _Sentence:
    text: str
    step: int
    reflects: bool
    stated: tuple[Statement, ...]

    @property
    def normal(self) -> str:
        return " ".join(self.text.casefold().split())


@dataclass
class _Before:
    """What was said before a reflection.

    Attributes:
        values: by subject, the value stated last and the step it stands in.
        said: every sentence, up to case and spacing.
        doubted: the last sentences that do not reflect.
    """

    values: dict[str, tuple[str, int]]
    said: set[str]
    doubted: list[_Sentence]

    def add(self, sentences_told: Sequence[_Sentence]) -> None:
        for one in sentences_told:
            self.said.add(one.normal)
            self.values |= {stated.subject: (stated.value, one.step) for stated in one.stated}
            if not one.reflects:
                self.doubted = [*self.doubted, one][-DOUBTED:]


def reflections(
    steps: Sequence[str], answer: str | None = None, *, truth: Sequence[bool | None] | None = None
) -> list[Reflection]:
    """Every reflection of a trace, in order.

    Args:
        answer: the answer that the response gives in the end. It counts as what is said last, so that a reflection at
            the end of the thinking can still change the answer.
        truth: of each step.
    """
    told = [
        _Sentence(text, number, reflects(text), statements(text))
        for number, step in enumerate(steps)
        for text in sentences(step)
    ]
    starts = [place for place, one in enumerate(told) if one.reflects and not (place and told[place - 1].reflects)]
    if not starts:
        return []
    before = _Before({}, set(), [])
    before.add(told[: starts[0]])
    found = []
    for start, end in pairwise([*starts, len(told)]):
        block = told[start:end]
        found.append(_judged(block, before, answer if end == len(told) else None, truth))
        before.add(block)
    return found


def _judged(
    block: Sequence[_Sentence], before: _Before, answer: str | None, truth: Sequence[bool | None] | None
) -> Reflection:
    """The reflection that a block of sentences begins with; the block ends where the next one begins."""
    opening, following = block[0], [one for one in block if not one.reflects][:WINDOW]
    reflecting = list(takewhile(lambda one: one.reflects, block))
    change = (
        _other_value(reflecting, following, before)
        or _other_sentence(following, before)
        or _retraction(reflecting, following, before)
        or _other_answer(reflecting, following, before, answer)
    )
    if change is not None:
        turn = _turn(change.step_before, change.step_after, truth)
        return Reflection(
            opening.step, opening.text, Consequence.CHANGES, change.subject, change.before, change.after, turn
        )
    if not following or following[0].normal in before.said:
        consequence = Consequence.REPEATS
    elif _confirms(following, before):
        consequence = Consequence.CONFIRMS
    else:
        consequence = Consequence.GOES_ON
    return Reflection(opening.step, opening.text, consequence)


class _Change(NamedTuple):
    subject: str | None
    before: str
    after: str
    step_before: int
    step_after: int | None


def _other_value(reflecting: Sequence[_Sentence], following: Sequence[_Sentence], before: _Before) -> _Change | None:
    # A reflecting sentence may itself say otherwise: "Wait, b2 holds a square."
    for one in (*reflecting, *following):
        for stated in one.stated:
            value, step = before.values.get(stated.subject, (stated.value, -1))
            if not agree(value, stated.value):
                return _Change(stated.subject, value, stated.value, step, one.step)
    return None


def _other_sentence(following: Sequence[_Sentence], before: _Before) -> _Change | None:
    """The same sentence with another value in it: "That makes 2." and then "That makes 3."."""
    for doubted in reversed(before.doubted if following else ()):
        one, other = doubted.normal.split(), following[0].normal.split()
        same = sum(word == twin for word, twin in zip(one, other, strict=False))
        if len(one) == len(other) and len(one) * ALIKE <= same < len(one):
            return _Change(None, doubted.text, following[0].text, doubted.step, following[0].step)
    return None


def _retraction(reflecting: Sequence[_Sentence], following: Sequence[_Sentence], before: _Before) -> _Change | None:
    retracting = next((one for one in reflecting if _RETRACTS.search(one.text)), None)
    if retracting is None or not before.doubted:
        return None
    doubted = before.doubted[-1]
    return _Change(None, doubted.text, retracting.text, doubted.step, following[0].step if following else None)


def _other_answer(
    reflecting: Sequence[_Sentence], following: Sequence[_Sentence], before: _Before, answer: str | None
) -> _Change | None:
    given = read_value(answer) if answer is not None else None
    said = any(stated.subject == ANSWER for one in (*reflecting, *following) for stated in one.stated)
    if given is None or said or ANSWER not in before.values:
        return None
    value, step = before.values[ANSWER]
    # A letter against a number says nothing: the number may be what the option holds.
    same_kind = value.isalpha() == given.isalpha()
    return _Change(ANSWER, value, given, step, None) if value != given and same_kind else None


def _confirms(following: Sequence[_Sentence], before: _Before) -> bool:
    held = {stated.subject for one in before.doubted[-1:] for stated in one.stated}
    return any(stated.subject in held for one in following[:DOUBTED] for stated in one.stated)


def _turn(before: int, after: int | None, truth: Sequence[bool | None] | None) -> Turn | None:
    if truth is None or after is None or before == after or truth[before] is None or truth[after] is None:
        return None
    if truth[before] == truth[after]:
        return Turn.SIDEWAYS
    return Turn.MENDED if truth[after] else Turn.SPOILT
