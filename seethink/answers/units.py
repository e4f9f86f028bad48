"""Units at the end of a quantity: taken off before two quantities are compared, and compared themselves."""

from __future__ import annotations

import re
from typing import NamedTuple

_NAMES = {
    "degree": ("degrees", "degree", "deg", "度"),
    "radian": ("radians", "radian", "rad", "弧度"),
    "millimetre": ("millimeters", "millimeter", "millimetres", "millimetre", "mm", "毫米"),
    "centimetre": ("centimeters", "centimeter", "centimetres", "centimetre", "cm", "厘米"),
    "decimetre": ("decimeters", "decimeter", "decimetres", "decimetre", "dm", "分米"),
    "metre": ("meters", "meter", "metres", "metre", "m", "米"),
    "kilometre": ("kilometers", "kilometer", "kilometres", "kilometre", "km", "千米", "公里"),
    "inch": ("inches", "inch"),
    "foot": ("feet", "foot", "ft"),
    "yard": ("yards", "yard", "yd"),
    "mile": ("miles", "mile"),
    "millilitre": ("milliliters", "milliliter", "millilitres", "millilitre", "mL", "ml", "毫升"),
    "litre": ("liters", "liter", "litres", "litre", "L", "升"),
    "gram": ("grams", "gram", "g", "克"),
    "kilogram": ("kilograms", "kilogram", "kg", "千克", "公斤"),
    "pound": ("pounds", "pound", "lb", "lbs"),
    "tonne": ("tonnes", "tonne", "tons", "ton", "吨"),
    "second": ("seconds", "second", "sec", "s", "秒"),
    "minute": ("minutes", "minute", "min", "分钟"),
    "hour": ("hours", "hour", "h", "小时"),
    "day": ("days", "day", "天"),
    "week": ("weeks", "week"),
    "month": ("months", "month"),
    "year": ("years", "year", "年"),
    "metre/second": ("m/s", "meters per second", "metres per second", "米/秒"),
    "kilometre/hour": ("km/h", "kmh", "kilometers per hour", "kilometres per hour", "千米/时", "公里/小时"),
    "mile/hour": ("mph", "miles per hour"),
    "dollar": ("dollars", "dollar", "美元"),
    "cent": ("cents", "cent"),
    "euro": ("euros", "euro", "€"),
    "yuan": ("yuan", "元"),
    "degree celsius": ("°C", "℃", "degrees Celsius"),
    "degree fahrenheit": ("°F", "℉", "degrees Fahrenheit"),
    "": ("units", "unit"),
}
_CANONICAL = {spelling: name for name, spellings in _NAMES.items() for spelling in spellings}
_SPELLINGS = "|".join(sorted(_CANONICAL, key=len, reverse=True))
_POWERS = ("square", "sq", "sq.", "cubic", "cu", "cu.")
_IN_FRONT = {"$": "dollar", "€": "euro", "£": "pound sterling", "¥": "yuan"}
MONEY = re.compile(r"(?P<minus>-?)\\?(?P<sign>[$€£¥]) ?(?=[0-9.])(?P<value>[^$€£¥]*)")
"""An amount behind its currency: the one dollar sign that delimits no formula."""
_DEGREE_SIGN = re.compile(r" ?(?:\^ ?\{? ?\\circ ?\}?|\\degree|°)$")
_TEXT = re.compile(r"\\(?:text|textrm|mathrm|mbox|rm) ?\{([A-Za-z. /~]{1,40})\}")
_SPACE = re.compile(r"\\[,;:!~ ]|~")
_UNIT = re.compile(
    rf"(?P<gap>(?<=[\d)}}|])| ) ?(?:(?P<square>square|sq\.?|平方) ?|(?P<cubic>cubic|cu\.?|立方) ?)?(?<![A-Za-z\\])"
    rf"(?P<unit>{_SPELLINGS}) ?(?P<power>(?:\^ ?\{{? ?[23] ?\}}?|[²³]|squared|cubed))?$"
)


class Quantity(NamedTuple):
    """A value and its unit: ``("36", "centimetre^3")``; the unit is empty where none is stated."""

    value: str
    unit: str


def split_unit(text: str) -> Quantity:
    r"""Take a unit off a quantity: ``36\pi\text{ cm}^3``, ``60^\circ``, ``5 m``, ``2 sq ft``, ``$5``, ``十二厘米``.

    A single letter is a unit only behind a number and a space or inside a text command: in ``y = 5m`` it is a variable.
    """
    text = " ".join(text.split())
    money = MONEY.fullmatch(text)
    if money:
        return Quantity(money["minus"] + money["value"], _IN_FRONT[money["sign"]])
    sign = _DEGREE_SIGN.search(text)
    if sign:
        return Quantity(text[: sign.start()].strip(), "degree")
    spelled = _TEXT.sub(lambda match: f" {match[1].strip(' ~')} " if _is_unit(match[1]) else match[0], text)
    spelled = " ".join(_SPACE.sub(" ", spelled).split())
    match = _UNIT.search(spelled)
    if match is None:
        return Quantity(text, "")
    value = spelled[: match.start()].strip()
    alone = len(match["unit"]) == 1 and match["unit"].isascii()
    if not value or (alone and not _stands_behind_a_number(value, spelled[match.start() :])):
        return Quantity(text, "")
    name = _CANONICAL[match["unit"]]
    power = 2 if match["square"] else 3 if match["cubic"] else _power(match["power"])
    return Quantity(value, f"{name}^{power}" if name and power > 1 else name)


def units_agree(a: str, b: str) -> bool:
    """A unit left out agrees with any; two stated ones must be the same, nothing is converted. choice."""
    return not a or not b or a == b


def _is_unit(text: str) -> bool:
    words = text.replace("~", " ").split()
    while words and words[0].lower() in _POWERS:
        del words[0]
    unit = " ".join(words)
    return unit in _CANONICAL or unit.lower() in _CANONICAL


def _stands_behind_a_number(value: str, tail: str) -> bool:
    letters = re.sub(r"\\[A-Za-z]+", "", value)
    return tail[:1].isspace() and "=" not in value and not re.search(r"[A-Za-z]", letters)


def _power(text: str | None) -> int:
    if not text:
        return 1
    return 3 if "3" in text or text in ("³", "cubed") else 2
