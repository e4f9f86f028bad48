"""Counting answers: one whole number, in digits, as an English word from zero to ten, or in Chinese numerals."""

from __future__ import annotations

import re

from seethink.answers.boxed import unboxed
from seethink.answers.characters import names_numbers, plain, with_digits
from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, correct, undecided, unparseable, wrong

SMALL_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_BEYOND = (
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
    *("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety", "hundred", "thousand", "million"),
)
_WORD = re.compile(rf"(?<![\w-])(?:{'|'.join([*SMALL_WORDS, *_BEYOND])})(?![\w])", re.IGNORECASE)
# A numeral may touch Chinese words (3个), and none of other scripts.
_LETTER = r"[^\W\u4e00-\u9fff]"
_NUMERAL = re.compile(rf"(?<!{_LETTER})(?<![.,/^])[-+]?[0-9][0-9,]*(?:\.[0-9]+)?(?!{_LETTER}|[/^%]|[十百千万亿]|分之)")
_GROUPED = re.compile(r"[-+]?[0-9]{1,3}(?:,[0-9]{3})+")
_MAX_DIGITS = 15


def read_number(text: str) -> int | None:
    """The one whole number a text states; None where it states none, two different ones, or one that is not whole.

    The paper asks for an exact match and gives no parser: choice (reference 5.4). Every standalone number counts, so
    "3 or 4" is no answer and "3, that is, three" is. Of a text with one ``\\boxed{}`` only the box is read.
    """
    text = with_digits(plain(unboxed(text)))
    if names_numbers(text) or "分之" in text:
        return None
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
    whole, _, decimals = numeral.rstrip(",").partition(".")
    if "," in whole:
        if not _GROUPED.fullmatch(whole):
            return None
        whole = whole.replace(",", "")
    if len(whole) > _MAX_DIGITS or decimals.strip("0"):
        return None
    return int(whole)


def _word(word: str) -> int | None:
    lowered = word.lower()
    return SMALL_WORDS.index(lowered) if lowered in SMALL_WORDS else None
