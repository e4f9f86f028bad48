"""Markdown for the dataset card. Names and reasons quote data files: they stay plain text wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """One line per row; a cell that holds line breaks or marks stays one cell of plain text."""
    body = [[cell(value) for value in row] for row in rows]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in body])


def cell(value: Any) -> str:
    """A value as plain text; whole numbers with separators."""
    if isinstance(value, int):
        return f"{value:,}"
    text = " ".join(str(value).split())
    return re.sub(r"([\\`*_\[\]<>|])", r"\\\1", text)
