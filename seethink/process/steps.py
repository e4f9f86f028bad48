"""Steps: where one step of a response ends and the next begins, with offsets that give the text back.

No code of ViLBench says how its steps were cut; the patterns are ours (choice). The shape of a step and the cut by
lines are those of ``core.trace``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import pairwise

from seethink.core.trace import THINK_CLOSE, THINK_OPEN, Step, line_steps


class Splitting(StrEnum):
    """How a response is cut into steps."""

    AUTO = "auto"
    """The first of numbered, paragraphs and sentences that finds two steps; one numbered step stays one. choice.

    A beginning of a response does not show how the response is cut: whoever cuts both names another way, or cuts them
    together as ``collect.rows.cut_together`` does."""
    NUMBERED = "numbered"
    """At lines that begin "Step 2:", marks of emphasis or a heading in front allowed."""
    PARAGRAPHS = "paragraphs"
    """At blank lines."""
    SENTENCES = "sentences"
    """At the end of a sentence or of a line."""
    LINES = "lines"
    """At every line; what the world writes."""
    CLAUSES = "clauses"
    """At every line, sentence and semicolon, whatever follows: the finest cut, which no layout changes."""


Span = tuple[int, int]

_NUMBERED = re.compile(
    r"^[ \t]{0,12}[#*_>-]{0,6}[ \t]{0,4}Step\s{0,3}\d{1,3}\s?(?:\*\*|__)?\s?[:.)]", re.MULTILINE | re.IGNORECASE
)
_BLANK = re.compile(r"\n[ \t\r]*\n")
_SENTENCE = re.compile(r"\n|(?<=[.!?])(?<!\bFig\.)(?<!\bEq\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)[ \t]+(?![a-z \t])")
_CLAUSE = re.compile(
    r"[\n\r\v\f\x85\u2028\u2029]"
    r"|(?<=[.!?;])(?<!\bFig\.)(?<!\bEq\.)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bvs\.)\s+"
    # No blank between two sentences makes one of them either; 0.5 stays whole.
    r"|(?<=[a-z0-9)\]}][.!?;])(?=[A-Z])|(?<=[。！？；])"
)
_FINAL = re.compile(
    r"\W{0,6}(?:(?:so|thus|therefore|hence),?\s{1,3})?(?:the\s|my\s)?(?:final\s|correct\s)?(?:answer|choice)\b",
    re.IGNORECASE,
)
_TAGGED = re.compile(r"<answer>", re.IGNORECASE)


def split(text: str, how: Splitting = Splitting.AUTO, *, answer: bool = True) -> tuple[Step, ...]:
    """The non-empty steps of a response, in order, each with its offsets into ``text``.

    Args:
        answer: what follows the thinking is the last step. In a response without tags a last line that only states the
            answer belongs to the step before it (reference 8.1), whatever this says. Where the thinking has begun
            and not ended, only an answer tag is one: other lines may be followed by more. A response that forgot to
            close its thinking is thereby cut otherwise than one that did, and can be told from it.
    """
    closing = text.find(THINK_CLOSE)
    end = closing if closing >= 0 else len(text)
    opening = text.find(THINK_OPEN, 0, end)
    start = opening + len(THINK_OPEN) if opening >= 0 else 0
    steps = list(_lines(text)) if how is Splitting.LINES else _cut(text, start, end, how)
    if closing >= 0 and answer:
        steps += _stripped(text, closing + len(THINK_CLOSE), len(text))
    elif closing < 0 and len(steps) > 1 and (_FINAL if opening < 0 else _TAGGED).match(steps[-1].text):
        joined = steps[-2].start, steps[-1].end
        steps[-2:] = [Step(text[slice(*joined)], *joined)]
    return tuple(steps)


def clauses(text: str) -> tuple[Step, ...]:
    """All of a text, tags or none, cut as finely as ``Splitting.CLAUSES`` does."""
    return tuple(_cut(text, 0, len(text), Splitting.CLAUSES))


def pieces(text: str, steps: Sequence[Step]) -> tuple[str, ...]:
    """The text cut in front of every step but the first: joined they are ``text``, and piece k holds step k."""
    cuts = [0, *(step.start for step in steps[1:]), len(text)]
    return tuple(text[start:end] for start, end in pairwise(cuts))


def prefixes(text: str, steps: Sequence[Step]) -> tuple[str, ...]:
    """The text up to the end of each step: what a completer goes on from, and the ``process`` of a labelled row."""
    return tuple(text[: step.end] for step in steps)


def _lines(text: str) -> Iterator[Step]:
    yield from line_steps(text)


def _cut(text: str, start: int, end: int, how: Splitting) -> list[Step]:
    if how is not Splitting.AUTO:
        return _found(text, start, end, how)
    found: list[Step] = []
    for way in (Splitting.NUMBERED, Splitting.PARAGRAPHS):
        found = _found(text, start, end, way)
        if len(found) > 1:
            return found
    # A single "Step 1: ..." says that it is one step, however many sentences it has.
    one_numbered = found and _NUMBERED.match(found[0].text)
    return found if one_numbered else _found(text, start, end, Splitting.SENTENCES)


def _found(text: str, start: int, end: int, how: Splitting) -> list[Step]:
    return [step for span in _SPANS[how](text, start, end) for step in _stripped(text, *span)]


def _numbered(text: str, start: int, end: int) -> Iterator[Span]:
    # Of the part by itself: behind a tag the first mark begins no line of the text.
    marks = [start + match.start() for match in _NUMBERED.finditer(text[start:end])]
    # What stands in front of the first mark belongs to the first step.
    cuts = [start, *marks[1:], end]
    yield from pairwise(cuts)


def _between(pattern: re.Pattern[str], text: str, start: int, end: int) -> Iterator[Span]:
    cursor = start
    for match in pattern.finditer(text, start, end):
        yield cursor, match.start()
        cursor = match.end()
    yield cursor, end


def _paragraphs(text: str, start: int, end: int) -> Iterator[Span]:
    yield from _between(_BLANK, text, start, end)


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    yield from _between(_SENTENCE, text, start, end)


def _clauses(text: str, start: int, end: int) -> Iterator[Span]:
    yield from _between(_CLAUSE, text, start, end)


_SPANS = {
    Splitting.NUMBERED: _numbered,
    Splitting.PARAGRAPHS: _paragraphs,
    Splitting.SENTENCES: _sentences,
    Splitting.CLAUSES: _clauses,
}


def _stripped(text: str, start: int, end: int) -> Iterator[Step]:
    """The span without the white space around it; nothing where there is nothing else."""
    inner = text[start:end]
    said = inner.strip()
    if said:
        left = start + inner.index(said)
        yield Step(said, left, left + len(said))
