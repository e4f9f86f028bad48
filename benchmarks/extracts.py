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
from seethink.core.item import Item, Verifier, make_item
from seethink.core.records import Record, field_text, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.items import record_items
from seethink.evaluation.logicvista import LogicVista
from seethink.evaluation.mathvision import MathVision


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


def real_responses(folder: Path) -> list[RealResponse]:
    """Every output below ``folder``. InputError where an extract is missing."""
    with tempfile.TemporaryDirectory() as pictures:
        store = ImageStore(Path(pictures))
        vista, vision, wide = (folder / name for name in ("logicvista", "mathvision", "mathvista"))
        items = {
            "logicvista": LogicVista(vista / "dataset_subset.jsonl", vista / "images").items(store),
            "mathvision": MathVision(vision / "test_subset.jsonl", vision / "images").items(store),
            "mathvista": record_items(wide / "testmini_subset.jsonl", mathvista_item),
        }
        by_id = {name: dict(_by_id(found)) for name, found in items.items()}
    return [
        RealResponse(f"{name}/{row['run']}/{number}", by_id[name].get(number), text)
        for name in by_id
        for row, number, text in _outputs(folder / name / "model_outputs.jsonl")
    ]


def mathvista_item(record: Record) -> Item:
    """MathVista's own record: options by their text, whole numbers exact, others rounded to ``precision`` decimals."""
    options = tuple(str(option) for option in record.fields.get("choices") or ())
    answer, kind = field_text(record, "answer"), record.fields.get("answer_type")
    precision = record.fields.get("precision")
    verifier = Verifier.MCQ if options else Verifier.DIGIT if kind == "integer" else Verifier.MATH
    return make_item(
        source="mathvista",
        question=field_text(record, "question"),
        gold="ABCDEFGHIJ"[options.index(answer)] if options else answer,
        verifier=verifier,
        options=options,
        tolerance=f"{0.5 * 10 ** -int(precision):g}" if precision and verifier is Verifier.MATH else "",
        meta={"id": field_text(record, "pid")},
    )


def _by_id(found: Iterator[Item | Rejected]) -> Iterator[tuple[str, Item]]:
    for item in found:
        if isinstance(item, Item):
            yield str(item.meta["id"]), item


def _outputs(path: Path) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    for record in read_records(path):
        if isinstance(record, Rejected):
            raise InputError(f"{record.where}: {record.detail}: fetch the extract again")
        row = record.fields
        said = row["answer"]["answer"] if "answer" in row else row["response"]
        yield row, str(row.get("id", row.get("pid"))), said if isinstance(said, str) else json.dumps(said)
