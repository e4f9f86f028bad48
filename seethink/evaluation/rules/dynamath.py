"""DynaMath as the harness scores it.

The response is read as JSON for its "short answer", which is parsed by type; where that fails the whole response is
parsed in the same way, and where that fails one reply of the judge. Averages are over all variants; the worst case
counts a question whose variants are all right.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

from seethink.core.verdict import Outcome
from seethink.evaluation.rules.asking import Answered, Manner
from seethink.evaluation.rules.case import Case, Cells, Lines, Scorer, text_of
from seethink.evaluation.rules.scored import Cell, RowVerdict
from seethink.evaluation.rules.stops import HarnessStops
from seethink.evaluation.rules.storage import is_missing
from seethink.evaluation.rules.verdicts import counted, stopping, unjudged
from seethink.evaluation.rules.wording import worded

TOLERANCE = 0.001
ONCE = Manner(attempts=1, warmer=0.0, max_tokens=2048, failure=None)
_LETTERS = "ABCDE"


class _NotParsed(Exception):
    """The text holds no answer of its type."""


def _cleaned(prediction: Any) -> str:
    """From the first to the last brace where there are both, and without any backslash."""
    text = text_of(prediction)
    first, last = text.find("{"), text.rfind("}")
    if 0 <= first < last:
        text = text[first : last + 1]
    return text.replace("\\", "")


def _parsed(answer: Any, kind: str) -> Any:
    """A number, a letter or a text. Raises _NotParsed, and HarnessStops where the harness does not catch it."""
    if kind not in ("float", "multiple choice"):
        return answer
    if kind == "float":
        return _number(answer)
    # Anything but a text raises inside the harness's guard of the JSON, or has no letters to look for.
    if not isinstance(answer, str):
        raise HarnessStops(f"a {type(answer).__name__} where it looks for an option")
    upper = answer.upper()
    if len(answer) == 1:
        return upper
    there = [letter for letter in _LETTERS if letter in upper]
    if len(there) != 1:
        raise _NotParsed
    return there[0]


def _number(answer: Any) -> float:
    if not isinstance(answer, str):
        raise HarnessStops(f"a {type(answer).__name__} where it looks for a number")
    if answer.isdigit():
        try:
            return float(answer)
        except ValueError:
            raise HarnessStops(f"{answer[:20]!r} are digits and no number") from None
    text = answer.split(" ")[0]
    before, pi, _ = text.partition("π")
    try:
        return float(before) * math.pi if pi else float(text)
    except ValueError:
        raise _NotParsed from None


def _short_answer(cleaned: str, kind: str) -> Any:
    """What the response's JSON says. Raises _NotParsed for whatever is wrong with it."""
    try:
        read = json.loads(cleaned, strict=False)
    except (ValueError, RecursionError):
        raise _NotParsed from None
    short = read.get("short answer") if isinstance(read, dict) else None
    if short is None:
        raise _NotParsed
    try:
        return _parsed(short, kind)
    except HarnessStops:
        # Within the harness's guard every exception leads on to the whole response.
        raise _NotParsed from None


def _settled(cleaned: str, kind: str) -> Any:
    try:
        return _short_answer(cleaned, kind)
    except _NotParsed:
        return _parsed(cleaned, kind)


def decide(case: Case) -> list[RowVerdict]:
    verdicts, by_judge = dict[int, RowVerdict](), list[int]()
    cleaned = [_cleaned(row["prediction"]) for row in case.rows]
    for number, row in enumerate(case.rows):
        try:
            if case.rules.stops_at_missing and not isinstance(row["prediction"], str):
                raise HarnessStops("the prediction is missing")
            found = _settled(cleaned[number], row["answer_type"])
            verdicts[number] = _verdict(number, row, cleaned[number], found, None)
        except _NotParsed:
            by_judge.append(number)
        except HarnessStops as stop:
            verdicts[number] = stopping(number, str(stop))
    if case.judge is None:
        return [verdicts.get(number) or unjudged(number) for number in range(len(case.rows))]
    answered = case.ask([case.matter(number, _prompt(cleaned[number], case.rows[number])) for number in by_judge], ONCE)
    for number, one in zip(by_judge, answered, strict=True):
        verdicts[number] = _judged(number, case.rows[number], cleaned[number], one)
    return [verdicts[number] for number in range(len(case.rows))]


