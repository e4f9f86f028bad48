"""The process that finds two answers equal as the harness does (``python -m`` and this module, SECONDS).

A request is ``[gold, answer]``, both lower-cased and stripped; the reply is one word of ``Match``. Python's value of a
text comes from ``arithmetic``, LaTeX is parsed by the parser that the harness uses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from seethink.core import guard
from seethink.core.serving import run
from seethink.evaluation.rules.arithmetic import TooLarge, Unworkable, value_of
from seethink.evaluation.rules.equality import TOLERANCE, Match

MAX_LATEX = 1_000
"""Characters that are parsed. choice: no answer needs more, and hostile ones of that length take the parser minutes."""
MAX_DEPTH = 50
"""Nested brackets that are parsed. choice: at 900 the parser needs most of the harness's 30 seconds."""
MAX_PLAIN = 40
"""Characters of a number or a fraction that is read without the parser; longer ones go to it. choice."""

_CONSUMING = re.compile(
    r"[|≈]|vert|approx|operatorname|\\(?:sub|sup|gcd|lcm|max|min|det|begin|mid|in(?![a-z])|ni(?![a-z]))"
)
"""LaTeX in which letters can end up in no symbol of the result."""
_IRRATIONAL = re.compile(r"\\sqrt|\\pi(?![a-z])|π")
_DROPPING = re.compile(r"_|binom|e\s*\^")
"""LaTeX that may drop or work out what stands in braces."""
_NUMBER = re.compile(r"(-?)([0-9]+(?:\.[0-9]+)?)(?:\^\\circ|\^\{\\circ\})?", re.ASCII)
_FRACTION = re.compile(r"(-?)\\frac\{([0-9]+)\}\{([0-9]*[1-9][0-9]*)\}", re.ASCII)
_PIECE = re.compile(r"\\[a-z]+|_?[a-z]+")
_REMAINING = re.compile(r"[^abe_].*[^abe_]")


def prepare() -> None:
    """Import and warm up the parser."""
    match("1/3", r"\frac{1}{3}")
    match("x+1", r"2\cdot 3")


def answer(pair: list[str]) -> str:
    """The match of a request's gold and answer, as it travels."""
    return match(*pair).value


def match(gold: str, text: str) -> Match:
    """Whether the harness finds them equal: as Python first, then as LaTeX."""
    if gold == text:
        return Match.EQUAL
    # The names that the harness's function has when it evaluates, which a text may be or contain.
    names: dict[str, Any] = {"asw": text, "gt_asw": gold}
    as_python = _first(gold, text, names)
    if as_python is Match.EQUAL:
        return as_python
    as_latex = _second(gold, text, names)
    return as_latex if as_latex is not Match.UNEQUAL else as_python


def _first(gold: str, text: str, names: Mapping[str, Any]) -> Match:
    def step() -> bool:
        a = value_of(gold, names)
        b = value_of(text, {**names, "a": a})
        return bool(abs(a - b) < TOLERANCE)

    return _tried(step)


def _second(gold: str, text: str, names: Mapping[str, Any]) -> Match:
    def step() -> bool:
        a = _parsed_gold(gold)
        b = _parsed(text)
        if a is None or b is None:
            return False
        both = {**names, "a": a, "b": b}
        if abs(value_of(str(a), both) - value_of(str(b), both)) < TOLERANCE:
            return True
        return bool(abs(a - b) < TOLERANCE)

    return _tried(step)


def _tried(step: Callable[[], bool]) -> Match:
    try:
        return Match.EQUAL if step() else Match.UNEQUAL
    except (Unworkable, guard.Refused):
        return Match.CODE
    except (TooLarge, Exception):
        return Match.UNEQUAL


@lru_cache(maxsize=4_096)
def _parsed_gold(gold: str) -> Any:
    return _parsed(gold)


def _parsed(text: str) -> Any:
    """The text as LaTeX, None where it is too long or what it says holds letters that Python will not know."""
    from latex2sympy2_extended import NormalizationConfig, latex2sympy, normalize_latex

    normal = normalize_latex(text, NormalizationConfig())
    plain = _plain(normal)
    if plain is not None:
        return plain
    if len(normal) > MAX_LATEX or _depth(normal) > MAX_DEPTH or _names_remain(normal):
        return None
    return latex2sympy(normal, normalization_config=None)


def _plain(latex: str) -> Any:
    """What the parser makes of a number, in degrees or not, and of a fraction, which need no parser."""
    from sympy import Float, Integer, Rational

    if len(latex) > MAX_PLAIN:
        return None
    if found := _NUMBER.fullmatch(latex):
        sign, digits = found.groups()
        number = Float(digits) if "." in digits else Integer(digits)
        return -number if sign else number
    if found := _FRACTION.fullmatch(latex):
        sign, upper, lower = found.groups()
        return Rational(int(upper), int(lower)) * (-1 if sign else 1)
    return None


def _depth(latex: str) -> int:
    depth = deepest = 0
    for char in latex:
        depth += (char in "([{") - (char in ")]}")
        deepest = max(deepest, depth)
    return deepest


def _names_remain(latex: str) -> bool:
    """True where a root, pi or a word outside braces becomes a name in any case: then evaluating ends in a NameError.

    It spares the parser the usual answers, which take it milliseconds, and sentences, which take it seconds.
    """
    if _CONSUMING.search(latex):
        return False
    if _IRRATIONAL.search(latex) and not _DROPPING.search(latex):
        return True
    outside, depth = list[str](), 0
    for part in re.split(r"([{}])", latex):
        if part in "{}" and part:
            depth += 1 if part == "{" else -1
        elif depth <= 0:
            outside.append(part)
    return any(
        _REMAINING.search(piece) for piece in _PIECE.findall(" ".join(outside)) if not piece.startswith(("\\", "_"))
    )


if __name__ == "__main__":
    run(prepare, answer)
