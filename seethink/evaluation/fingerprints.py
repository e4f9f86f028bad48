"""Fingerprints of a benchmark, or of any held-out set: the table that curation holds training rows against.

Only questions and pictures are read, so records whose gold no verifier of ours accepts are recognised as well.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from PIL import Image
from pydantic import Field

from seethink.core.config import Config
from seethink.core.fingerprint import Fingerprint, fingerprint, fingerprint_row
from seethink.core.images import ImageStore, check_picture, inside
from seethink.core.records import Record
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import MANIFEST, data_hash, read_rows, write_manifest, write_rows
from seethink.evaluation.questions import Questions


class FingerprintConfig(Config):
    """Where the records have what is looked at."""

    benchmark: str = Field(min_length=1)
    """The name that a leak is told by."""
    question: str = "question"
    image: tuple[str, ...] = ("image", "images")
    """Fields with the picture's path, a list of paths, or the picture itself as ``datasets`` tables hold it; the first
    that a record has. Empty for a benchmark without pictures."""
    id: str = "id"
    """Field with the record's id; its place in the file where there is none."""


def write_fingerprints(
    records: Iterable[Record | Rejected], folder: Path, config: FingerprintConfig, out: Path
) -> list[Rejected]:
    """Write the table of fingerprints; returns the records that could not be read and are not in it.

    Args:
        folder: the records' picture paths are below it.

    Raises:
        InputError: no record could be read.
    """
    started, unread = time.time(), list[Rejected]()

    def readable() -> Iterator[Fingerprint]:
        for record in records:
            one = record if isinstance(record, Rejected) else _read(record, folder, config)
            if isinstance(one, Rejected):
                unread.append(one)
            else:
                yield one

    (out / MANIFEST).unlink(missing_ok=True)
    rows = write_rows(out, map(fingerprint_row, readable()))
    if not rows:
        told = f"the first says: {unread[0].where}: {unread[0].detail}" if unread else "the file is empty"
        raise InputError(f"no record of {config.benchmark} could be read: {told}")
    write_manifest(
        out,
        config,
        seeds={},
        data={"table": data_hash(read_rows(out))},
        started=started,
        more={"rows": rows, "unread": len(unread)},
    )
    return unread


def benchmark_records(questions: Questions, images: ImageStore) -> Iterator[Record]:
    """A benchmark's rows as ``write_fingerprints`` takes them: the bare question, and the pictures themselves."""
    for question in questions.rows:
        index = str(question.row["index"])
        shown = [{"bytes": images.read(digest), "path": digest} for digest in question.item.images]
        yield Record({"id": index, "question": questions.entry.benchmark.question(question.row), "image": shown}, index)


def _read(record: Record, folder: Path, config: FingerprintConfig) -> Fingerprint | Rejected:
    try:
        question = record.fields[config.question]
        pictures = [_picture(one, folder) for one in _shown(record.fields, config.image)]
    except KeyError:
        told = f"no field {config.question}: name the one with the question"
        return Rejected("unreadable record", told, record.where)
    except (InputError, OSError, ValueError) as error:
        return Rejected("unreadable record", str(error), record.where)
    own = record.fields.get(config.id)
    name = record.where if own is None else str(own)
    # A question may stand in the picture alone.
    one = fingerprint(str(question or ""), pictures, benchmark=config.benchmark, item_id=name)
    if not one.questions and not one.pictures:
        return Rejected("unreadable record", "neither question nor picture: fill one in", record.where)
    return one


def _shown(fields: Mapping[str, Any], names: tuple[str, ...]) -> list[Any]:
    there = [fields[name] for name in names if name in fields]
    if names and not there:
        raise InputError(f"no field {' or '.join(names)}: name the one with the picture, image=[…]")
    found: Any = next((one for one in there if one), [])
    return found if isinstance(found, list) else [found]


def _picture(one: Any, folder: Path) -> Image.Image:
    if isinstance(one, Mapping) and isinstance(one.get("bytes"), bytes):
        name, data = str(one.get("path") or "within the table"), one["bytes"]
    elif isinstance(one, str):
        path = inside(folder, one)
        if not path.is_file():
            raise InputError(f"picture {one} is not in {folder}: check the path or the image folder")
        name, data = one, path.read_bytes()
    else:
        raise InputError(f"a picture is given as {type(one).__name__}: give its path, or a table's picture column")
    check_picture(data, name)
    return Image.open(io.BytesIO(data))
