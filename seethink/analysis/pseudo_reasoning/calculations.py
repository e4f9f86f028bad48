"""Calculations with numbers alone that a sentence states, and whether their results are right."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import pairwise

from seethink.analysis.pseudo_reasoning.statements import NUMERAL, UNIT, plain

_EXPRESSION = rf"{NUMERAL}(?:\s?[-+*/]\s?{NUMERAL}){{0,12}}"
_TRAILING = re.compile(rf"(?:^|(?<=[\s:,]))(?P<sign>-?){_EXPRESSION}$")
_LEADING = re.compile(rf"^(?P<sign>-?){_EXPRESSION}{UNIT}(?=\s*(?:[,;:!)]|\.(?!\d)|$|so\b|and\b|which\b))")
_CALCULATED = re.compile(rf"({NUMERAL}\s?[-+*/]\s?{NUMERAL})\s+(?:is|equals|makes|gives|leaves)\s+(?=-?\d)")
_SPOKEN = (
    (re.compile(r"(?<=\d)\s+plus\s+(?=\d)"), " + "),
    (re.compile(r"(?<=\d)\s+minus\s+(?=\d)"), " - "),
    (re.compile(r"(?<=\d)\s+times\s+(?=\d)"), " * "),
    (re.compile(r"(?<=\d)\s+(?:over|divided by)\s+(?=\d)"), " / "),
)


def miscalculates(sentence: str) -> bool:
    """True where a calculation with numbers alone is stated with a wrong result: "7 minus 2 is 4", "3 * 4 = 10".

    A result in decimals may be rounded or cut off. Calculations with letters, roots, powers or percentages are not
    read.
    """
    text = _words_as_signs(plain(sentence))
    if re.search(r"\?\s*$", text):
        return False
    pieces = re.split(r"\s*=\s*", text)
    sides = [(_trailing(left), _leading(right)) for left, right in pairwise(pieces)]
    return any(left is not None and right is not None and not _same(left, right) for left, right in sides)


def calculated(sentence: str) -> str | None:
    """The last result of a calculation with numbers alone that a sentence states, right or wrong; None without one."""
    pieces = re.split(r"\s*=\s*", _words_as_signs(plain(sentence)))
    for left, right in reversed(list(pairwise(pieces))):
        calculation, result = _trailing(left), _leading(right)
        if calculation and result and re.search(r"\d\s?[-+*/]", calculation):
            value = _calculate(result)
            return None if value is None else str(value)
    return None


def _words_as_signs(text: str) -> str:
    for pattern, sign in _SPOKEN:
        text = pattern.sub(sign, text)
    return _CALCULATED.sub(r"\1 = ", text)


def _trailing(left: str) -> str | None:
    match = _TRAILING.search(left)
    # Behind an operator it would be the end of a calculation that cannot be read as a whole.
    return match.group() if match and not re.search(r"[-+*/^√]\s?$", left[: match.start()]) else None


def _leading(right: str) -> str | None:
    match = _LEADING.match(right) or (_TRAILING.match(right) if _TRAILING.fullmatch(right) else None)
    return match.group() if match else None


def _same(left: str, right: str) -> bool:
    if not re.search(r"\d\s?[-+*/]", left + " " + right):
        return True
    one, other = _calculate(left), _calculate(right)
    if one is None or other is None:
        return True
    slack = max(_rounding(left), _rounding(right))
    return abs(one - other) <= slack


def _rounding(text: str) -> Fraction:
    """A unit in the last place of a text with decimals (rounded or cut off), 0 for one without."""
    decimals = [len(found) for found in re.findall(r"\.(\d+)", text)]
    return Fraction(1, 10 ** min(decimals)) if decimals else Fraction(0)


def _calculate(text: str) -> Fraction | None:
    """The value of numerals joined by + - * /, products first; None where it divides by zero."""
    tokens = re.findall(rf"{NUMERAL}|[-+*/]", text.replace(",", ""))
    terms: list[Fraction] = []
    sign, operator = 1, ""
    try:
        for token in tokens:
            if token in "*/":
                operator = token
            elif token in "+-":
                sign = -1 if token == "-" else 1
            elif operator:
                terms[-1] = terms[-1] * Fraction(token) if operator == "*" else terms[-1] / Fraction(token)
                operator = ""
            else:
                terms.append(sign * Fraction(token))
                sign = 1
    except ZeroDivisionError:
        return None
    return sum(terms, Fraction(0))
