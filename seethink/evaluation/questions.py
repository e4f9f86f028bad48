"""Questions: a benchmark's rows, ready to be asked and scored, as a table of our own.

The harness's table is read once, however large: its pictures go into the image store, one by one, and its rows into
sealed parts. Everything after works on these.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import Field

from seethink.answers import check_gold
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, item_from_row, item_row, make_item
from seethink.core.records import Record
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import claim, data_hash, read_manifest, read_rows, write_manifest, write_rows
from seethink.evaluation.benchmark import Benchmark, Own, Row, text
from seethink.evaluation.catalogue import Entry, find_entry
from seethink.evaluation.pictures import Shown
from seethink.evaluation.printed import printed
from seethink.evaluation.table import file_hash, read_table

PICTURE = "image"
"""The harness's column."""

_NO_PICTURE = "unusable picture"


class TableConfig(Config):
    """Which rows of a benchmark's file are asked, and how."""

    entry: str
    """The harness's name."""
    pictures: bool = True
    """Whether pictures are read; scoring alone needs none."""
    first: int | None = Field(default=None, ge=1)
    """Only so many rows from the top: a try-out, whose figures are not the benchmark's."""


@dataclass(frozen=True, slots=True)
class Question:
    """One row.

    Attributes:
        number: its place among the questions, from 0.
        row: the harness's columns, without the picture.
        prompt: what is asked.
        item: the same for our own verifiers; its id is made of benchmark and index, so that runs can be paired.
        undecidable: why our verifiers leave the row alone; "" where they decide it.
    """

    number: int
    row: Row
    prompt: str
    item: Item
    undecidable: str


@dataclass(frozen=True, slots=True)
class Questions:
    """The rows of one entry.

    Attributes:
        table: hash of the file, the entry, and which rows were asked: runs with one hash answered the same questions.
        aside: rows that could not be used, with place and remedy.
        complete: no row of the leaderboard's entry is missing.
    """

    entry: Entry
    rows: Sequence[Question]
    aside: Sequence[Rejected]
    table: str
    complete: bool


def read_questions(
    entry: Entry, table: Path, images: ImageStore, folder: Path | None, out: Path, config: TableConfig
) -> Questions:
    """The questions of a benchmark's file, sealed under ``out``; what is sealed there already is not read again.

    Args:
        table: the harness's table, or the benchmark's own records.
        images: where the pictures go.
        folder: where picture paths start, for records that have paths.

    Raises:
        InputError: the file cannot be read, or no row of it can be used.
    """
    started, data = time.time(), {"file": file_hash(table), "folder": str(folder or "")}
    if not claim(out, config, data) or _may_be_mended(out):
        found, aside = _read(entry, table, Shown(images, folder), config)
        if not found:
            told = f"the first says: {aside[0].where}: {aside[0].detail}" if aside else "it holds none"
            raise InputError(f"no row of {table} can be asked as {entry.name}: {told}")
        write_rows(out, map(_question_row, found))
        write_manifest(
            out,
            config,
            seeds={},
            data=data,
            started=started,
            more={"rows": len(found), "aside": [one._asdict() for one in aside]},
        )
    return sealed_questions(out)


def _may_be_mended(out: Path) -> bool:
    """True where rows lacked a picture, which may be there by now."""
    manifest = read_manifest(out) or {}
    return any(one["reason"] == _NO_PICTURE for one in manifest.get("aside", ()))


def sealed_questions(folder: Path) -> Questions:
    """The questions that were sealed in ``folder``. InputError where there are none."""
    manifest = read_manifest(folder)
    if manifest is None or "aside" not in manifest:
        raise InputError(f"{folder} holds no questions of a benchmark: give a folder that seethink eval wrote")
    entry = find_entry(manifest["config"]["entry"])
    rows = [_question_from_row(row) for row in read_rows(folder)]
    aside = [Rejected(**one) for one in manifest["aside"]]
    return Questions(
        entry,
        rows,
        aside,
        data_hash([entry.name, manifest["data"]["file"], *(question.item.id for question in rows)]),
        not aside and manifest["config"]["first"] is None and len(rows) == _full_size(entry),
    )


def benchmark_items(benchmark: Benchmark, table: Path, folder: Path, images: ImageStore) -> Iterator[Item | Rejected]:
    """The rows as items, under content ids; rows that no verifier of ours decides come out as reasons.

    Rows that ask the same of the same pictures are one item: two versions of a MathVerse problem, where the one had
    nothing to leave out. Its meta holds a list where they differ, and the id of the first.
    """
    config = TableConfig(entry=benchmark.entries[0])
    every = replace(benchmark, wanted=lambda row, entry: True)
    found, aside = _read(Entry(every, config.entry), table, Shown(images, folder), config)
    yield from aside
    items: dict[str, Item] = {}
    for question in found:
        if question.undecidable:
            yield Rejected("gold its verifier rejects", question.undecidable, question.item.meta["where"])
        else:
            item = question.item
            made = make_item(
                source=item.source,
                question=item.question,
                gold=item.gold,
                verifier=item.verifier,
                images=item.images,
                options=item.options,
                tolerance=item.tolerance,
                meta={name: value for name, value in item.meta.items() if name != "where"},
            )
            same = items.get(made.id)
            items[made.id] = made if same is None else replace(same, meta=_joined(same.meta, made.meta))
    yield from items.values()


