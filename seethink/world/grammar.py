"""The world's language: pictures as text, text as pictures, and the claims that a step of reasoning makes.

Every sentence is written and read by the same page, so that a caption can be turned back into a picture (the oracle
teacher reasons from its caption alone) and any model's step can be held against the truth.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from seethink.world.pictures import (
    COLOURS,
    SHAPES,
    Bar,
    Chart,
    Line,
    Object,
    Parabola,
    Picture,
    Point,
    Scene,
    column_row,
    place,
)

_COLOUR = "|".join(COLOURS)
_SHAPE = "|".join(SHAPES)
_OBJECT = re.compile(rf"\b([a-z]\d) ({_COLOUR}) ({_SHAPE})\b")
_BAR = re.compile(rf"\b({_COLOUR}) (\d+)\b")
_LINE = re.compile(rf"a ({_COLOUR}) line through \((\d+),(\d+)\) and \((\d+),(\d+)\)")
_PARABOLA = re.compile(rf"a ({_COLOUR}) parabola that opens (up|down) from \((\d+),(\d+)\)")


def facts(picture: Picture) -> tuple[str, ...]:
    """What the picture holds, one phrase each, in canonical order."""
    match picture:
        case Scene(objects=objects):
            return tuple(f"{place(o.column, o.row)} {o.colour} {o.shape}" for o in objects)
        case Chart(bars=bars):
            return tuple(f"{bar.colour} {bar.height}" for bar in bars)
        case Line(first=a, second=b, colour=colour):
            return (f"a {colour} line through ({a.x},{a.y}) and ({b.x},{b.y})",)
        case Parabola(vertex=v, opens_up=up, colour=colour):
            return (f"a {colour} parabola that opens {'up' if up else 'down'} from ({v.x},{v.y})",)


def describe(picture: Picture) -> str:
    """The true description: every fact, in one phrase."""
    prefix = "bars " if isinstance(picture, Chart) else ""
    return prefix + ", ".join(facts(picture))


def stated_facts(text: str) -> frozenset[str]:
    """Every fact that a text states, true or not; the inverse of ``facts`` up to order."""
    found = {f"{at} {colour} {shape}" for at, colour, shape in _OBJECT.findall(text)}
    found |= {f"{colour} {height}" for colour, height in _BAR.findall(text)}
    found |= {match.group() for match in _LINE.finditer(text)}
    found |= {match.group() for match in _PARABOLA.finditer(text)}
    return frozenset(found)


def read_picture(text: str, n: int) -> Picture | None:
    """The picture that a description tells of, None where it tells of none; of a cell named twice the last counts."""
    if match := _LINE.search(text):
        x1, y1, x2, y2 = map(int, match.groups()[1:])
        return Line(n, Point(x1, y1), Point(x2, y2), match[1])
    if match := _PARABOLA.search(text):
        return Parabola(n, Point(int(match[3]), int(match[4])), match[2] == "up", match[1])
    if objects := _OBJECT.findall(text):
        cells = {column_row(at): (colour, shape) for at, colour, shape in objects}
        ordered = sorted(cells.items(), key=lambda cell: (cell[0][1], cell[0][0]))
        return Scene(n, tuple(Object(column, row, *what) for (column, row), what in ordered))
    if bars := _BAR.findall(text):
        return Chart(n, tuple(Bar(colour, int(height)) for colour, height in bars))
    return None


class Claim(NamedTuple):
    """What a step states: its kind, and the words that vary."""

    kind: str
    words: tuple[str, ...]


_CLAIMS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("see", r"I see (.+)\."),
        ("plan", r"Plan: (.+)\."),
        ("list", r"((?:\d+ [a-z]\w*, )*\d+ [a-z]\w*)\."),
        ("total", r"That makes (\d+)\."),
        ("sum", r"(\d+) (?:minus|plus) (\d+) is (\d+)\."),
        ("bar", r"It is the (\w+) bar with (\d+)\."),
        ("option", r"So (\w+) is option ([A-F])\."),
        ("holds", r"Cell ([a-z]\d) holds the (\w+) (\w+)\."),
        ("at", r"The (\w+) (\w+) is at ([a-z]\d)\."),
        ("go", r"I go to ([a-z]\d)\."),
        ("tally", r"Counted: ((?:\w+ \d+, )+\w+ \d+)\."),
        ("colour", r"It is (\w+)\."),
        ("slope", r"Rise (-?\d+), run (\d+), slope (\S+)\."),
        ("rise", r"Rise (-?\d+), run (\d+)\."),
        ("ratio", r"(-?\d+) over (-?\d+) is (\S+)\."),
        ("intercept", r"At x=0 y is (\d+)\."),
        ("vertex", r"Vertex \((\d+),(\d+)\), opens (up|down)\."),
    )
)


def read_claim(step: str) -> Claim | None:
    """The claim of one step, None for a step that states nothing the world knows (a filler, a hesitation)."""
    for kind, pattern in _CLAIMS:
        if match := pattern.fullmatch(step):
            return Claim(kind, match.groups())
    return None
