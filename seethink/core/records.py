"""Records of a JSON Lines file or a JSON array, whatever its extension, each with the place it came from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.core.rejected import InputError, Rejected


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object and where it stands, "file:line"."""

    fields: Mapping[str, Any]
    where: str


def read_records(path: Path) -> Iterator[Record | Rejected]:
    """The file's objects. InputError where the file cannot be read on; a bad line of JSON Lines is only set aside."""
    try:
        with path.open("rb") as file:
            head = file.read(4096).removeprefix(b"\xef\xbb\xbf").lstrip()
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
    if head.startswith(b"["):
        yield from _array(path)
    else:
        yield from _lines(path)


def _lines(path: Path) -> Iterator[Record | Rejected]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            where = f"{path.name}:{number}"
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


def _array(path: Path) -> Iterator[Record | Rejected]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 text ({error}): save it as UTF-8") from None
    decoder, place, line = json.JSONDecoder(), text.index("[") + 1, 1 + text.count("\n", 0, text.index("["))
    while True:
        line, place = _skip(text, place, line)
        if text[place : place + 1] == "]":
            return
        try:
            fields, end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise InputError(
                f"{path}:{line}: the JSON array breaks off or is damaged here ({error}): "
                "mend or fetch the file again; nothing after this place could be read"
            ) from None
        yield _record(fields, f"{path.name}:{line}")
        line += text.count("\n", place, end)
        line, place = _skip(text, end, line)
        if text[place : place + 1] == ",":
            place += 1
        elif text[place : place + 1] != "]":
            raise InputError(f"{path}:{line}: the JSON array breaks off here: mend or fetch the file again")


def _skip(text: str, place: int, line: int) -> tuple[int, int]:
    start = place
    while place < len(text) and text[place].isspace():
        place += 1
    return line + text.count("\n", start, place), place


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
