"""Rows: labelled processes on disk, in the form of ViLReward-73K and read back from it.

``{image_path, question, process, value}``: one scored process per row, several rows share a picture and a question
(reference 4.2). Form from a public loader's documentation of the released file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from seethink.core.images import ImageStore
from seethink.core.records import Record, field_text, read_records
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import whole
from seethink.core.trace import Step
from seethink.process.collect.labels import LabelRow
from seethink.process.steps import Splitting, split


class LabelledTrace(NamedTuple):
    """Steps of one question with the values that are known of them: one row of training.

    ``values[k]`` belongs to the process that ends with step k; None where no row says it, or another trace learns it.
    """

    question: str
    images: tuple[str, ...]
    steps: tuple[str, ...]
    values: tuple[float | None, ...]


def write_rows_file(path: Path, rows: Iterable[LabelRow]) -> int:
    """JSON Lines with the four released fields; returns how many. InputError where the disk is full."""
    count = 0
    with whole(path) as fresh, fresh.open("w", encoding="utf-8") as file:
        for row in rows:
            told = {"image_path": row.image_path, "question": row.question, "process": row.process, "value": row.value}
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
            count += 1
    return count


def read_rows_file(path: Path) -> Iterator[LabelRow | Rejected]:
    """Rows of JSON Lines or of one JSON array; a row without a picture, a text or a finite value is set aside."""
    for record in read_records(path):
        if isinstance(record, Rejected):
            yield record
            continue
        try:
            yield LabelRow(
                field_text(record, "image_path"),
                field_text(record, "question"),
                field_text(record, "process"),
                _value(record),
            )
        except InputError as error:
            yield Rejected("unusable row", str(error), record.where)


def labelled_traces(
    rows: Iterable[LabelRow], folder: Path, images: ImageStore, splitting: Splitting = Splitting.AUTO
) -> tuple[list[LabelledTrace], list[Rejected]]:
    """Rows grouped into traces: rows whose process begins another one's are cut as that one is and share its trace,
    each value is learnt once.

    Args:
        folder: what the rows' picture paths are below.
        images: takes the pictures in.
    """
    rejected = list[Rejected]()
    found: dict[tuple[str, str], list[LabelRow]] = {}
    stored: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        try:
            if row.image_path not in stored:
                stored[row.image_path], _ = images.add_file(folder, row.image_path)
        except InputError as error:
            rejected.append(Rejected("picture cannot be used", str(error), f"row {number}"))
            continue
        found.setdefault((stored[row.image_path], row.question), []).append(row)
    traces = [
        LabelledTrace(question, (digest,), steps, values)
        for (digest, question), told in found.items()
        for steps, values in paths(_values(told, splitting))
    ]
    return traces, rejected


def cut_together(processes: Iterable[str], splitting: Splitting) -> dict[str, tuple[str, ...]]:
    """The steps of each of a question's processes; one that begins another is cut where the longest such is.

    By itself a beginning may be cut otherwise: one paragraph shows no blank line, and a last line that speaks of the
    answer is a step as soon as another follows. Of several longer ones those count first in which a step ends where
    the process does; where none has one there, the last step is what the process has of it.
    """
    longest: list[tuple[str, tuple[Step, ...]]] = []
    cut: dict[str, tuple[str, ...]] = {}
    for text in sorted(dict.fromkeys(processes), key=len, reverse=True):
        said = text.rstrip()
        longer = [steps for other, steps in longest if other.startswith(said)]
        if not longer:
            longest.append((text, split(text, splitting)))
            longer = [longest[-1][1]]
        steps = next((one for one in longer if any(step.end == len(said) for step in one)), longer[0])
        cut[text] = tuple(said[step.start : step.end] for step in steps if step.start < len(said))
    return cut


def _values(rows: Sequence[LabelRow], splitting: Splitting) -> dict[tuple[str, ...], float]:
    """The mean value of every process of a question, by its steps; one without steps says nothing."""
    cut = cut_together((row.process for row in rows), splitting)
    found: dict[tuple[str, ...], list[float]] = {}
    for row in rows:
        if cut[row.process]:
            found.setdefault(cut[row.process], []).append(row.value)
    return {steps: sum(told) / len(told) for steps, told in found.items()}


def paths(
    labelled: dict[tuple[str, ...], float],
) -> Iterator[tuple[tuple[str, ...], tuple[float | None, ...]]]:
    """Processes with their values as whole traces: every process that begins another one is learnt within it, once."""
    left = dict(labelled)
    for steps in sorted(labelled, key=len, reverse=True):
        if steps not in left:
            continue
        values = tuple(left.pop(steps[: length + 1], None) for length in range(len(steps)))
        yield steps, values


def value_counts(traces: Sequence[LabelledTrace]) -> int:
    return sum(value is not None for trace in traces for value in trace.values)


def _value(record: Record) -> float:
    value = record.fields.get("value")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InputError(f"field value: {str(value)[:40]!r} is no number from 0 to 1")
    return float(value)
