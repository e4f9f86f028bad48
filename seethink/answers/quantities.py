"""Quantities: how a number or a formula is found in a sentence of prose. Used by ``prose`` only.

A place may be the answer itself (``exactly``), begin with it, as what follows "the answer is" does (``leading``), or
hold it somewhere (``within``). ``sure`` asks for a result where results stand: behind "=", behind a verb of being, in
the last formula, as the last word. All of it is choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from seethink.answers.characters import with_digits
from seethink.answers.expression import read_expression
from seethink.answers.number import SMALL_WORDS, read_number
from seethink.answers.units import split_unit


class Within(Protocol):
    def __call__(self, text: str, *, sure: bool) -> str | None: ...


class Finds(NamedTuple):
    """How one verifier's answers are found; each gives a payload that its reader reads, or None."""

    exactly: Callable[[str], str | None]
    leading: Callable[[str], str | None]
    within: Within


SENTENCE_END = re.compile(r"(?<!approx)[.!?](?=\s|$)|\n")

_NEAR = 80
"""Characters behind a verb in which its number must begin. choice."""

# A number may touch Chinese words, and none of other scripts.
_LETTER = r"[^\W\u4e00-\u9fff]"
_NUMBER = r"(?:[0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)"
_APPROXIMATELY = (
    r"[\s(:]*(?:(?:about|approximately|approx\.|around|roughly|exactly|only|just|now|simply|a\s+total\s+of|equal\s+to"
    r"|a|the|≈|~)\s*)*"
)
_COUNT = re.compile(
    rf"{_APPROXIMATELY}(?P<value>-?{_NUMBER}|(?:{'|'.join(SMALL_WORDS)})\b)(?!{_LETTER}|[/^%]|\.[0-9])", re.IGNORECASE
)
_VALUE = re.compile(
    rf"{_APPROXIMATELY}(?P<value>(?:{'|'.join(SMALL_WORDS)})\b"
    rf"|-?\\?[$€£¥]?{_NUMBER}(?:\s?/\s?[0-9]+)?(?:\s?(?:\\?%|π|\\pi\b|pi\b|√[0-9]+|°))?)"
    rf"(?!{_LETTER}|[\^(]|\.[0-9])",
    re.IGNORECASE,
)
_GOES_ON = re.compile(
    r"\s*(?:or|and|to|[,/-]|或|和)\s*\(?[-$]?[0-9]|\(|\s*[+*^=×÷]|\s*-\s*(?:[(\\]|[A-Za-z]\b)"
    r"|\s*\\(?!text|mathrm|circ|[,)\] %])",
    re.IGNORECASE,
)
_CLAUSE = re.compile(r",?\s+(?:because|since|as|where|which|so|when|with|for|is|are)\b|,\s+(?=[a-z]{2})|;")
_ANY_NUMBER = re.compile(rf"(?<!{_LETTER})(?<![.,/^])-?{_NUMBER}(?:/[0-9]+)?(?!{_LETTER}|[/^])")
_FOLLOWING = re.compile(r"\s*[A-Za-z°²³/\u4e00-\u9fff]+(?:\^\{?[23]\}?)?")
_BEING = re.compile(
    r"\b(?:is|are|was|were|be|equals?|has|have|had|sees?|count(?:ed)?|gives?|gets?|makes?|leaves?|totals?)\b"
    r"|[有是为共剩下得]",
    re.IGNORECASE,
)
_FORMULA = re.compile(r"\$\$?([^$]+)\$\$?|\\\(((?:(?!\\[()]).)*)\\\)|\\\[((?:(?!\\[\[\]]).)*)\\\]", re.DOTALL)
_EQUALS = re.compile(r"[=≈]|\\approx\b")
_ENGLISH = re.compile(
    r"(?<![A-Za-z\\])(?:am|an|and|as|at|be|by|do|go|he|if|in|is|it|me|my|no|of|on|or|so|to|up|us|we)(?![A-Za-z])", re.I
)
_OR = re.compile(r"\b(?:or|and)\b")
_UNFINISHED = re.compile(r"^\s*[*/^=)]|[-+*/^=(]\s*$")
_LABEL = re.compile(r"\s*\(?[A-J][).:]\s+(?=[-$\\0-9.(])")


def counts() -> Finds:
    return _quantities(_count, _COUNT)


