"""What the harness's storage makes of a column: written to a spreadsheet or to tab-separated text, and read back.

The harness does so with predictions and again with extractions, and scores what comes back. An empty text and ``None``,
``null``, ``NA`` ... come back as a missing value, which prints as ``nan``; a column of which every value looks like a
number comes back as numbers; a spreadsheet cuts a text after 32,767 characters, escapes control characters, and takes a
text with a leading ``=`` for a formula, whose value it stores as 0.

(pandas 2 with XlsxWriter 3 and openpyxl 3, read in their code and compared with them.)
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

MISSING = math.nan
"""How a missing value comes back; it prints as ``nan``."""

MISSING_WORDS = frozenset(
    {"", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>"}
    | {"N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"}
)
"""Texts that pandas reads as a missing value."""

MAX_TEXT = 32_767
"""UTF-16 units of a cell of a spreadsheet."""
MAX_LINK = 2_079
"""UTF-16 units of a link and of its anchor; a longer one is not written at all."""

_NUMBER = re.compile(r"[ \t\n\v\f\r]*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[ \t\n\v\f\r]*", re.ASCII)
_WHOLE = re.compile(r"[ \t\n\v\f\r]*[+-]?[0-9]+[ \t\n\v\f\r]*", re.ASCII)
_INFINITE = re.compile(r"([+-]?)inf(?:inity)?", re.IGNORECASE | re.ASCII)
_TRUTHS = {"True": True, "TRUE": True, "true": True, "False": False, "FALSE": False, "false": False}
_ESCAPE = re.compile(r"(_x[0-9a-fA-F]{4}_)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_WEB = re.compile(r"(?:ftp|http)s?://")
_SIGNED = 1 << 63


class Storage(StrEnum):
    """Where the harness keeps its tables; the first is its default."""

    XLSX = "xlsx"
    TSV = "tsv"
    NONE = "none"
    """Nothing changes but that None is missing, as with the harness's JSON files."""


def is_missing(value: object) -> bool:
    """True for what a table has where it has nothing."""
    return value is None or (isinstance(value, float) and math.isnan(value))


def stored(column: Sequence[object], storage: Storage, *, formulas: bool = True) -> list[Any]:
    """The column as the harness reads it back: texts, numbers, booleans, and ``MISSING``.

    Args:
        column: texts, numbers, booleans or None; anything else is written as Python prints it.
        formulas: whether a spreadsheet takes a leading ``=`` for a formula.
    """
    values = [MISSING if is_missing(value) else value for value in column]
    values = [value if isinstance(value, (str, int, float)) else str(value) for value in values]
    if storage is Storage.NONE:
        return values
    if storage is Storage.XLSX:
        values = [_cell(value, formulas) for value in values]
    else:
        values = [value.partition("\0")[0] if isinstance(value, str) else _printed(value) for value in values]
    return _inferred(values)


def unwritable(text: object) -> bool:
    """True for a text that no file takes (half a surrogate pair): the harness would write none and stop."""
    if not isinstance(text, str) or text.isascii():
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _cell(value: Any, formulas: bool) -> Any:
    """What a spreadsheet's cell gives back of what was written into it."""
    if isinstance(value, str):
        return _text_cell(value, formulas)
    if isinstance(value, bool) or is_missing(value):
        return value
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    kept = float(f"{value:.16G}")
    return int(kept) if kept.is_integer() else kept


def _text_cell(text: str, formulas: bool) -> Any:
    if formulas and (text.startswith("=") or (text.startswith("{=") and text.endswith("}"))):
        return 0
    if ":" in text[:9]:
        if _WEB.match(text):
            link, _, anchor = text.partition("#")
            if max(_units(link), _units(anchor)) > MAX_LINK:
                return MISSING
        for scheme in ("mailto:", "internal:"):
            if text.startswith(scheme):
                text = text.removeprefix(scheme)
    if len(text) > MAX_TEXT // 2 and _units(text) > MAX_TEXT:
        text = text.encode("utf-16-le", "surrogatepass")[: 2 * MAX_TEXT].decode("utf-16-le", "ignore")
    if not text.isprintable():
        text = _CONTROL.sub(lambda match: f"_x{ord(match[0]):04X}_", text)
        text = text.replace("\ufffe", "_xFFFE_").replace("\uffff", "_xFFFF_")
    return _ESCAPE.sub(r"_x005F\1", text).replace("x005F_", "") if "_" in text else text


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _printed(value: Any) -> str:
    return "" if is_missing(value) else repr(value)


def _inferred(values: list[Any]) -> list[Any]:
    """The column with the one type that pandas finds for it: whole numbers, numbers, booleans, else as it is."""
    cells = [MISSING if is_missing(value) else _number(value) for value in values]
    numbers = [cell for cell in cells if cell is not None]
    if len(numbers) == len(cells):
        huge = any(isinstance(number, int) and number >= _SIGNED for number in numbers)
        if huge and any(is_missing(number) or number < 0 for number in numbers):
            return ["" if is_missing(value) else value for value in values]
        if all(isinstance(number, bool) for number in numbers):
            return [*numbers]
        kind = int if all(isinstance(number, int) for number in numbers) else float
        return [kind(number) for number in numbers]
    # pandas keeps one object for all equal ones, so that a 1 behind a True becomes True.
    first = dict[Any, Any]()
    values = [MISSING if value in MISSING_WORDS else first.setdefault(value, value) for value in values]
    truths = [_TRUTHS.get(value) if isinstance(value, str) else value for value in values]
    return truths if all(isinstance(truth, bool) or truth is MISSING for truth in truths) else values


def _number(value: Any) -> int | float | None:
    """A cell as the number pandas reads, ``MISSING`` for a missing word, None for a text."""
    if not isinstance(value, str):
        return value  # type: ignore[no-any-return]
    if value in MISSING_WORDS:
        return MISSING
    if len(value) > 400 and not value.isspace():
        return None
    if _WHOLE.fullmatch(value):
        whole = int(value)
        return whole if -_SIGNED <= whole < 2 * _SIGNED else None
    if _NUMBER.fullmatch(value):
        number = float(value)
        return None if math.isinf(number) else number
    infinite = _INFINITE.fullmatch(value)
    return math.inf * (-1 if infinite[1] == "-" else 1) if infinite else None
