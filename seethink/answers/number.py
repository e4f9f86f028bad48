"""Counting answers: one whole number, in digits or as a word from zero to ten."""

from __future__ import annotations

import re

from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, correct, undecided, unparseable, wrong

_SMALL = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_BEYOND = (
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million"),
)
_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join([*_SMALL, *_BEYOND])})(?![\w])", re.IGNORECASE)
_NUMERAL = re.compile(r"(?<![\w.,/^])[-+−]?[0-9][0-9,]*(?:\.[0-9]+)?(?![\w/^%])")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+")
_MAX_DIGITS = 15


def read_number(text: str) -> int | None:
    """The one whole number a text states; None where it states none, two different ones, or one that is not whole.

    The paper asks for an exact match and gives no parser: choice (reference 5.4). Every standalone number counts, so
    "3 or 4" is no answer and "3, that is, three" is.
    """
    found = {_value(match.group()) for match in _NUMERAL.finditer(text)}
    found |= {_word(match.group()) for match in _WORD.finditer(text)}
    return found.pop() if len(found) == 1 else None


def same_number(item: Item, answer: str) -> Verdict:
    """1 where the answer states the gold's number, 0 otherwise; range {0, 1}."""
    number = read_number(answer)
    if number is None:
        return unparseable("not exactly one whole number")
    gold = read_number(item.gold)
    if gold is None:
        return undecided(Outcome.ERROR, f"gold {item.gold[:80]!r} is not a whole number")
    return correct(str(number)) if number == gold else wrong(str(number), f"gold is {gold}")


def _value(numeral: str) -> int | None:
    plain = numeral.replace("−", "-").rstrip(",")
    whole, _, decimals = plain.partition(".")
    if "," in whole:
        if not _GROUPED.fullmatch(whole):
            return None
        whole = whole.replace(",", "")
    if len(whole) > _MAX_DIGITS or decimals.strip("0"):
        return None
    return int(whole)


def _word(word: str) -> int | None:
    lowered = word.lower()
    return _SMALL.index(lowered) if lowered in _SMALL else None
