"""Result files of the harness: predictions that anyone can score with the original, and theirs scored here.

The harness keeps ``<model>_<entry>.xlsx`` with the columns of its table, the picture apart, and ``prediction``. Run it
with ``--mode eval`` on a folder that holds such a file to get its figures for our predictions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from seethink.core.graded import Decoding
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.benchmark import text
from seethink.evaluation.passed_on import PassedOn, passed_on
from seethink.evaluation.questions import Question, Questions
from seethink.evaluation.respondent import Response
from seethink.evaluation.sheet import write_sheet
from seethink.evaluation.table import read_table

PREDICTION = "prediction"

_UNFIT = re.compile(r"[^\w.-]+")
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)


def result_name(model: str, entry: str) -> str:
    """The file's name; a path as a model's name becomes its last part."""
    return f"{_UNFIT.sub('-', model.rstrip('/').rpartition('/')[2]) or 'model'}_{entry}.xlsx"


def write_predictions(
    path: Path, questions: Questions, answered: Sequence[tuple[Question, Response]], how: PassedOn
) -> None:
    """The greedy responses as the harness's result file; a question without a response has an empty cell."""
    said = {
        question.number: passed_on(response.text, how)
        for question, response in answered
        if response.decoding is Decoding.GREEDY and response.text is not None
    }
    columns = dict.fromkeys(name for question in questions.rows for name in question.row)
    rows = (
        {name: _cell(name, value) for name, value in question.row.items()} | {PREDICTION: said.get(question.number)}
        for question in questions.rows
    )
    write_sheet(path, [*(name for name in columns if name != PREDICTION), PREDICTION], rows)


def read_predictions(path: Path, questions: Questions) -> tuple[list[tuple[Question, Response]], list[Rejected]]:
    """The predictions of a result file (xlsx, tsv, csv, json, jsonl or Parquet with ``index`` and ``prediction``).

    Returns one greedy response per question, without text where the file has none, and the rows that belong to no
    question. InputError where no row does.
    """
    by_index = {text(question.row, "index"): question for question in questions.rows}
    found: dict[int, str | None] = {}
    aside: list[Rejected] = []
    for record in read_table(path):
        if isinstance(record, Rejected):
            aside.append(record)
            continue
        index = _index(record.fields)
        question = by_index.get(index)
        if question is None or PREDICTION not in record.fields:
            detail = f"no question has index {index[:40]!r}" if question is None else f"no column {PREDICTION}"
            aside.append(Rejected("no such question", f"{detail}: give the table that was asked", record.where))
            continue
        if question.number in found:
            aside.append(Rejected("index twice", f"index {index[:40]} stands earlier in the file", record.where))
            continue
        said = record.fields[PREDICTION]
        found[question.number] = None if said is None else str(said)
    if not found:
        told = f"the first says: {aside[0].where}: {aside[0].detail}" if aside else "it holds no rows"
        raise InputError(f"{path} has no prediction for {questions.entry.name}: {told}")
    answered = []
    for question in questions.rows:
        said = found.get(question.number)
        why = "" if said is not None else "the file has no prediction"
        answered.append((question, Response(Decoding.GREEDY, 0, said, None, None, False, why)))
    return answered, aside


def _index(fields: Mapping[str, Any]) -> str:
    """A spreadsheet may have made a number of it."""
    index = fields.get("index")
    return str(int(index)) if isinstance(index, float) and index.is_integer() else str(index)


def _cell(name: str, value: Any) -> Any:
    """The harness's index is a number wherever it can be one."""
    return int(value) if name == "index" and isinstance(value, str) and _WHOLE.fullmatch(value) else value