def expressions() -> Finds:
    return _quantities(_expression, _VALUE)


def _quantities(exactly: Callable[[str], str | None], quantity: re.Pattern[str]) -> Finds:
    """Counts and expressions: a number with its unit, or a formula."""

    def leading(text: str) -> str | None:
        text = with_digits(_LABEL.sub("", text, count=1))
        sentence = SENTENCE_END.split(text, maxsplit=1)[0].strip()
        formula = _FORMULA.match(sentence)
        return (
            exactly(sentence)
            or (formula and _of_formula("".join(filter(None, formula.groups())), exactly))
            or _amount(sentence, quantity)
            or exactly(_CLAUSE.split(sentence, maxsplit=1)[0])
            or _result(sentence, exactly, quantity)
        )

    def within(text: str, *, sure: bool) -> str | None:
        text = with_digits(text)
        for formula in reversed(_FORMULA.findall(text)):
            found = _of_formula("".join(formula), exactly)
            if found:
                return found
        found = _result(text, exactly, quantity)
        if found:
            return found
        for verb in reversed(list(_BEING.finditer(text))):
            found = _amount(text[verb.end() : verb.end() + _NEAR], quantity)
            if found:
                return found
        if sure:
            return None
        numbers = list(_ANY_NUMBER.finditer(text))
        calculated = numbers and re.search(r"[-+*/^=]\s*$", text[: numbers[0].start()])
        if len({number.group() for number in numbers}) == 1 and not calculated:
            return _amount(text[numbers[0].start() :], quantity)
        return exactly(text)

    return Finds(exactly, leading, within)


def _result(sentence: str, exactly: Callable[[str], str | None], quantity: re.Pattern[str]) -> str | None:
    """What stands behind the last "=" of a sentence; None where that is one of two cases."""
    signs = list(_EQUALS.finditer(sentence))
    if not signs or (len(signs) > 1 and _OR.search(sentence, signs[-2].end(), signs[-1].start())):
        return None
    behind = sentence[signs[-1].end() :].strip(" $.")
    return exactly(behind) or exactly(_CLAUSE.split(behind, maxsplit=1)[0]) or _amount(behind, quantity)


def _of_formula(formula: str, exactly: Callable[[str], str | None]) -> str | None:
    """What a formula says: all of it, or what stands behind the last "=" of a calculation."""
    return exactly(formula) or exactly(_EQUALS.split(formula)[-1])


def _amount(text: str, quantity: re.Pattern[str]) -> str | None:
    """The number a text begins with, and its unit; None where the text goes on to another or to calculate."""
    match = quantity.match(text)
    if match is None:
        return None
    value, rest = _in_digits(match["value"]), text[match.end() :]
    if _GOES_ON.match(rest):
        return None
    words = ""
    spelled = [""] + [words := words + word for word in _words(rest)]
    known = [f"{value}{unit}" for unit in reversed(spelled) if unit and split_unit(f"{value}{unit}").unit]
    return known[0] if known and quantity is _VALUE else value


def _in_digits(value: str) -> str:
    return str(SMALL_WORDS.index(value.lower())) if value.lower() in SMALL_WORDS else value


def _words(rest: str) -> Iterator[str]:
    """Up to three words that follow directly and may be a unit."""
    place = 0
    for _ in range(3):
        match = _FOLLOWING.match(rest, place)
        if match is None:
            return
        yield match.group()
        place = match.end()


def _count(text: str) -> str | None:
    number = read_number(text)
    return None if number is None else str(number)


def _expression(text: str) -> str | None:
    """The text where it is an expression or an equation; a calculation (``2 + 3 = 5``, ``A = bh = 6``) is neither."""
    read = read_expression(text)
    if read is None or not re.search(r"[0-9\\]", read.latex):
        return None
    cases = _OR.split(read.latex)
    if len(cases) > 1 and all(_EQUALS.search(case) for case in cases):
        return text.strip()
    if _ENGLISH.search(read.latex) or _UNFINISHED.search(read.latex):
        return None
    sides = _EQUALS.split(read.latex)
    unknown = re.search(r"[A-Za-z]", re.sub(r"\\[A-Za-z]+", "", sides[0]))
    return text.strip() if len(sides) == 1 or (len(sides) == 2 and unknown) else None
