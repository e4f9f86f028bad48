"""Rows of Parquet and Arrow files, as the ``datasets`` library and the hub keep them, without that library.

Parquet: the hub's ``train-00000-of-00005.parquet``. Arrow: what ``save_to_disk`` writes (IPC stream files). A cell of
a ``datasets`` image column is a mapping with the encoded picture in ``bytes`` and its name in ``path``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seethink.core.rejected import InputError, Rejected

_HEADS = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")
_SHARD = re.compile(r"-\d+-of-\d+$")
_ROWS = 64


def is_table(path: Path) -> bool:
    """True for a folder, for a path with ``*``, and for a file whose first bytes are those of a table."""
    if "*" in path.name or path.is_dir():
        return True
    try:
        with path.open("rb") as file:
            return file.read(8).startswith(_HEADS)
    except OSError:
        return False


def table_records(path: Path) -> Iterator[tuple[Mapping[str, Any] | Rejected, str]]:
    """Rows with the place each stands at, "file:row". A row that is not Unicode is set aside.

    Raises InputError where there is no table, a file is broken, or the files are of several splits: which one is
    trained on must be said.
    """
    for file in _files(path):
        number = 0
        for batch in _batches(file):
            for index in range(batch.num_rows):
                number += 1
                where = f"{file.name}:{number}"
                try:
                    yield batch.slice(index, 1).to_pylist()[0], where
                except (ValueError, pa.ArrowException) as error:
                    yield Rejected("not a record", f"the row cannot be read ({error})", where), where


def _files(path: Path) -> list[Path]:
    if "*" in path.name:
        found = sorted(path.parent.glob(path.name))
    elif path.is_dir():
        found = sorted(one for one in path.rglob("*") if one.suffix in (".parquet", ".arrow"))
    else:
        found = [path]
    if not found:
        raise InputError(f"{path} holds no .parquet and no .arrow file: check the path")
    splits = sorted({str(one.with_name(_SHARD.sub("", one.stem)).relative_to(path.parent)) for one in found})
    if len(splits) > 1:
        raise InputError(
            f"{path} holds several tables ({', '.join(splits[:6])}): name one of them, a * may stand in it"
        )
    return found


def _batches(file: Path) -> Iterator[pa.RecordBatch]:
    try:
        with file.open("rb") as opened:
            head = opened.read(8)
        if head.startswith(b"PAR1"):
            yield from pq.ParquetFile(file).iter_batches(batch_size=_ROWS)
            return
        with pa.memory_map(str(file)) as mapped:
            if head.startswith(b"ARROW1"):
                reader = pa.ipc.open_file(mapped)
                yield from (reader.get_batch(index) for index in range(reader.num_record_batches))
            else:
                yield from pa.ipc.open_stream(mapped)
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file} cannot be read as a table ({error}): fetch the file again") from None
