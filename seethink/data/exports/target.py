"""Target: the folder that an export writes, its pictures, and its files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from seethink.core.images import ImageStore
from seethink.core.tables import write_text

_SUFFIXES = (
    (b"\x89PNG", ".png"), (b"\xff\xd8\xff", ".jpg"), (b"GIF8", ".gif"), (b"BM", ".bmp"), (b"RIFF", ".webp"),
    (b"II*\x00", ".tiff"), (b"MM\x00*", ".tiff"),
)  # fmt: skip
_GROUP_ROWS, _GROUP_BYTES, _SHARD_BYTES = 1_000, 64_000_000, 500_000_000

PICTURES = pa.list_(pa.struct([("bytes", pa.binary()), ("path", pa.string())]))
"""A ``datasets`` column of pictures, any number of them in a row."""


class Target:
    """Files below ``folder``, which will lie at ``final``."""

    def __init__(self, folder: Path, final: Path, images: ImageStore) -> None:
        self.folder, self.final, self.images = folder, final.resolve(), images
        self._names: dict[str, str] = {}

    def picture_file(self, digest: str) -> str:
        """Path of a picture below the folder; the file is written when it is first named."""
        if digest not in self._names:
            data = self.images.read(digest)
            name = f"images/{digest[:2]}/{digest[:32]}{_suffix(data)}"
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            self._names[digest] = name
        return self._names[digest]

    def picture_cells(self, digests: Sequence[str]) -> list[dict[str, Any]]:
        """Pictures as ``datasets`` keeps them inside a table."""
        cells = []
        for digest in digests:
            data = self.images.read(digest)
            cells.append({"bytes": data, "path": f"{digest[:32]}{_suffix(data)}"})
        return cells

    def json_lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        count = 0
        with (self.folder / name).open("w", encoding="utf-8") as file:
            for row in rows:
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                count += 1
        return count

    def json_array(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        count = 0
        with (self.folder / name).open("w", encoding="utf-8") as file:
            for row in rows:
                file.write((",\n" if count else "[\n") + json.dumps(row, ensure_ascii=False))
                count += 1
            file.write("\n]\n" if count else "[]\n")
        return count

    def parquet(self, name: str, schema: pa.Schema, rows: Iterable[dict[str, Any]]) -> int:
        """Shards ``name/train-00000.parquet`` …; memory holds one row group."""
        schema = _with_features(schema)
        count = shard = written = 0
        writer: pq.ParquetWriter | None = None
        (self.folder / name).mkdir(parents=True, exist_ok=True)
        for group, size in _groups(rows):
            if writer is not None and written + size > _SHARD_BYTES:
                writer.close()
                writer, shard, written = None, shard + 1, 0
            if writer is None:
                writer = pq.ParquetWriter(self.folder / name / f"train-{shard:05d}.parquet", schema, compression="zstd")
            writer.write_table(pa.Table.from_pylist(group, schema=schema))
            count, written = count + len(group), written + size
        if writer is None:
            writer = pq.ParquetWriter(self.folder / name / "train-00000.parquet", schema, compression="zstd")
        writer.close()
        return count

    def text(self, name: str, text: str) -> None:
        write_text(self.folder / name, text)


def _suffix(data: bytes) -> str:
    return next((suffix for head, suffix in _SUFFIXES if data.startswith(head)), ".img")


def _groups(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[list[dict[str, Any]], int]]:
    group: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        group.append(row)
        size += sum(len(cell["bytes"]) for cell in row.get("images", ()))
        if len(group) == _GROUP_ROWS or size > _GROUP_BYTES:
            yield group, size
            group, size = [], 0
    if group:
        yield group, size


def _with_features(schema: pa.Schema) -> pa.Schema:
    """The note by which ``datasets`` (2.14 to 5) opens the pictures; ``Sequence`` is read by all of these."""
    told = {field.name: _feature(field.type) for field in schema}
    return schema.with_metadata({"huggingface": json.dumps({"info": {"features": told}})})


def _feature(kind: pa.DataType) -> Any:
    if kind == PICTURES:
        return {"feature": {"_type": "Image"}, "_type": "Sequence"}
    if pa.types.is_struct(kind):
        return {field.name: _feature(field.type) for field in kind}
    if pa.types.is_list(kind):
        inner = _feature(kind.value_type)
        # A list of mappings is written as a list: a Sequence of a mapping means a mapping of lists.
        return [inner] if "_type" not in inner else {"feature": inner, "_type": "Sequence"}
    return {"dtype": str(kind), "_type": "Value"}
