"""Cleaning: named rules that bring an untidy expression into the form a verifier reads.

VLAA-Thinking appendix C.1 tells of such golds (only the unknown's value where the function is asked for) and not of its
rules; later users of the released files found the rest ("Output" in front, display brackets, box commands, parameter
and function in one answer, a Chinese "or" between two values of an option). Each rule keeps what is said.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import NamedTuple

MAX_CLEANED = 20_000
"""Characters of an expression that rules look at; a longer one is no answer. choice."""

_ROUNDS = 8
"""Wrappings that are taken off, one inside the other. choice."""


class Cleaned(NamedTuple):
    """The text, and the names of the rules that changed it."""

    text: str
    rules: tuple[str, ...]


def clean(text: str, asked: str = "") -> Cleaned:
    """Apply every rule until none changes anything; ``asked`` is the question with its extra context."""
    text = text.strip()
    if len(text) > MAX_CLEANED:
        return Cleaned(text, ())
    used: dict[str, None] = {}
    for _ in range(_ROUNDS):
        before = text
        for name, rule in RULES.items():
            result = rule(text, asked).strip()
            if result != text:
                text = result
                used[name] = None
        if text == before:
            break
    return Cleaned(text, tuple(used))


_MARKED = re.compile(r"†\s{0,3}answer\s{0,3}:", re.IGNORECASE)
_OUTPUT = re.compile(r"output ?\d{0,4} ?[:.]? (?=\S)|output ?\d{0,4}[:.](?=\S)", re.IGNORECASE)
_DISPLAY = (("\\[", "\\]"), ("\\(", "\\)"), ("$$", "$$"), ("$", "$"))


def _marked_answer(text: str, asked: str) -> str:
    """A worked solution that ends in "†Answer: …" (Math PUMA): what follows the mark."""
    return _MARKED.split(text)[-1].strip() or text


def _output_prefix(text: str, asked: str) -> str:
    """ "Output", with or without a number and a colon, in front of the answer."""
    found = _OUTPUT.match(text)
    return text[found.end() :] if found else text


def _display_brackets(text: str, asked: str) -> str:
    for opening, closing in _DISPLAY:
        if len(text) > len(opening + closing) and text.startswith(opening) and text.endswith(closing):
            inner = text[len(opening) : -len(closing)]
            if opening not in inner and closing not in inner:
                return inner
    return text


def _box_command(text: str, asked: str) -> str:
    if text.startswith("\\boxed{") and _closes_at_end(text, len("\\boxed")):
        return text[len("\\boxed{") : -1]
    return text


def _full_stop(text: str, asked: str) -> str:
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def _closes_at_end(text: str, opening: int) -> bool:
    """True where the brace at ``opening`` is closed by the last character."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place == len(text) - 1
    return False


_SIDE = re.compile(r"\s*(y|[fgh]\(x\)|[a-w])\s?=\s?(\S.*)", re.DOTALL)
_BETWEEN = re.compile(r"[;,\n]| and | so ")


def _function_of_both(text: str, asked: str) -> str:
    """ "a = -5, y = -5 sin(-5x)": the function."""
    parts = [part for part in _BETWEEN.split(text) if part.strip()]
    sides = [found for part in parts if (found := _SIDE.fullmatch(part))]
    if len(parts) < 2 or len(sides) != len(parts):
        return text
    functions = [found[0].strip() for found in sides if not found[1].isalpha() or found[1] == "y"]
    return functions[0] if len(functions) == 1 else text


_PARAMETER = re.compile(
    r"([a-w])\s?=\s?(-?\s?(?:\d{1,12}(?:\.\d{1,12})?(?:/\d{1,12})?|\\frac\{-?\d{1,12}\}\{\d{1,12}\}))"
)
_ASKS_FUNCTION = re.compile(r"\b(?:function|equation|expression)\b", re.IGNORECASE)
_ASKS_VALUE = re.compile(r"\b(?:value of|solve for|find [a-w]\b|what is [a-w]\b)", re.IGNORECASE)
_LEFT_SIDE = re.compile(r"(?:\by|\b[fgh]\(x\))\s?=\s?")
_TOKEN = re.compile(
    r"\s+|\d{1,12}(?:\.\d{1,12})?|\\?(?:sin|cos|tan|cot|log|ln|exp|abs|sqrt|pi|frac|cdot|times|left|right)(?![a-z])"
    r"|[a-z](?![a-z])|[-+*/^(){}|_]"
)


def _function_of_parameter(text: str, asked: str) -> str:
    """ "a = -5" where the question asks for the function and the function stands in it: the function with -5 for a."""
    found = _PARAMETER.fullmatch(text)
    if not found or not _ASKS_FUNCTION.search(asked) or _ASKS_VALUE.search(asked) or len(asked) > MAX_CLEANED:
        return text
    name, value = found[1], found[2].replace(" ", "")
    forms = {form for side in _LEFT_SIDE.finditer(asked) if (form := _with_value(asked, side, name, value))}
    return forms.pop() if len(forms) == 1 else text


def _with_value(asked: str, side: re.Match[str], name: str, value: str) -> str | None:
    """The function that begins at ``side`` with ``value`` for ``name``; None where another unknown is left."""
    tokens, place = [], side.end()
    while token := _TOKEN.match(asked, place):
        tokens.append(token[0])
        place = token.end()
    letters = {token for token in tokens if len(token) == 1 and token.isalpha()}
    if name not in letters or letters - {name, "x", "e"}:
        return None
    shown = f"({value})" if value.startswith("-") else value
    return side[0] + "".join(shown if token == name else token for token in tokens).rstrip()


def tidy_question(text: str) -> str:
    """A Chinese "or" between two values, left in options of GeoQA, in English."""
    return re.sub(r"[ \t]?或[ \t]?", " or ", text)


Rule = Callable[[str, str], str]

RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "marked answer": _marked_answer,
        "output prefix": _output_prefix,
        "display brackets": _display_brackets,
        "box command": _box_command,
        "full stop": _full_stop,
        "function of both": _function_of_both,
        "function of parameter": _function_of_parameter,
    }
)
