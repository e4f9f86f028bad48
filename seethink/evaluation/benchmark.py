"""Benchmark: what the harness's table of one benchmark holds, how a row is asked, and what its figures are made of.

A *row* is a mapping with the columns of the harness's table, without the picture. The benchmark's own records are
brought into that form, so everything after reading knows one kind of row.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seethink.core.item import Verifier
from seethink.core.records import Record, field_text
from seethink.core.rejected import InputError

Row = Mapping[str, Any]

Hits = Sequence[float | None]
"""What each row is worth, in the order of the rows, 0 or 1; None where it has no verdict."""

Figures = dict[str, dict[str, float]]
"""Figures by name, each the mean of its units' values, in [0, 1]; the headline is the first."""


class Own(NamedTuple):
    """One of the benchmark's own records.

    Attributes:
        row: with the harness's columns.
        picture: what the record has for a picture: a path, base64, encoded bytes, or None.
    """

    row: dict[str, Any]
    picture: Any


class Gold(NamedTuple):
    """How our own verifiers decide a row."""

    verifier: Verifier
    gold: str
    options: tuple[str, ...] = ()
    tolerance: str = ""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One benchmark.

    Attributes:
        name: ours, and that of its rule set.
        title: as tables print it.
        entries: the harness's names for it, the leaderboard's first; they differ in the prompt or in which rows are
            asked.
        size: rows of the leaderboard's entry when nothing is missing.
        columns: that a row must have.
        marks: fields that only the benchmark's own records have.
        own: one of its own records as a row; raises InputError where it cannot be used.
        prompt: what is asked of a row under an entry, pictures apart.
        gold: how our own verifiers decide a row; raises InputError where none can.
        question: the bare question, without instructions; what a training row would share with it.
        figures: its figures, from rows and what they are worth.
        kept: what a row tells beside question and gold, for the item's meta: what results can be split by.
        wanted: whether an entry asks this row.
        pictured: whether a row has a picture at all.
    """

    name: str
    title: str
    entries: tuple[str, ...]
    size: int
    columns: tuple[str, ...]
    marks: tuple[str, ...]
    own: Callable[[Record], Own]
    prompt: Callable[[Row, str], str]
    gold: Callable[[Row], Gold]
    question: Callable[[Row], str]
    figures: Callable[[Sequence[Row], Hits], Figures]
    kept: Callable[[Row], dict[str, Any]]
    wanted: Callable[[Row, str], bool] = lambda row, entry: True
    pictured: Callable[[Row], bool] = lambda row: True


def text(row: Row, column: str) -> str:
    """A cell as text, "" where it is empty."""
    value = row.get(column)
    return "" if value is None else str(value)


def columns(*names: str) -> Callable[[Row], dict[str, Any]]:
    """These cells of a row that are not empty, as texts."""
    return lambda row: {name: text(row, name) for name in names if text(row, name)}


def whole(row: Row, column: str) -> int:
    """A cell as a whole number; InputError where it is none."""
    try:
        return int(text(row, column))
    except ValueError:
        raise InputError(f"column {column}: {text(row, column)[:40]!r} is no whole number") from None


def needed(record: Record, *names: str) -> dict[str, str]:
    """Fields that must be there, as texts. InputError names the first that is missing."""
    return {name: field_text(record, name) for name in names}


_QUESTION = re.compile(r"(?:\A|\n)Question:[ \t]*")


def without_instructions(prompt: str) -> str:
    """What follows the first line that begins with "Question:", the whole text where there is none."""
    found = _QUESTION.search(prompt)
    return prompt[found.end() :] if found else prompt


_LETTER_AND_TEXT = re.compile(r"\A\s*\(?([A-Z])\s*[).:]\s*(.*)\Z", re.DOTALL)


def lettered_options(text: str) -> tuple[str, ...]:
    """Option texts of lines such as "A:80°", "(B) 65°", A first; empty where the letters are not in order."""
    found = [match for line in text.splitlines() if (match := _LETTER_AND_TEXT.match(line))]
    letters = "".join(match[1] for match in found)
    return tuple(match[2].strip() for match in found) if letters and letters in "ABCDEFGHIJKLMNOP" else ()


def option_text(options: Sequence[str]) -> str:
    """Lines "(A) …", to stand below "Choices:"."""
    return "\n".join(f"({chr(ord('A') + place)}) {option}" for place, option in enumerate(options))


def figures_by(
    rows: Sequence[Row], hits: Hits, groups: Callable[[Row], Iterable[str]], overall: str = "overall"
) -> Figures:
    """``overall``, and one figure per group; a row is a unit, and counts in every group that it names."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    found[overall] = {}
    for row, hit in zip(rows, hits, strict=True):
        if hit is not None:
            for name in (overall, *groups(row)):
                found[name][text(row, "index")] = hit
    return {name: found[name] for name in sorted(found, key=lambda name: (name != overall, name))}


def grouped(rows: Sequence[Row], hits: Hits, column: str) -> dict[str, list[tuple[Row, float | None]]]:
    """Rows and what they are worth, by a column's value, in order of first occurrence."""
    found: dict[str, list[tuple[Row, float | None]]] = {}
    for row, hit in zip(rows, hits, strict=True):
        found.setdefault(text(row, column), []).append((row, hit))
    return found
