"""A benchmark's run on disk: responses, and what scoring made of them.

Below the run's folder: ``responses/`` sealed part by part; ``graded/`` with every response and its three verdicts;
``figures/`` with the units of every figure; ``calls/`` with what the judge was asked and said.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from seethink.core.config import Config
from seethink.core.graded import Decoding, graded_row
from seethink.core.images import ImageStore
from seethink.core.tables import MANIFEST, parts, read_manifest, read_rows, write_manifest, write_rows
from seethink.evaluation.questions import Question, Questions
from seethink.evaluation.respondent import Asked, Respondent, Response
from seethink.evaluation.run import respond
from seethink.evaluation.scoring import BenchmarkConfig, Scores
from seethink.teachers.reply import whole_characters

RESPONSES, GRADED, FIGURES, CALLS = "responses", "graded", "figures", "calls"


def ask_questions(
    config: BenchmarkConfig, model: str | Path | Respondent, questions: Questions, images: ImageStore, out: Path
) -> None:
    """Put every question to ``model`` and seal the responses under ``out``; goes on where it was killed."""
    rows = questions.rows

    def sealed(number: int, responses: list[list[Response]]) -> list[dict[str, Any]]:
        mine = rows[number * config.part : (number + 1) * config.part]
        return [
            {"number": question.number, **response._asdict(), "decoding": response.decoding.value}
            for question, row in zip(mine, responses, strict=True)
            for response in row
        ]

    asked = [Asked(question.prompt, question.item.images) for question in rows]
    label = f"{questions.entry.name} {config.prompt}{' blind' if config.blind else ''}"
    respond(config, model, asked, images, sealed, out / RESPONSES, data={"questions": questions.table}, label=label)


def seal_predictions(answered: Sequence[tuple[Question, Response]], questions: Questions, out: Path) -> None:
    """Keep responses that were given, as if they had been asked for, in place of earlier ones."""
    folder = out / RESPONSES
    (folder / MANIFEST).unlink(missing_ok=True)
    started = time.time()
    rows = (
        _whole({"number": question.number, **response._asdict(), "decoding": response.decoding.value})
        for question, response in answered
    )
    write_rows(folder, rows)
    write_manifest(folder, Config(), seeds={}, data={"questions": questions.table}, started=started)


def answered_table(out: Path) -> str:
    """The ``table`` of the questions that were asked, each of them; "" where some still wait."""
    return str((read_manifest(out / RESPONSES) or {"data": {"questions": ""}})["data"]["questions"])


def read_answered(questions: Questions, out: Path) -> list[tuple[Question, Response]]:
    """The responses that are sealed under ``out``, with their questions."""
    return [
        (
            questions.rows[row["number"]],
            Response(
                Decoding(row["decoding"]),
                row["draw"],
                row["text"],
                row["prompt_tokens"],
                row["completion_tokens"],
                row["truncated"],
                row["why"] or "",
            ),
        )
        for row in read_rows(out / RESPONSES)
    ]


def open_unanswered(out: Path) -> int:
    """Unseal every part with a response that was refused or never came, so that it is asked for again; returns how many
    parts. What an endpoint did answer comes from the ledger."""
    import pyarrow.parquet as pq

    opened = [
        number
        for number, path in enumerate(parts(out / RESPONSES))
        if pq.read_table(path, columns=["text"]).column("text").null_count
    ]
    # Parts are gone on with from the first that is missing.
    for path in parts(out / RESPONSES)[opened[0] :] if opened else []:
        path.unlink()
    if opened:
        (out / RESPONSES / MANIFEST).unlink(missing_ok=True)
    return len(opened)


def write_scores(scores: Scores, questions: Questions, out: Path) -> None:
    """The tables of a scored run, replacing those of an earlier scoring."""
    write_rows(out / GRADED, (_whole(graded_row(one)) for one in scores.graded))
    write_rows(out / FIGURES, figure_rows(scores), part_rows=50_000)
    write_rows(out / CALLS, map(_whole, _calls(scores, questions)))


def figure_rows(scores: Scores) -> Iterator[dict[str, Any]]:
    """``{decoding, draw, figure, unit, value}``, the headline's figure first."""
    for draw, figures in scores.figures.items():
        for figure, units in figures.items():
            for unit, value in units.items():
                yield {
                    "decoding": draw.decoding.value,
                    "draw": draw.number,
                    "figure": figure,
                    "unit": unit,
                    "value": value,
                }


def _calls(scores: Scores, questions: Questions) -> Iterator[dict[str, Any]]:
    for draw, scored in scores.scored.items():
        for row in scored.verdicts:
            for call in row.calls:
                yield {
                    "index": str(questions.rows[row.number].row.get("index")),
                    "decoding": draw.decoding.value,
                    "draw": draw.number,
                    "stage": call.stage.value,
                    "attempt": call.attempt,
                    "temperature": call.temperature,
                    "reply": call.reply,
                    "error": call.error,
                }


def _whole(row: Mapping[str, Any]) -> dict[str, Any]:
    """Texts as a file can hold them: half a surrogate pair becomes U+FFFD."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return whole_characters(value)
    if isinstance(value, Mapping):
        return _whole(value)
    return value


def unanswered(answered: Sequence[tuple[Question, Response]]) -> int:
    """Responses that never came."""
    return sum(response.text is None for _, response in answered)
