"""From labels on disk to what is learnt: which traces are kept back, and which steps of the others teach."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError, Rejected
from seethink.process.collect.labels import LabelRow
from seethink.process.collect.rows import LabelledTrace, labelled_traces, read_rows_file
from seethink.process.steps import Splitting


def read_labelled(
    path: Path, folder: Path, images: ImageStore, splitting: str = Splitting.AUTO
) -> tuple[list[LabelledTrace], list[Rejected]]:
    """The traces of a file of rows, and the rows that were set aside. InputError where no such splitting is known."""
    if splitting not in list(Splitting):
        raise InputError(f"splitting {splitting!r}: choose among {', '.join(Splitting)}")
    read = list(read_rows_file(path))
    good = [row for row in read if isinstance(row, LabelRow)]
    traces, rejected = labelled_traces(good, folder, images, Splitting(splitting))
    return traces, [*(row for row in read if isinstance(row, Rejected)), *rejected]


def kept_back(
    traces: Sequence[LabelledTrace], share: float, seed: int
) -> tuple[list[LabelledTrace], list[LabelledTrace]]:
    """The traces to learn from, and those of ``share`` of the questions, drawn with ``seed``, which are kept back.

    All traces of a question go the same way: they share its picture, and often their first steps.
    """
    questions = list(dict.fromkeys(_question(trace) for trace in traces))
    order = np.random.default_rng(seed).permutation(len(questions))
    back = {questions[place] for place in order[: round(share * len(questions))]}
    return [one for one in traces if _question(one) not in back], [one for one in traces if _question(one) in back]


def up_to_first_error(traces: Sequence[LabelledTrace], threshold: float) -> list[LabelledTrace]:
    """The traces without the values behind their first error, the first step with a value at or below ``threshold``.

    What comes behind a wrong step follows from it: its label says little of the step itself (ProcessBench and PRM800K
    label no further). An error is one for all traces that begin with it, whichever of them holds its label.
    """
    wrong = {
        (_question(trace), trace.steps[: place + 1])
        for trace in traces
        for place, value in enumerate(trace.values)
        if value is not None and value <= threshold
    }
    masked = []
    for trace in traces:
        steps = range(len(trace.steps))
        first = next((place for place in steps if (_question(trace), trace.steps[: place + 1]) in wrong), len(steps))
        values = tuple(value if place <= first else None for place, value in enumerate(trace.values))
        masked.append(trace._replace(values=values))
    return masked


def by_question(traces: Sequence[LabelledTrace], epochs: int, seed: int) -> list[LabelledTrace]:
    """All epochs in one order: in each the questions are shuffled, and the traces of a question stay together."""
    groups: dict[tuple[str, tuple[str, ...]], list[LabelledTrace]] = {}
    for trace in traces:
        groups.setdefault(_question(trace), []).append(trace)
    rng, told = np.random.default_rng(seed), list(groups.values())
    return [trace for _ in range(epochs) for place in rng.permutation(len(told)) for trace in told[place]]


def _question(trace: LabelledTrace) -> tuple[str, tuple[str, ...]]:
    return trace.question, trace.images
