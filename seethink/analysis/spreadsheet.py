"""Tables for people's spreadsheets: tab-separated text in which nothing runs.

A cell that a spreadsheet would take for a formula gets an apostrophe in front, which spreadsheets show as text. Model
output is hostile, and such files are opened with a double click.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from seethink.core.tables import whole

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠|%]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)

LONGEST = 32_000
"""Characters of a cell; spreadsheets hold little more. choice."""


def harmless(value: Any) -> str:
    """A value as the text of a cell that is no formula; plain numbers stay as they are."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else str(value)
    text = text[:LONGEST].replace("\0", "�").encode("utf-8", "replace").decode("utf-8")
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def write_spreadsheet(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Tab-separated text, every cell quoted; the file is there whole, or not at all."""
    with whole(path) as fresh, fresh.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter="\t", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(columns)
        for row in rows:
            writer.writerow([harmless(row.get(name)) for name in columns])
