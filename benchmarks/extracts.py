"""Real responses of public benchmarks, each with its item: what the benchmarks of answers and rewards run on.

The folder holds extracts of LogicVista, MATH-V and MathVista: the benchmarks' own records, and the published outputs
of models that had been asked for no tags.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.records import read_records
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.questions import TableConfig, read_questions


@dataclass(frozen=True, slots=True)
class RealResponse:
    """One published output.

    Attributes:
        key: "benchmark/run/id", the name a label refers to.
        item: None where no verifier of ours decides the record (an empty gold, say).
    """

    key: str
    item: Item | None
    text: str


_FILES = {
    "logicvista": "dataset_subset.jsonl",
    "mathvision": "test_subset.jsonl",
    "mathvista": "testmini_subset.jsonl",
}


def real_responses(folder: Path) -> list[RealResponse]:
    """Every output below ``folder``. InputError where an extract is missing."""
    items = {name: _items(name, folder / name / file) for name, file in _FILES.items()}
    return [
        RealResponse(f"{name}/{row['run']}/{number}", items[name].get(number), text)
        for name in items
        for row, number, text in _outputs(folder / name / "model_outputs.jsonl")
    ]


def _items(name: str, path: Path) -> dict[str, Item]:
    """By the record's own id; what no verifier of ours decides is left out."""
    entry = find_entry(name)
    with tempfile.TemporaryDirectory() as out:
        config = TableConfig(entry=entry.name, pictures=False)
        questions = read_questions(entry, path, ImageStore(Path(out)), None, Path(out), config)
    return {question.item.meta["id"]: question.item for question in questions.rows if not question.undecidable}


def _outputs(path: Path) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    for record in read_records(path):
        if isinstance(record, Rejected):
            raise InputError(f"{record.where}: {record.detail}: fetch the extract again")
        row = record.fields
        said = row["answer"]["answer"] if "answer" in row else row["response"]
        yield row, str(row.get("id", row.get("pid"))), said if isinstance(said, str) else json.dumps(said)
