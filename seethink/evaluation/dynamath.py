"""DynaMath: 501 questions in ten variants each (Zou et al. 2025, arXiv 2411.00836).

Average accuracy is over all 5,010 rows; worst-case accuracy, which the leaderboard shows, counts a question only if all
its variants are right. Reads the harness's table, or records with its fields and picture paths (``level`` may stand for
``knowledge_level``). Each row asks for JSON with a solution and a short answer, in our wording.
"""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Verifier
from seethink.core.records import Record
from seethink.evaluation.benchmark import Benchmark, Figures, Gold, Hits, Own, Row, columns, grouped, text
from seethink.evaluation.prompts import prompt_text

_FORMS = {"float": "dynamath_float", "multiple choice": "dynamath_choice"}


def _own(record: Record) -> Own:
    fields = record.fields
    names = ("index", "qid", "varid", "question", "answer", "answer_type", "subject")
    row = {name: fields.get(name) for name in names} | {"knowledge_level": fields.get("level")}
    return Own(row, fields.get("decoded_image") or fields.get("image"))


def _prompt(row: Row, entry: str) -> str:
    asked = f"## Question\n{text(row, 'question')}"
    if entry == "DynaMath_noprompt":
        return asked
    form = prompt_text(_FORMS.get(text(row, "answer_type"), "dynamath_text"))
    return f"{asked}\n\n{prompt_text('dynamath').replace('{form}', form)}"


def _gold(row: Row) -> Gold:
    answer = text(row, "answer")
    match text(row, "answer_type"):
        case "multiple choice":
            return Gold(Verifier.MCQ, answer)
        case "float":
            # The benchmark's own tolerance.
            return Gold(Verifier.MATH, answer, tolerance="0.001")
        case _:
            return Gold(Verifier.MATH, answer)


def _figures(rows: Sequence[Row], hits: Hits) -> Figures:
    """The unit is the question: its variants are drawn from one template and stand or fall together.

    A question with an open variant is no unit of the worst case, not even where another variant is wrong: the wrong
    ones would be decided sooner than the right ones, and the figure would lie low.
    """
    found: Figures = {"worst case": {}, "average": {}}
    for question, variants in grouped(rows, hits, "qid").items():
        decided = [hit for _, hit in variants if hit is not None]
        worst = float(all(decided)) if len(decided) == len(variants) else None
        # As the harness does, by the subject and level of the question's first variant.
        first = min(variants, key=lambda variant: text(variant[0], "varid").zfill(4))[0]
        for group in ("", f", {text(first, 'subject')}", f", {text(first, 'knowledge_level')}"):
            if worst is not None:
                found.setdefault(f"worst case{group}", {})[question] = worst
            if decided:
                found.setdefault(f"average{group}", {})[question] = sum(decided) / len(decided)
    return found


DYNAMATH = Benchmark(
    name="dynamath",
    title="DynaMath",
    entries=("DynaMath", "DynaMath_noprompt"),
    size=5010,
    columns=("index", "qid", "varid", "question", "answer", "answer_type", "subject", "knowledge_level"),
    marks=("seed_question", "level"),
    own=_own,
    prompt=_prompt,
    gold=_gold,
    question=lambda row: text(row, "question"),
    figures=_figures,
    kept=columns("qid", "varid", "subject", "knowledge_level", "answer_type"),
)
