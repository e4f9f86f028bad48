"""Gold: a data set's ground truth brought into the form its verifier reads.

The released answers are untidy (VLAA-Thinking appendix C.1 tells of option letters in several spellings; later users
found "Output" in front of answers, LaTeX display brackets and box commands). Rules only, and only rules that cannot
change what is said; what does not fit afterwards is set aside.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from seethink.answers import read_choices
from seethink.core.item import Verifier
from seethink.core.rejected import Rejected

MISFIT = "gold does not fit its verifier"

_MARKED = re.compile(r"†\s*answer\s*:\s*", re.IGNORECASE)
_OUTPUT = re.compile(r"^output\s*(?:\d+\s*)?[:.]?\s+(?=\S)", re.IGNORECASE)
_LETTER = re.compile(r"^[(\[]?\s*([A-Za-z])\s*(?:[)\].:]\s*(.*))?$", re.DOTALL)
_INTEGER = re.compile(r"^([+-]?\d{1,18})(?:\.0+)?$")
_DISPLAY = (("\\[", "\\]"), ("\\(", "\\)"), ("$$", "$$"), ("$", "$"))


def tidy_gold(value: object, verifier: Verifier, options: Sequence[str] = ()) -> str | Rejected:
    """The gold as text: a digit, capital letters ("A", or "A, C" where several options are right), an expression,
    "[x1, y1, x2, y2]" or a list of such boxes, or free text.

    Reasons: "no gold", "gold does not fit its verifier".
    """
    if value is None or isinstance(value, bool) or (isinstance(value, str) and not value.strip()):
        return Rejected("no gold", f"gold is {value!r}: give the right answer")
    if verifier is Verifier.IOU:
        return _box(value)
    if verifier is Verifier.MCQ and isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    if isinstance(value, float) and not math.isfinite(value):
        return Rejected(MISFIT, f"gold {value} is no number")
    if not isinstance(value, str | int | float):
        return Rejected(MISFIT, f"gold of a {verifier} item is text or a number, not {type(value).__name__}")
    text = str(value).strip()
    match verifier:
        case Verifier.DIGIT:
            return _digit(text)
        case Verifier.MCQ:
            return _letter(text, options)
        case Verifier.MATH:
            return _expression(text)
        case _:
            return text


def _digit(text: str) -> str | Rejected:
    found = _INTEGER.match(text)
    if found is None:
        return Rejected(MISFIT, f"gold {text[:60]!r} of a digit item is no whole number")
    return str(int(found[1]))


def _letter(text: str, options: Sequence[str]) -> str | Rejected:
    # A bare letter names an option even where an option's text is that letter.
    if text in options and not (len(text) == 1 and text.isalpha()):
        return ascii_uppercase[list(options).index(text)]
    text = _OUTPUT.sub("", text)
    several = read_choices(text, options)
    if several is not None and len(several) > 1:
        return ", ".join(several)
    found = _LETTER.match(text)
    if found is None:
        return Rejected(MISFIT, f"gold {text[:60]!r} of an mcq item is neither an option's letter nor its text")
    letter = found[1].upper()
    if options and ascii_uppercase.index(letter) >= len(options):
        return Rejected(MISFIT, f"gold {letter} of an mcq item with {len(options)} options")
    return letter


def _expression(text: str) -> str | Rejected:
    text = _MARKED.split(text)[-1].strip()
    text = _OUTPUT.sub("", text).strip()
    before = None
    while before != text:
        before = text
        for opening, closing in _DISPLAY:
            inner = text[len(opening) : -len(closing)]
            if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening + closing):
                text = inner.strip() if opening not in inner and closing not in inner else text
        if text.startswith("\\boxed{") and _closes_at_end(text, len("\\boxed")):
            text = text[len("\\boxed{") : -1].strip()
    if text.endswith(".") and not text.endswith("..."):
        text = text[:-1].rstrip()
    return text or Rejected("no gold", "the gold holds marks and no expression")


def _closes_at_end(text: str, opening: int) -> bool:
    """True where the brace at ``opening`` is closed by the last character."""
    depth = 0
    for place in range(opening, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return place == len(text) - 1
    return False


def _box(value: object) -> str | Rejected:
    if isinstance(value, str):
        text = value
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            return Rejected(MISFIT, f"gold {text[:60]!r} of an iou item is no list: write [x1, y1, x2, y2]")
    listed: list[Any] = value if isinstance(value, list) else []
    several = bool(listed) and all(isinstance(one, list) for one in listed)
    boxes = listed if several else [listed]
    for numbers in boxes:
        if len(numbers) != 4 or not all(_is_finite(number) for number in numbers):
            told = f"gold {str(value)[:60]} of an iou item is not four numbers"
            return Rejected(MISFIT, f"{told}: write [x1, y1, x2, y2], or a list of such boxes")
        x1, y1, x2, y2 = numbers
        if not (x1 < x2 and y1 < y2):
            return Rejected(MISFIT, f"gold box {numbers} is empty: x1 < x2 and y1 < y2 are needed")
    return json.dumps(boxes if len(boxes) > 1 else boxes[0])


def _is_finite(number: object) -> bool:
    return isinstance(number, int | float) and not isinstance(number, bool) and math.isfinite(number)
