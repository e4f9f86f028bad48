"""MathVista testmini: 1,000 questions over charts, figures and photographs (Lu et al. 2024, arXiv 2310.02255).

Reads the harness's table and the benchmark's own records (``pid``, ``query``, ``choices``, ``metadata`` …). The prompt
is the benchmark's query: a hint that names the form of the answer, the question, and the choices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from seethink.core.item import Verifier
from seethink.core.records import Record
from seethink.core.rejected import InputError
from seethink.evaluation.benchmark import (
    Benchmark,
    Figures,
    Gold,
    Hits,
    Own,
    Row,
    columns,
    figures_by,
    text,
    without_instructions,
)
from seethink.evaluation.printed import read_list, read_mapping

_LETTERS = "ABCDEFGHIJ"


def _own(record: Record) -> Own:
    fields = record.fields
    about, choices = read_mapping(fields.get("metadata")), [str(one) for one in read_list(fields.get("choices"))]
    answer = str(fields.get("answer") or "")
    if choices and answer not in choices:
        raise InputError(f"field answer: {answer[:60]!r} is none of the choices")
    row = {
        "index": fields.get("pid"),
        "question": fields.get("query"),
        "question_type": fields.get("question_type"),
        "answer_type": fields.get("answer_type"),
        "choices": str(choices),
        "answer": answer,
        "answer_option": _LETTERS[choices.index(answer)] if choices else None,
        "task": about.get("task"),
        "skills": str(read_list(about.get("skills"))),
    }
    return Own(row, fields.get("decoded_image") or fields.get("image_present") or fields.get("image"))


def _gold(row: Row) -> Gold:
    options = tuple(str(one) for one in read_list(row.get("choices")))
    if text(row, "question_type") == "multi_choice":
        return Gold(Verifier.MCQ, text(row, "answer_option"), options)
    answer = text(row, "answer")
    match text(row, "answer_type"):
        case "integer":
            return Gold(Verifier.DIGIT, answer)
        case "float":
            # Half a unit of the last decimal: the query asks for so many.
            decimals = len(answer.partition(".")[2])
            return Gold(Verifier.MATH, answer, tolerance=f"{0.5 * 10**-decimals:g}")
        case _:
            return Gold(Verifier.MATH, answer)


def _kept(row: Row) -> dict[str, Any]:
    skills = [str(one) for one in read_list(row.get("skills"))]
    return columns("question_type", "answer_type", "task")(row) | ({"skills": skills} if skills else {})


def _groups(row: Row) -> Iterator[str]:
    yield f"task: {text(row, 'task')}"
    yield from (f"skill: {skill}" for skill in dict.fromkeys(map(str, read_list(row.get("skills")))))


def _figures(rows: Sequence[Row], hits: Hits) -> Figures:
    return figures_by(rows, hits, _groups)


MATHVISTA = Benchmark(
    name="mathvista",
    title="MathVista",
    entries=("MathVista_MINI",),
    size=1000,
    # A choice whose text is "None" has no answer once the harness has read its table; the option decides.
    columns=("index", "question", "question_type", "answer_type"),
    marks=("pid",),
    own=_own,
    prompt=lambda row, entry: text(row, "question"),
    gold=_gold,
    question=lambda row: without_instructions(text(row, "question")),
    figures=_figures,
    kept=_kept,
)
