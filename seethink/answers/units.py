"""Units at the end of a quantity: taken off before two quantities are compared, and compared themselves."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = {
    "degree": ("degrees", "degree", "deg"),
    "radian": ("radians", "radian", "rad"),
    "millimetre": ("millimeters", "millimeter", "millimetres", "millimetre", "mm"),
    "centimetre": ("centimeters", "centimeter", "centimetres", "centimetre", "cm"),
    "decimetre": ("decimeters", "decimeter", "decimetres", "decimetre", "dm"),
    "metre": ("meters", "meter", "metres", "metre", "m"),
    "kilometre": ("kilometers", "kilometer", "kilometres", "kilometre", "km"),
    "inch": ("inches", "inch"),
    "foot": ("feet", "foot", "ft"),
    "yard": ("yards", "yard", "yd"),
    "mile": ("miles", "mile"),
    "litre": ("liters", "liter", "litres", "litre"),
    "gram": ("grams", "gram", "g"),
    "kilogram": ("kilograms", "kilogram", "kg"),
    "second": ("seconds", "second", "sec", "s"),
    "minute": ("minutes", "minute", "min"),
    "hour": ("hours", "hour"),
    "": ("units", "unit"),
}
_CANONICAL = {spelling: name for name, spellings in _NAMES.items() for spelling in spellings}
_SPELLINGS = "|".join(sorted(_CANONICAL, key=len, reverse=True))
_DEGREE_SIGN = re.compile(r"\s*(?:\^\s*\{?\s*\\circ\s*\}?|\\degree|°)\s*$")
_TEXT = re.compile(r"\\(?:text|textrm|mathrm|mbox|rm)\s*\{\s*([A-Za-z. ]+?)\s*\}")
_SPACE = re.compile(r"\\[,;:!~ ]|~")
_UNIT = re.compile(
    rf"(?P<gap>(?<=[\d)}}|])|\s)\s*(?:(?P<square>square|sq\.?)\s+|(?P<cubic>cubic|cu\.?)\s+)?(?<![A-Za-z\\])"
    rf"(?P<unit>{_SPELLINGS})\s*(?P<power>(?:\^\s*\{{?\s*[23]\s*\}}?|squared|cubed))?\s*$"
)


class Quantity(NamedTuple):
    """A value and its unit: ``("36", "centimetre^3")``; the unit is empty where none is stated."""

    value: str
    unit: str


def split_unit(text: str) -> Quantity:
    r"""Take a unit off the end of plain or LaTeX text: ``36\pi\text{ cm}^3``, ``60^\circ``, ``5 m``, ``2 sq ft``.

    A single letter is a unit only behind a number and a space or inside a text command: in ``y = 5m`` it is a variable.
    """
    sign = _DEGREE_SIGN.search(text)
    if sign:
        return Quantity(text[: sign.start()].strip(), "degree")
    spelled = _TEXT.sub(lambda match: f" {match[1]} " if _is_unit(match[1]) else match[0], text)
    spelled = _SPACE.sub(" ", spelled)
    match = _UNIT.search(spelled)
    if match is None:
        return Quantity(text, "")
    value = spelled[: match.start()].strip()
    if not value or (len(match["unit"]) == 1 and not _stands_behind_a_number(value, spelled[match.start() :])):
        return Quantity(text, "")
    name = _CANONICAL[match["unit"]]
    power = 2 if match["square"] else 3 if match["cubic"] else _power(match["power"])
    return Quantity(value, f"{name}^{power}" if name and power > 1 else name)


def units_agree(a: str, b: str) -> bool:
    """A unit left out agrees with any; two stated ones must be the same, nothing is converted. choice."""
    return not a or not b or a == b


def _is_unit(text: str) -> bool:
    words = text.lower().split()
    return bool(words) and words[-1] in _CANONICAL and set(words[:-1]) <= {"square", "sq", "sq.", "cubic", "cu", "cu."}


def _stands_behind_a_number(value: str, tail: str) -> bool:
    letters = re.sub(r"\\[A-Za-z]+", "", value)
    return tail[:1].isspace() and "=" not in value and not re.search(r"[A-Za-z]", letters)


def _power(text: str | None) -> int:
    if not text:
        return 1
    return 3 if "3" in text or "cubed" in text else 2