def _joined(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    found = {**second, **first}
    for name in first.keys() & second.keys() - {"id"}:
        if first[name] != second[name]:
            both = [value if isinstance(value, list) else [value] for value in (first[name], second[name])]
            found[name] = list(dict.fromkeys(both[0] + both[1]))
    return found


def reasons(aside: Sequence[Rejected]) -> dict[str, int]:
    """How often each reason occurred."""
    return dict(Counter(one.reason for one in aside))


def _full_size(entry: Entry) -> int:
    """Rows of the leaderboard's entries; no other is called complete."""
    sizes = {"MathVision_MINI": 304, "MathVerse_MINI": 3940}
    return sizes.get(entry.name, entry.benchmark.size)


def _read(entry: Entry, table: Path, shown: Shown, config: TableConfig) -> tuple[list[Question], list[Rejected]]:
    """Two steps, for a row may show the picture of one that comes later: rows and pictures, then questions."""
    waiting: list[tuple[dict[str, Any], Any, str]] = []
    aside: list[Rejected] = []
    seen: set[str] = set()
    for record in read_table(table):
        one = record if isinstance(record, Rejected) else _row(entry, record, seen)
        if isinstance(one, Rejected):
            aside.append(one)
            continue
        row, picture = one
        place = record.where
        wanted = entry.benchmark.wanted(row, entry.name)
        try:
            refers = config.pictures and not shown.add(text(row, "index"), picture, f"of row {text(row, 'index')}")
        except (OSError, ValueError) as error:
            if wanted:
                aside.append(Rejected(_NO_PICTURE, str(error), place))
            continue
        if wanted:
            waiting.append((row, picture if refers else None, place))
            if config.first is not None and len(waiting) == config.first:
                break
    found: list[Question] = []
    for row, picture, place in waiting:
        try:
            pictures = shown.of(text(row, "index"), picture) if config.pictures else ()
            if config.pictures and not pictures and entry.benchmark.pictured(row):
                raise InputError("column image: it is empty: fetch the table again")
        except ValueError as error:
            aside.append(Rejected(_NO_PICTURE, str(error), place))
            continue
        found.append(_question(entry, len(found), row, pictures, place))
    return found, aside


def _row(entry: Entry, record: Record, seen: set[str]) -> tuple[dict[str, Any], Any] | Rejected:
    """The harness's row and the picture's cell. The index tells rows apart in result files, so it occurs once."""
    benchmark = entry.benchmark
    try:
        made = _own_or_harness(benchmark, record)
        row = {name: printed(value) for name, value in made.row.items()}
        for name in benchmark.columns:
            if not text(row, name).strip():
                raise InputError(f"column {name}: it is missing or empty, fill it in")
        json.dumps(row, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        return Rejected("unusable row", str(error), record.where)
    index = text(row, "index")
    if index in seen:
        return Rejected("index twice", f"column index: {index} stands earlier in the file, keep one", record.where)
    seen.add(index)
    return row, made.picture


def _own_or_harness(benchmark: Benchmark, record: Record) -> Own:
    fields: Mapping[str, Any] = record.fields
    whole = all(fields.get(name) is not None for name in benchmark.columns)
    if not whole and any(name in fields for name in benchmark.marks):
        return benchmark.own(record)
    row = {name: value for name, value in fields.items() if name not in (PICTURE, "image_path", "decoded_image")}
    return Own(row, next((fields[name] for name in (PICTURE, "decoded_image", "image_path") if fields.get(name)), None))


def _question(entry: Entry, number: int, row: Row, pictures: tuple[str, ...], place: str) -> Question:
    benchmark, prompt, why = entry.benchmark, entry.benchmark.prompt(row, entry.name), ""
    try:
        gold = benchmark.gold(row)
        item = make_item(
            source=benchmark.name,
            question=prompt,
            gold=gold.gold,
            verifier=gold.verifier,
            images=pictures,
            options=gold.options,
            tolerance=gold.tolerance,
            meta={**benchmark.kept(row), "id": text(row, "index"), "where": place},
        )
    except ValueError as error:
        why = str(error)
        item = make_item(
            source=benchmark.name, question=prompt, gold=text(row, "answer"), verifier=Verifier.OPEN, images=pictures
        )
    rejected = check_gold(item) if not why else None
    if rejected is not None:
        why = f"{rejected.reason}: {rejected.detail}"
    return Question(number, row, prompt, replace(item, id=f"{benchmark.name}-{text(row, 'index')}"), why)


def _question_row(question: Question) -> dict[str, Any]:
    return {
        "number": question.number,
        "row": json.dumps(dict(question.row), ensure_ascii=False),
        "prompt": question.prompt,
        "item": item_row(question.item),
        "undecidable": question.undecidable,
    }


def _question_from_row(row: Mapping[str, Any]) -> Question:
    return Question(
        row["number"], json.loads(row["row"]), row["prompt"], item_from_row(row["item"]), row["undecidable"]
    )
