"""Table: the rows of a benchmark's file, whatever its form: TSV and CSV as the harness keeps its tables, xlsx as it
keeps results, Parquet, JSON and JSON Lines.
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seethink.core.records import Record, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.rules.storage import MISSING_WORDS
from seethink.evaluation.sheet import read_sheet

MAX_CELL = 2**28
"""Characters of a cell that are read: a picture of 200 MB. choice."""

_DELIMITERS = {".tsv": "\t", ".csv": ","}


def read_table(path: Path) -> Iterator[Record | Rejected]:
    """Rows with the place each stands at; a row that cannot be read comes out as a reason.

    Cells of TSV, CSV and xlsx files that the harness's reader takes for empty (an option "None", say) are None: what it
    does not see is not asked. InputError where the file cannot be read.
    """
    kind = path.suffix.lower()
    if kind in _DELIMITERS:
        yield from _delimited(path, _DELIMITERS[kind])
    elif kind == ".xlsx":
        for number, fields in enumerate(read_sheet(path), 2):
            yield Record({name: _cell(value) for name, value in fields.items()}, f"{path.name}:{number}")
    else:
        yield from read_records(path)


def file_hash(path: Path) -> str:
    """Twelve hex digits over a file's bytes, or over those of all files of a table's folder or pattern."""
    if "*" in path.name:
        files = sorted(path.parent.glob(path.name))
    else:
        files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for one in files:
        try:
            with one.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise InputError(f"{one} cannot be read ({error.strerror}): check the path") from None
    return digest.hexdigest()[:12]


def _delimited(path: Path, delimiter: str) -> Iterator[Record | Rejected]:
    limit = csv.field_size_limit(MAX_CELL)
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter)
            names = next(reader, [])
            if len(names) < 2:
                raise InputError(f"{path} has no columns between {delimiter!r}: check that it is such a table")
            while True:
                number = reader.line_num + 1
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield Rejected("not a record", f"the row cannot be read ({error})", f"{path.name}:{number}")
                    continue
                if cells:
                    yield _row(names, cells, f"{path.name}:{number}")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}): check the path") from None
    finally:
        csv.field_size_limit(limit)


def _row(names: list[str], cells: list[str], where: str) -> Record | Rejected:
    if len(cells) != len(names):
        return Rejected("not a record", f"{len(cells)} cells under {len(names)} columns: mend the row", where)
    try:
        for cell in cells:
            cell.encode("utf-8")
    except UnicodeEncodeError:
        return Rejected("not a record", "it is not UTF-8 text: save the file as UTF-8", where)
    return Record({name: _cell(cell) for name, cell in zip(names, cells, strict=True)}, where)


def _cell(value: Any) -> Any:
    return None if isinstance(value, str) and value in MISSING_WORDS else value
