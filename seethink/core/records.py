"""Records of a JSON Lines file, a JSON array, or a table, whatever the extension, each with the place it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.core.json_array import TOO_LONG, array_elements
from seethink.core.rejected import InputError, Rejected
from seethink.core.table_records import is_table, table_records

MAX_RECORD = 10_000_000
"""Bytes of a line, or characters of an array's element, that are read; a longer one is set aside. choice."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object, or one row of a table, and where it stands, "file:line"."""

    fields: Mapping[str, Any]
    where: str


def read_records(path: Path, below: str = "") -> Iterator[Record | Rejected]:
    """The file's objects; ``path`` may also be a Parquet or Arrow table, see ``table_records``.

    Args:
        below: field of the file's one object that holds the array; "" where the file is the array or its lines.

    Raises:
        InputError: the file cannot be read on. A bad line of JSON Lines is only set aside.
    """
    if is_table(path):
        for fields, where in table_records(path):
            yield fields if isinstance(fields, Rejected) else Record(fields, where)
        return
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
    if below or head.startswith(b"["):
        for value, line in array_elements(path, below, MAX_RECORD):
            where = f"{path.name}:{line}"
            yield value._replace(where=where) if isinstance(value, Rejected) else _record(value, where)
    else:
        yield from _lines(path)


def _lines(path: Path) -> Iterator[Record | Rejected]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(MAX_RECORD + 1):
            number += 1
            where = f"{path.name}:{number}"
            if len(line) > MAX_RECORD and not line.endswith(b"\n"):
                while (rest := file.readline(MAX_RECORD)) and not rest.endswith(b"\n"):
                    pass
                yield Rejected(TOO_LONG, f"it is longer than {MAX_RECORD} bytes", where)
                continue
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            if not line.strip():
                continue
            try:
                fields = json.loads(line.decode("utf-8"))
            except (ValueError, RecursionError) as error:
                yield Rejected("not JSON", f"{error}: write one record a line, or one JSON array", where)
                continue
            yield _record(fields, where)


def _record(fields: Any, where: str) -> Record | Rejected:
    if not isinstance(fields, dict):
        return Rejected("not a record", f"a {type(fields).__name__} stands where a JSON object is needed", where)
    return Record(fields, where)


def field_text(record: Record, name: str) -> str:
    """A field that must be there, as text; InputError names it otherwise."""
    value = record.fields.get(name)
    if value is None or (isinstance(value, str) and not value.strip()):
        raise InputError(f"field {name}: it is missing or empty, fill it in")
    if not isinstance(value, str | int | float):
        raise InputError(f"field {name}: it holds a {type(value).__name__}, write it as text")
    return str(value)
