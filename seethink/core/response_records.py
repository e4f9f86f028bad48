"""Records of responses: a file of any form that ``records`` reads, or the folder that an evaluation wrote."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from seethink.core.records import Record, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import parts, read_rows


def response_records(path: Path) -> Iterator[Record | Rejected]:
    """The rows of a file; of a folder those of its sealed parts, or of the parts in its ``responses``.

    Raises InputError where the folder has neither, or the file cannot be read on.
    """
    if not path.is_dir():
        yield from read_records(path)
        return
    folder = next((one for one in (path, path / "responses") if parts(one)), None)
    if folder is None:
        raise InputError(f"{path} holds no table of responses: give the folder that seethink eval wrote, or a file")
    for number, row in enumerate(read_rows(folder), start=1):
        yield Record(row, f"{folder.name}:{number}")