def _judged(number: int, row: Cells, cleaned: str, one: Answered) -> RowVerdict:
    try:
        found = None if one.value is None else _parsed(one.value, row["answer_type"])
        return _verdict(number, row, cleaned, found, one)
    except _NotParsed:
        return _verdict(number, row, cleaned, None, one)
    except HarnessStops as stop:
        return stopping(number, str(stop), one.calls)


def _verdict(number: int, row: Cells, cleaned: str, found: Any, one: Answered | None) -> RowVerdict:
    """Raises HarnessStops."""
    kind, gold = row["answer_type"], row["answer"]
    calls, by_rules = (one.calls, False) if one else ((), True)
    failed = Outcome.ERROR if one and not one.reached else None
    if kind == "float":
        hit = found is not None and abs(found - _gold_number(gold)) <= TOLERANCE
    elif kind == "multiple choice" and found is not None:
        hit = found == gold
    elif not isinstance(gold, str):
        raise HarnessStops(f"the gold answer {gold!r} is no text")
    elif kind == "multiple choice":
        hit = gold in cleaned[:3].upper()
    elif isinstance(found, str):
        hit = found.lower() in gold.lower()
    else:
        raise HarnessStops(f"the short answer is a {type(found).__name__} and no text")
    if found is None:
        why = "the judge failed" if failed else "no answer of its type could be read"
        if hit:
            why += ", and the response begins with the gold's letter"
    else:
        why = f"gold is {text_of(gold)}"
    return counted(number, hit, found, why, calls=calls, read=found is not None, outcome=failed, by_rules=by_rules)


def _gold_number(gold: Any) -> float:
    try:
        return float(gold)
    except ValueError:
        raise HarnessStops(f"the gold answer {gold!r} is no number") from None


def _prompt(cleaned: str, row: Cells) -> str:
    kind = row["answer_type"]
    form = {"float": "dynamath_float", "multiple choice": "dynamath_choice"}.get(kind, "dynamath_text")
    return worded("dynamath", response=cleaned, form=worded(form))


def figures(case: Case, hits: Sequence[bool | None], verdicts: Sequence[RowVerdict]) -> Lines:
    """The lines "Average" and "Worst Case", on a scale of 0 to 1: overall, per subject and per level."""
    rows = case.rows
    firsts = [number for number, row in enumerate(rows) if row["varid"] == 1]
    known = {rows[number]["index"] for number in firsts}
    lost = [number for number, row in enumerate(rows) if row["qid"] not in known]
    stopped = f"row {lost[0]} belongs to no question: its qid is no index of a row with varid 1" if lost else ""
    whole: dict[Any, bool | None] = dict.fromkeys(known, True)
    for row, hit in zip(rows, hits, strict=True):
        if whole.get(row["qid"]) is not None:
            whole[row["qid"]] = None if hit is None else bool(whole[row["qid"]] and hit)
    average = [(row, hit) for row, hit in zip(rows, hits, strict=True) if hit is not None]
    worst = [(rows[number], hit) for number in firsts if (hit := whole.get(rows[number]["qid"])) is not None]
    if not average:
        return Lines((), None, stopped)
    lines = (_line("Average", average), _line("Worst Case", worst))
    overall = lines[1]["Overall"]
    return Lines(lines, 100 * float(overall) if worst and overall is not None else None, stopped)


def _line(setting: str, cells: Sequence[tuple[Cells, bool]]) -> Mapping[str, Cell]:
    line: dict[str, Cell] = {"Setting": setting, "Overall": _mean([hit for _, hit in cells])}
    for title, column in (("Subject", "subject"), ("Level", "knowledge_level")):
        names = dict.fromkeys(text_of(row[column]) for row, _ in cells if not is_missing(row.get(column)))
        line |= {
            f"{title}-{name}": _mean([hit for row, hit in cells if text_of(row.get(column)) == name]) for name in names
        }
    return line


def _mean(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else math.nan


DYNAMATH = Scorer(
    name="dynamath",
    harness_name="DynaMath",
    columns=("index", "qid", "varid", "answer", "answer_type"),
    optional=("subject", "knowledge_level"),
    decide=decide,
    figures=figures,
    headline="Worst Case, Overall",
)
