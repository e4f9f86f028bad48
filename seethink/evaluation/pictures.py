"""Pictures of a benchmark's table, in all the ways a cell may hold one.

The harness's tables hold base64, a printed list of such texts, or the index of another row that shows the same picture;
tables of the hub hold encoded bytes; the benchmarks' own records hold paths.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.evaluation.printed import read_list

REFERENCE = 64
"""Characters up to which a text is the index of another row and not a picture, as the harness has it."""


class Shown:
    """The pictures of a table's rows, kept by index so that rows can refer to each other."""

    def __init__(self, images: ImageStore, folder: Path | None) -> None:
        """``folder``: where picture paths start; None where there are none."""
        self._images, self._folder = images, folder
        self._by_index: dict[str, tuple[str, ...]] = {}

    def add(self, index: str, cell: Any, name: str) -> bool:
        """Store a row's pictures; False where the cell refers to another row. ``name`` is for messages.

        Raises InputError where a picture cannot be used.
        """
        found = self._read(cell, name)
        if found is None:
            return False
        self._by_index[index] = found
        return True

    def of(self, index: str, cell: Any) -> tuple[str, ...]:
        """Content hashes of a row's pictures. InputError where it refers to a row that shows none."""
        if index in self._by_index:
            return self._by_index[index]
        other = str(cell).strip()
        if other not in self._by_index:
            where = f"below {self._folder}" if self._folder is not None else "(no folder was given)"
            raise InputError(f"picture {other!r}: no file {where}, no base64, and no index of a row that shows one")
        return self._by_index[other]

    def _read(self, cell: Any, name: str) -> tuple[str, ...] | None:
        """Hashes of what the cell holds; None for a reference."""
        if cell is None:
            return ()
        if isinstance(cell, Mapping):
            cell = cell.get("bytes") or cell.get("path")
        if isinstance(cell, str) and cell.lstrip().startswith("["):
            cell = read_list(cell)
        if hasattr(cell, "tolist"):
            cell = cell.tolist()
        if isinstance(cell, list | tuple):
            parts = [self._read(one, name) for one in cell]
            return tuple(digest for part in parts for digest in part or ())
        if isinstance(cell, bytes):
            return (self._images.add_checked(cell, name)[0],)
        if isinstance(cell, int):
            return None
        if not isinstance(cell, str):
            raise InputError(f"column image: it holds a {type(cell).__name__}, give base64, a path or encoded bytes")
        return self._from_text(cell.strip(), name)

    def _from_text(self, cell: str, name: str) -> tuple[str, ...] | None:
        if not cell:
            return ()
        if self._folder is not None and len(cell) < 1_000:
            for path in _paths(cell):
                if (self._folder / path).is_file():
                    return (self._images.add_file(self._folder, path)[0],)
        if "../" in cell[:1_000]:
            raise InputError(f"picture path {cell[:200]!r} leaves the image folder: use a path below it")
        if len(cell) <= REFERENCE:
            return None
        if cell.startswith("data:image"):
            cell = cell.partition(",")[2]
        try:
            data = base64.b64decode("".join(cell.split()), validate=True)
        except (binascii.Error, ValueError):
            raise InputError("column image: the text is no base64: fetch the table again") from None
        return (self._images.add_checked(data, name)[0],)


def _paths(cell: str) -> Iterator[str]:
    """A path as it stands, then ever shorter: records name ``images/1.png`` or ``2steps/image/1-1.png``, and users keep
    the pictures below a folder of their own."""
    parts = [part for part in cell.split("/") if part not in ("", ".")]
    if ".." in parts:
        return
    yield from ("/".join(parts[start:]) for start in range(len(parts)))
    if len(parts) > 2:
        yield "/".join((*parts[:-2], parts[-1]))
