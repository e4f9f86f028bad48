"""Rows of a JSON Lines file or a JSON array, whatever its extension, each with the place it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seethink.core.rejected import InputError, Rejected


def read_json_rows(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | Rejected]]:
    """Yield ``(place, row)``, the place as ``file:line`` (JSON Lines) or ``file[index]`` (array).

    A line that is no JSON object comes out as Rejected and the rest go on; a missing file or a broken array is an
    InputError.
    """
    if not path.is_file():
        raise InputError(f"{path} does not exist: give a JSON Lines file or a JSON array")
    with path.open(encoding="utf-8", errors="replace") as file:
        first = next((char for line in file for char in line if not char.isspace()), "")
    if first == "[":
        yield from _array(path)
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                place = f"{path}:{number}"
                yield place, _object(line, place)


def field_text(row: Mapping[str, Any], name: str) -> str:
    """A field that must be there, as text; InputError names it otherwise."""
    value = row.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise InputError(f"field {name!r} is missing or empty: fill it in")
    if not isinstance(value, str | int | float):
        raise InputError(f"field {name!r} holds {type(value).__name__}: write it as text")
    return str(value)


def _array(path: Path) -> Iterator[tuple[str, Mapping[str, Any] | Rejected]]:
    try:
        rows = json.loads(path.read_text(encoding="utf-8", errors="replace"))
    except json.JSONDecodeError as error:
        raise InputError(f"{path}: line {error.lineno} is not JSON ({error.msg})") from None
    for index, row in enumerate(rows):
        place = f"{path}[{index}]"
        yield place, row if isinstance(row, dict) else Rejected("not a JSON object", "write one object per item", place)


def _object(line: str, place: str) -> Mapping[str, Any] | Rejected:
    try:
        row = json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        return Rejected("not JSON", f"{error}: mend the line", place)
    return row if isinstance(row, dict) else Rejected("not a JSON object", "write one object per line", place)
