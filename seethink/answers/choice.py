"""Multiple choice: one option letter, or the text of one option."""

from __future__ import annotations

import re
from collections.abc import Sequence

from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, correct, undecided, unparseable, wrong

LETTERS = "ABCDEFGHIJ"
"""Letters an option may carry where the item does not list its options. choice: ten."""

_BARE = re.compile(r"[(\[{]?\s*([A-Za-z])\s*[)\]}]?\s*[.:,]?")
_LEADING = re.compile(r"[(\[]?\s*([A-Za-z])\s*(?:[)\]]\s*[.:]?|[.:](?=\s|$)|:|\n)\s*(.*)", re.DOTALL)
_NAMED = re.compile(
    r"\b(?i:option|choice)\s+[(\[]?([A-Za-z])(?![\w'])"
    r"|\b(?i:answer(?:\s+is)?)\s*:?\s*[(\[]?([A-Z])(?![\w'])"
    r"|[(\[]([A-Z])[)\]]"
)
_ALTERNATIVE = re.compile(
    r"(?:\b(?:or|and)\b|[,;/&|]|或|和)\s*(?:option\s+)?[(\[]?\s*(?:([A-Za-z])\s*[)\]:]|([A-Z])\s*[.,]?\s*$)"
)
_WRAPPERS = (
    re.compile(r"\*\*(.*)\*\*", re.DOTALL),
    re.compile(r"\$+([^$]*)\$+", re.DOTALL),
    re.compile(r"\\(?:boxed|text|mathrm|mathbf|textbf)\s*\{(.*)\}", re.DOTALL),
    re.compile(r"\\[(\[](.*)\\[)\]]", re.DOTALL),
    re.compile(r"[\"'“‘`](.*)[\"'”’`]", re.DOTALL),
)


def read_choice(text: str, options: Sequence[str] = ()) -> str | None:
    """The option letter a text chooses, upper case; None where it chooses none or offers several.

    In this order (reference 5.4, choice): the text is a letter; it is exactly one option's text; it starts with a
    letter and a bracket, colon, full stop or line break; it names "option X" or "(X)". A text that goes on to offer
    another letter ("A or B", "(A), (C)"), or whose letter and option text disagree, chooses nothing.
    """
    text = _unwrapped(text)
    allowed = LETTERS[: len(options)] if options else LETTERS
    bare = _BARE.fullmatch(text)
    if bare and bare[1].upper() in allowed:
        return bare[1].upper()
    by_text = _of_text(text, options)
    if by_text is not None:
        return by_text
    leading = _LEADING.match(text)
    if leading and leading[1].upper() in allowed:
        letter = leading[1].upper()
        stated = _of_text(leading[2], options)
        if stated is not None:
            return letter if stated == letter else None
        return None if _others(leading[2], letter, allowed) else letter
    named = {(match[1] or match[2] or match[3]).upper() for match in _NAMED.finditer(text)}
    if len(named) != 1:
        return None
    letter = named.pop()
    return letter if letter in allowed and not _others(text, letter, allowed) else None


def same_choice(item: Item, answer: str) -> Verdict:
    """1 where the answer chooses the gold's option, 0 otherwise; range {0, 1}."""
    letter = read_choice(answer, item.options)
    if letter is None:
        return unparseable("not exactly one option")
    gold = read_choice(item.gold, item.options)
    if gold is None:
        return undecided(Outcome.ERROR, f"gold {item.gold[:80]!r} is not one of the options")
    return correct(letter) if letter == gold else wrong(letter, f"gold is {gold}")


def _of_text(text: str, options: Sequence[str]) -> str | None:
    wanted = _plain(text)
    places = [place for place, option in enumerate(options) if _plain(option) == wanted]
    return LETTERS[places[0]] if wanted and len(places) == 1 and places[0] < len(LETTERS) else None


def _others(text: str, letter: str, allowed: str) -> set[str]:
    """Letters offered beside the one chosen."""
    offered = {(match[1] or match[2]).upper() for match in _ALTERNATIVE.finditer(text)}
    return {other for other in offered if other in allowed} - {letter}


def _plain(text: str) -> str:
    return " ".join(_unwrapped(text).rstrip(".").casefold().split())


def _unwrapped(text: str) -> str:
    text = text.strip()
    for _ in range(4):
        inner = next((match[1] for wrapper in _WRAPPERS if (match := wrapper.fullmatch(text))), None)
        if inner is None:
            break
        text = inner.strip()
    return text
