"""LogicVista as the harness scores it: the judge names the letters of every answer.

A reply of anything but capital letters is another attempt. Letters are compared as multisets with the gold's parts.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

from seethink.core.verdict import Outcome
from seethink.evaluation.rules.asking import PATIENT, Answered
from seethink.evaluation.rules.case import Case, Lines, Scorer, text_of
from seethink.evaluation.rules.scored import Cell, RowVerdict
from seethink.evaluation.rules.verdicts import counted, unjudged
from seethink.evaluation.rules.wording import worded

SKILLS = ("inductive", "deductive", "numerical", "spatial", "mechanical")


def decide(case: Case) -> list[RowVerdict]:
    if case.judge is None:
        return [
            unjudged(number, "its answer is read by a judge, and there is none") for number in range(len(case.rows))
        ]
    matters = [
        case.matter(
            number,
            worded("logicvista", question=text_of(row["question"]), response=text_of(row["prediction"])),
            lambda reply: reply if reply.isupper() and reply.isalpha() else None,
        )
        for number, row in enumerate(case.rows)
    ]
    return [_verdict(number, case.rows[number]["answer"], one) for number, one in enumerate(case.ask(matters, PATIENT))]


def _verdict(number: int, gold: Any, one: Answered) -> RowVerdict:
    if one.value is None:
        return counted(number, False, None, "the judge failed to name letters", calls=one.calls, outcome=Outcome.ERROR)
    hit = "".join(sorted(letter.lower() for letter in one.value)) == "".join(sorted(_parts(gold)))
    return counted(number, hit, one.value, f"gold is {text_of(gold)}", calls=one.calls)


def _parts(gold: Any) -> list[str]:
    """The gold's letters; none of a missing one, which is never right."""
    return gold.lower().split(", ") if isinstance(gold, str) else []


def figures(case: Case, hits: Sequence[bool | None], verdicts: Sequence[RowVerdict]) -> Lines:
    lines = list[dict[str, Cell]]()
    for name in ("Overall", *SKILLS):
        inside = [
            hit
            for row, hit in zip(case.rows, hits, strict=True)
            if hit is not None and (name == "Overall" or name in text_of(row.get("skill")))
        ]
        accuracy = sum(inside) / len(inside) * 100 if inside else nan
        lines.append({"Task&Skill": name, "tot": len(inside), "hit": sum(inside), "acc": accuracy})
    unread = [number for number, row in enumerate(case.rows) if not isinstance(row["answer"], str)]
    stopped = f"row {unread[0]} has no text for an answer" if unread else ""
    overall = lines[0]["acc"]
    return Lines(tuple(lines), float(overall) if lines[0]["tot"] and overall is not None else None, stopped)


LOGICVISTA = Scorer(
    name="logicvista",
    harness_name="LogicVista",
    columns=("question", "answer"),
    optional=("skill",),
    decide=decide,
    figures=figures,
    headline="Overall, acc",
)
