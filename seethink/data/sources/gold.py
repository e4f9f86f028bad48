"""Gold: a data set's ground truth brought into the form its verifier reads.

The released answers are untidy (VLAA-Thinking appendix C.1 tells of option letters in several spellings). Rules only,
and only rules that cannot change what is said; what does not fit afterwards is set aside.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from string import ascii_uppercase
from typing import Any

from seethink.answers import MAX_ANSWER, read_choices
from seethink.core.item import Verifier
from seethink.core.rejected import Rejected
from seethink.data.sources.cleaning import clean

MISFIT = "gold does not fit its verifier"

_LETTER = re.compile(r"^[(\[]?\s*([A-Za-z])\s*(?:[)\].:]\s*(.*))?$", re.DOTALL)
_INTEGER = re.compile(r"^([+-]?\d{1,18})(?:\.0+)?$")


def tidy_gold(value: object, verifier: Verifier, options: Sequence[str] = (), asked: str = "") -> str | Rejected:
    """The gold as text: a digit, capital letters ("A", or "A, C" where several options are right), an expression,
    "[x1, y1, x2, y2]" or a list of such boxes, or free text.

    Args:
        asked: the question with its extra context, for a gold that leaves out what stands there.

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
            return clean(text, asked).text or Rejected("no gold", "the gold holds marks and no expression")
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
    text = clean(text).text
    several = read_choices(text, options) if len(text) <= MAX_ANSWER else None
    if several is not None and len(several) > 1:
        return ", ".join(several)
    found = _LETTER.match(text)
    if found is None:
        return Rejected(MISFIT, f"gold {text[:60]!r} of an mcq item is neither an option's letter nor its text")
    letter = found[1].upper()
    if options and ascii_uppercase.index(letter) >= len(options):
        return Rejected(MISFIT, f"gold {letter} of an mcq item with {len(options)} options")
    return letter


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
