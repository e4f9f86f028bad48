"""Readers of published step labels: VisualProcessBench and ProcessBench. Test data only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.records import Record, field_text, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.process.truth import first_false


@dataclass(frozen=True, slots=True)
class LabelledSteps:
    """A solution whose steps people have labelled; None is neither right nor wrong.

    ``truth`` is None throughout where only the first error was labelled and the steps behind it are unknown.
    """

    item: Item
    steps: tuple[str, ...]
    truth: tuple[bool | None, ...]
    first_error: int | None
    maker: str


def visual_process_bench(path: Path, folder: Path, images: ImageStore) -> Iterator[LabelledSteps | Rejected]:
    """VisualProcessBench (VisualPRM, arXiv 2503.10291). From its documentation: ``image`` (a path or a list),
    ``question``, ``answer``, ``response`` with ``steps`` and ``process_correctness`` (1, 0 or -1 by step),
    ``policy_model``, ``data_source``."""

    def read(record: Record) -> LabelledSteps:
        response = record.fields.get("response")
        if not isinstance(response, Mapping):
            raise InputError("field response: it holds no mapping of steps and process_correctness")
        steps = _texts(response.get("steps"), "response.steps")
        marks = response.get("process_correctness")
        if not isinstance(marks, list) or len(marks) != len(steps) or any(mark not in (1, 0, -1) for mark in marks):
            raise InputError(f"field response.process_correctness: give 1, 0 or -1 for each of the {len(steps)} steps")
        truth = tuple({1: True, 0: None, -1: False}[mark] for mark in marks)
        named = record.fields.get("image")
        shown = tuple(images.add_file(folder, str(one))[0] for one in (named if isinstance(named, list) else [named]))
        source = str(record.fields.get("data_source", ""))
        item = _item("visualprocessbench", field_text(record, "question"), record, shown, {"data_source": source})
        return LabelledSteps(item, steps, truth, first_false(truth), str(record.fields.get("policy_model", "")))

    return _each(path, read)


def process_bench(path: Path) -> Iterator[LabelledSteps | Rejected]:
    """ProcessBench (arXiv 2412.06559), text only. From its documentation: ``id``, ``generator``, ``problem``,
    ``steps``, ``final_answer_correct``, ``label``: the first wrong step from 0, -1 where there is none."""

    def read(record: Record) -> LabelledSteps:
        steps = _texts(record.fields.get("steps"), "steps")
        label = record.fields.get("label")
        if isinstance(label, bool) or not isinstance(label, int) or not -1 <= label < len(steps):
            raise InputError(f"field label: {label!r} is no step from 0 to {len(steps) - 1}, nor -1")
        wrong = None if label < 0 else label
        truth: tuple[bool | None, ...] = (True,) * len(steps)
        if wrong is not None:
            # Nobody labelled what follows the first error.
            truth = (*(True,) * wrong, False, *(None,) * (len(steps) - wrong - 1))
        item = _item(
            "processbench", field_text(record, "problem"), record, (), {"id": str(record.fields.get("id", ""))}
        )
        return LabelledSteps(item, steps, truth, wrong, str(record.fields.get("generator", "")))

    return _each(path, read)


def _each(path: Path, read: Any) -> Iterator[LabelledSteps | Rejected]:
    for record in read_records(path):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            yield read(record)
        except (InputError, OSError) as error:
            yield Rejected("unusable record", str(error), record.where)


def _item(source: str, question: str, record: Record, images: tuple[str, ...], meta: Mapping[str, Any]) -> Item:
    gold = str(record.fields.get("answer") or "unknown")
    # Nobody decides the answers here: the labels are about steps.
    return make_item(source=source, question=question, gold=gold, verifier=Verifier.OPEN, images=images, meta=meta)


def _texts(value: Any, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or any(not isinstance(one, str) for one in value):
        raise InputError(f"field {name}: give a list of texts")
    return tuple(value)
