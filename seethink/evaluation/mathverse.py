"""MathVerse testmini: 788 geometry and function problems, each in five versions (Zhang et al. 2024, arXiv 2403.14624).

From Text Dominant to Vision Only, more and more of a problem is told by the picture alone; the leaderboard shows Vision
Only. Reads the harness's tables and the benchmark's own records (``sample_index``, ``query_wo``, ``query_cot`` …). An
entry of the harness asks one version, or all of them (``MathVerse_MINI``); those ending in ``_cot`` send ``query_cot``.
"""

from __future__ import annotations

import re
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
    lettered_options,
    text,
    without_instructions,
)
from seethink.evaluation.printed import read_mapping

HEADLINE = "Vision Only"

_ENTRIES = {
    "MathVerse_MINI_Vision_Only": HEADLINE,
    "MathVerse_MINI_Vision_Only_cot": HEADLINE,
    "MathVerse_MINI": "",
    "MathVerse_MINI_Vision_Dominant": "Vision Dominant",
    "MathVerse_MINI_Vision_Intensive": "Vision Intensive",
    "MathVerse_MINI_Text_Lite": "Text Lite",
    "MathVerse_MINI_Text_Dominant": "Text Dominant",
    "MathVerse_MINI_Text_Only": "Text Only",
}
"""Which version each entry asks, "" for all five. The harness has no entry for Text Only, which shows no picture."""

_LETTER = re.compile(r"[A-H]")


def _own(record: Record) -> Own:
    fields = record.fields
    # Records of Vision Only have no question of their own; the judge is shown the one for evaluation.
    asked = str(fields.get("question_for_eval") or fields.get("question") or "")
    if not asked.strip():
        raise InputError("field question_for_eval: it is missing, and a judge would not know what was asked")
    row = {
        "index": fields.get("sample_index"),
        "question": fields.get("query_wo"),
        "query_cot": fields.get("query_cot"),
        "question_for_eval": asked,
        "answer": fields.get("answer"),
        "question_type": fields.get("question_type"),
        "problem_version": fields.get("problem_version"),
        "problem_index": fields.get("problem_index"),
        "metadata": str(dict(read_mapping(fields.get("metadata")))),
    }
    return Own(row, fields.get("image"))


def _wanted(row: Row, entry: str) -> bool:
    version = text(row, "problem_version")
    return version == _ENTRIES[entry] or (not _ENTRIES[entry] and version != "Text Only")


def _gold(row: Row) -> Gold:
    answer, asked = text(row, "answer").strip(), text(row, "question_for_eval")
    kind = text(row, "question_type")
    if kind == "multi-choice" or (not kind and "Choices:" in asked and _LETTER.fullmatch(answer)):
        return Gold(Verifier.MCQ, answer, lettered_options(asked.rpartition("Choices:")[2]))
    return Gold(Verifier.MATH, answer)


def _kept(row: Row) -> dict[str, Any]:
    about = read_mapping(row.get("metadata"))
    told = {name: str(about[name]) for name in ("subject", "subfield") if about.get(name)}
    return told | columns("problem_version", "problem_index", "question_type")(row)


def _groups(row: Row) -> Iterator[str]:
    about, version = read_mapping(row.get("metadata")), text(row, "problem_version")
    yield version
    yield from (f"{version}, {about[name]}" for name in ("subject", "subfield") if about.get(name))


def _figures(rows: Sequence[Row], hits: Hits) -> Figures:
    found = figures_by(rows, hits, _groups, "all versions")
    everything = found.pop("all versions")
    several = len({text(row, "problem_version") for row in rows}) > 1
    return {HEADLINE: found.pop(HEADLINE, {})} | ({"all versions": everything} if several else {}) | found


MATHVERSE = Benchmark(
    name="mathverse",
    title="MathVerse",
    entries=tuple(_ENTRIES),
    size=788,
    columns=("index", "question", "question_for_eval", "answer", "problem_version", "metadata"),
    marks=("sample_index",),
    own=_own,
    prompt=lambda row, entry: text(row, "query_cot" if entry.endswith("_cot") else "question"),
    gold=_gold,
    question=lambda row: text(row, "question_for_eval") or without_instructions(text(row, "question")),
    figures=_figures,
    kept=_kept,
    wanted=_wanted,
    pictured=lambda row: text(row, "problem_version") != "Text Only",
)
