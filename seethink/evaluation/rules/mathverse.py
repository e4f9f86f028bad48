"""MathVerse as the harness scores it: the judge extracts every answer, then judges all that are not the gold's text."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import nan
from typing import Any

from seethink.core.verdict import Outcome
from seethink.evaluation.printed import read_literal
from seethink.evaluation.rules.asking import PATIENT, Answered
from seethink.evaluation.rules.case import Case, Cells, Lines, Scorer, text_of
from seethink.evaluation.rules.judge import Stage
from seethink.evaluation.rules.scored import Cell, RowVerdict
from seethink.evaluation.rules.verdicts import counted, unjudged
from seethink.evaluation.rules.wording import worded

VISION_ONLY = "Vision Only"
"""The version the leaderboard shows."""


def decide(case: Case) -> list[RowVerdict]:
    if case.judge is None:
        return [
            unjudged(number, "its answer is read by a judge, and there is none") for number in range(len(case.rows))
        ]
    matters = [
        case.matter(number, worded("mathverse_extract", response=text_of(row["prediction"])))
        for number, row in enumerate(case.rows)
    ]
    extracted = case.ask(matters, PATIENT)
    extractions = [text_of(one) for one in case.restored([one.value or "" for one in extracted])]
    compared = [number for number, row in enumerate(case.rows) if not _same(row, extractions[number])]
    verdict_matters = [
        case.matter(number, _verdict_prompt(case.rows[number], extractions[number]), _zero_or_one, extractions[number])
        for number in compared
    ]
    judged = dict(zip(compared, case.ask(verdict_matters, PATIENT, Stage.VERDICT), strict=True))
    return [
        _verdict(number, row, extractions[number], extracted[number], judged.get(number))
        for number, row in enumerate(case.rows)
    ]


def _same(row: Cells, extraction: str) -> bool:
    """Two empty texts are judged: the code asks whether what it found is true."""
    return bool(extraction.strip()) and extraction.strip() == text_of(row["answer"]).strip()


def _zero_or_one(reply: str) -> str | None:
    return reply.strip() if reply.strip() in ("0", "1") else None


def _verdict_prompt(row: Cells, extraction: str) -> str:
    return worded(
        "mathverse_verdict",
        question=text_of(row["question_for_eval"]),
        gold=text_of(row["answer"]),
        extraction=extraction,
    )


def _verdict(number: int, row: Cells, extraction: str, extracted: Answered, judged: Answered | None) -> RowVerdict:
    calls = extracted.calls + (judged.calls if judged else ())
    hit = judged is None or judged.value == "1"
    failed = extracted.value is None or (judged is not None and judged.value is None)
    if extracted.value is None:
        why = "the judge failed to extract an answer"
    elif judged is None:
        why = "is the gold answer's text"
    elif judged.value is None:
        why = "the judge failed to say 0 or 1"
    else:
        why = f"the judge says {judged.value}, gold is {text_of(row['answer'])}"
    return counted(number, hit, extraction, why, calls=calls, outcome=Outcome.ERROR if failed else None)


def figures(case: Case, hits: Sequence[bool | None], verdicts: Sequence[RowVerdict]) -> Lines:
    """One line per problem version: the mean verdict overall, of every subject and of every subfield."""
    stopped, kinds = "", list[tuple[str, str]]()
    for number, row in enumerate(case.rows):
        cell = text_of(row.get("metadata"))
        metadata = _as_json(cell)
        if metadata is None:
            stopped = (
                stopped or f"it takes the metadata of row {number} for JSON once it has replaced all single quotes"
            )
            read = read_literal(cell)
            metadata = read if isinstance(read, dict) else {}
        kinds.append((str(metadata.get("subject")), str(metadata.get("subfield"))))
    versions = [text_of(row["problem_version"]) for row in case.rows]
    told = "metadata" in case.rows[0] if case.rows else False
    subjects = list(dict.fromkeys(subject for subject, _ in kinds)) if told else []
    subfields = list(dict.fromkeys(subfield for _, subfield in kinds)) if told else []
    lines, headline = list[dict[str, Cell]](), None
    for version in dict.fromkeys(versions):
        inside = [
            (hit, kind)
            for hit, kind, one in zip(hits, kinds, versions, strict=True)
            if one == version and hit is not None
        ]
        overall = _mean([hit for hit, _ in inside])
        line: dict[str, Cell] = {"split": version, "Overall": overall}
        line |= {name: _mean([hit for hit, (subject, _) in inside if subject == name]) for name in subjects}
        line |= {name: _mean([hit for hit, (_, subfield) in inside if subfield == name]) for name in subfields}
        lines.append(line)
        if version == VISION_ONLY and inside:
            headline = overall
    return Lines(tuple(lines), headline, stopped if told else "")


def _as_json(cell: str) -> dict[str, Any] | None:
    try:
        read = json.loads(cell.replace("'", '"'))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None


def _mean(hits: Sequence[bool | None]) -> float:
    return sum(map(bool, hits)) / len(hits) * 100 if hits else nan


MATHVERSE = Scorer(
    name="mathverse",
    harness_name="MathVerse_MINI_Vision_Only",
    columns=("question_for_eval", "answer", "problem_version"),
    optional=("metadata",),
    decide=decide,
    figures=figures,
    headline=f"{VISION_ONLY}, Overall",
)
