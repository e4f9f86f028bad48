"""Characters: full-width forms, minus signs and Chinese numerals, brought to the plain ones that every reader knows."""

from __future__ import annotations

import re

_FULL_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_SIGNS = {"\u3000": " ", "。": ".", "【": "[", "】": "]"} | dict.fromkeys("−﹣‐‑‒–", "-")
_PLAIN = str.maketrans({chr(code): plain for code, plain in _FULL_WIDTH.items()} | _SIGNS)

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_SMALL = {"十": 10, "百": 100, "千": 1_000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_RUN = f"[{''.join(_DIGITS)}{''.join(_SMALL)}{''.join(_LARGE)}]++"
_NO_NUMBER = re.compile(
    rf"第{_RUN}|{_RUN}(?:角|边形|面体|维)|一[共样些起定般直致边旦切]|[唯统同另]一|万一|其一|十分(?!之)|两者"
)
"""Words written with numerals that count nothing: ordinals, "triangle", "altogether", "the same". choice."""
_NUMERAL = re.compile(
    rf"(?<![0-9.])(?P<minus>负)?(?P<whole>{_RUN})(?:分之(?P<over>{_RUN})|点(?P<decimals>[{''.join(_DIGITS)}]++))?(?![0-9])"
)
_MOST_DIGITS = 15


def plain(text: str) -> str:
    """The text with full-width letters, digits and signs as ASCII, and every minus sign as a hyphen."""
    return text if text.isascii() else text.translate(_PLAIN)


def with_digits(text: str) -> str:
    r"""The text with Chinese numerals in digits: ``十二`` is 12, ``负三`` -3, ``三分之一`` ``\frac{1}{3}``.

    What is written with numerals and is no single number stays as it is: ``第三`` (third), ``三四`` (three or four).
    """
    if text.isascii():
        return text
    done, cursor = [], 0
    for word in _NO_NUMBER.finditer(text):
        done += [_NUMERAL.sub(_in_digits, text[cursor : word.start()]), word.group()]
        cursor = word.end()
    return "".join(done) + _NUMERAL.sub(_in_digits, text[cursor:])


def names_numbers(text: str) -> bool:
    """True where Chinese numerals stand in a text that ``with_digits`` left, other than in words that count nothing."""
    return not text.isascii() and re.search(_RUN, _NO_NUMBER.sub(" ", text)) is not None


def _in_digits(match: re.Match[str]) -> str:
    whole = _value(match["whole"])
    minus = "-" if match["minus"] else ""
    if whole is None:
        return match.group()
    if match["decimals"]:
        return f"{minus}{whole}." + "".join(str(_DIGITS[digit]) for digit in match["decimals"])
    if match["over"]:
        over = _value(match["over"])
        return match.group() if over is None else rf"{minus}\frac{{{over}}}{{{whole}}}"
    return f"{minus}{whole}"


def _value(run: str) -> int | None:
    """The number a run of numerals names; None for two numbers side by side and for shortened ones (``三千五``)."""
    if len(run) > _MOST_DIGITS:
        return None
    if all(char in _DIGITS for char in run):
        positional = len(run) == 1 or "零" in run or "〇" in run
        return int("".join(str(_DIGITS[char]) for char in run)) if positional else None
    total = section = 0
    digit: int | None = None
    last = 1
    for char in run:
        if char in _DIGITS:
            if digit:
                return None
            digit = _DIGITS[char]
            continue
        last = _SMALL.get(char) or _LARGE[char]
        if char in _SMALL:
            section += (1 if digit is None else digit) * last
        elif total < last:
            total, section = (total + section + (digit or 0)) * last, 0
        else:
            total, section = total + (section + (digit or 0)) * last, 0
        digit = None
    shortened = bool(digit) and last > 10 and run[-2] not in "零〇"
    return None if shortened else total + section + (digit or 0)
