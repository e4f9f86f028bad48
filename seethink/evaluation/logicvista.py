"""LogicVista: 448 multiple-choice questions of logic over pictures (Xiao et al. 2024, arXiv 2407.04973).

Reads the harness's table, which holds 447 of them, and the benchmark's own records (``id``, ``imagename``,
``question``, ``answer``, ``skill``). Options are drawn in the picture or stand in the question; a few answers are
several letters, one is a number and one is empty.
"""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Verifier
from seethink.core.records import Record
from seethink.evaluation.benchmark import Benchmark, Figures, Gold, Hits, Own, Row, figures_by, needed, text
from seethink.evaluation.printed import read_list

SKILLS = ("inductive", "deductive", "numerical", "spatial", "mechanical")


def _own(record: Record) -> Own:
    told = needed(record, "id", "imagename", "question")
    row = {
        "index": told["id"],
        "question": told["question"],
        "answer": str(record.fields.get("answer") or ""),
        "skill": str(read_list(record.fields.get("skill"))),
    }
    return Own(row, told["imagename"])


def _figures(rows: Sequence[Row], hits: Hits) -> Figures:
    return figures_by(rows, hits, lambda row: (f"skill: {one}" for one in SKILLS if one in text(row, "skill")))


LOGICVISTA = Benchmark(
    name="logicvista",
    title="LogicVista",
    entries=("LogicVista",),
    size=447,
    columns=("index", "question", "skill"),
    marks=("imagename",),
    own=_own,
    prompt=lambda row, entry: text(row, "question"),
    gold=lambda row: Gold(Verifier.MCQ, text(row, "answer")),
    question=lambda row: text(row, "question"),
    figures=_figures,
    kept=lambda row: {"skill": [str(one) for one in read_list(row.get("skill"))]},
)
