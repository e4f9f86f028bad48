"""Printed lists and mappings: how a spreadsheet holds them, as the text of a Python or JSON literal (never run)."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

MAX_LITERAL = 1_000_000
"""Characters of a text that is parsed. choice."""


def read_list(value: Any) -> list[Any]:
    """The list that a cell holds or prints; empty for an empty cell and for anything that is no list."""
    if isinstance(value, list | tuple):
        return list(value)
    if hasattr(value, "tolist"):
        return list(value.tolist())
    found = read_literal(value) if isinstance(value, str) and value.strip().startswith(("[", "(")) else None
    return list(found) if isinstance(found, list | tuple) else []


def read_mapping(value: Any) -> Mapping[str, Any]:
    """The mapping that a cell holds or prints; empty for anything else."""
    if isinstance(value, Mapping):
        return value
    found = read_literal(value) if isinstance(value, str) and value.strip().startswith("{") else None
    return found if isinstance(found, dict) else {}


def read_literal(text: str) -> Any:
    """What the text of a literal stands for, None where it is none or too long."""
    if len(text) > MAX_LITERAL:
        return None
    for parse in (json.loads, ast.literal_eval):
        try:
            return parse(text.strip())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            continue
    return None


def printed(value: Any) -> Any:
    """A value as a cell of the harness's tables: lists and mappings printed, texts and numbers as they are."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    return str(value) if isinstance(value, list | tuple | dict) else value
