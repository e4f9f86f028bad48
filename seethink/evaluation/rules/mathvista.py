"""MathVista as the harness scores it.

Rules first: the option matcher, or the whole prediction converted by ``int`` or ``float``, which settles only a right
answer other than 0 (the code asks whether what it found is true). Then the judge, whose reply is checked in the same
way. Numbers are compared exactly. Free text and lists are never right: the code compares the word "None".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seethink.core.verdict import Outcome
from seethink.evaluation.printed import read_literal
from seethink.evaluation.rules.asking import PATIENT, Answered
from seethink.evaluation.rules.case import Case, Cells, Lines, Scorer, read_choices, text_of
from seethink.evaluation.rules.options import match_option
from seethink.evaluation.rules.rule_set import OptionRules
from seethink.evaluation.rules.scored import RowVerdict
from seethink.evaluation.rules.stops import HarnessStops
from seethink.evaluation.rules.tally import tally
from seethink.evaluation.rules.verdicts import counted, stopping, unjudged
from seethink.evaluation.rules.wording import worded


def _found(row: Cells, response: Any, rules: OptionRules) -> Any:
    """The option or number in a response, None where there is none; what no number can be compared with is text."""
    if row["question_type"] == "multi_choice":
        return match_option(text_of(response), read_choices(row["choices"]), rules)
    convert = {"integer": int, "float": float}.get(row["answer_type"])
    if convert is None:
        return "None"
    try:
        return convert(response)
    except ValueError:
        return None
    except OverflowError as error:
        raise HarnessStops(str(error)) from None


def _is_hit(row: Cells, found: Any) -> bool:
    if row["question_type"] == "multi_choice":
        return found is not None and bool(found == row["answer_option"])
    if found is None:
        return False
    convert = {"integer": int, "float": float}.get(row["answer_type"], text_of)
    try:
        return bool(found == convert(row["answer"]))
    except ValueError:
        # Comparing with the answer's text; only then can a number be found and the answer be none.
        return bool(found == row["answer"])
    except OverflowError as error:
        raise HarnessStops(str(error)) from None


def _settled(row: Cells, rules: OptionRules) -> Any:
    """What the rules find in the prediction where that ends it, else nothing."""
    found = _found(row, row["prediction"], rules)
    if row["question_type"] == "multi_choice":
        return found
    return found if _is_hit(row, found) else None


def decide(case: Case) -> list[RowVerdict]:
    verdicts = dict[int, RowVerdict]()
    results = dict[int, Any]()
    by_judge = list[int]()
    for number, row in enumerate(case.rows):
        try:
            found = _settled(row, case.rules.options)
        except HarnessStops as stop:
            verdicts[number] = stopping(number, str(stop))
            continue
        # A right 0 counts as nothing found.
        if found:
            results[number] = found
        else:
            by_judge.append(number)
    judged = dict[int, Answered]()
    if case.judge is None:
        verdicts |= {number: unjudged(number) for number in by_judge}
    else:
        prompts = {number: _prompt(case.rows[number]) for number in by_judge}
        answered = case.ask([case.matter(number, prompts[number]) for number in by_judge], PATIENT)
        judged = dict(zip(by_judge, answered, strict=True))
        results |= {number: one.value or "" for number, one in judged.items()}
    # In the harness's table the results stand in the order of the rows, and are read back as one column.
    numbers = sorted(results)
    for number, result in zip(numbers, case.restored([results[number] for number in numbers]), strict=True):
        verdicts[number] = _verdict(case, number, result, judged.get(number))
    return [verdicts[number] for number in range(len(case.rows))]


def _prompt(row: Cells) -> str:
    return worded("extract", question=text_of(row["question"]), response=text_of(row["prediction"]))


def _verdict(case: Case, number: int, result: Any, judged: Answered | None) -> RowVerdict:
    row, calls = case.rows[number], judged.calls if judged else ()
    try:
        found = _found(row, result, case.rules.options)
        hit = _is_hit(row, found)
    except HarnessStops as stop:
        return stopping(number, str(stop), calls)
    gold = text_of(row["answer_option" if row["question_type"] == "multi_choice" else "answer"])
    if judged and judged.value is None:
        return counted(number, hit, None, "the judge failed", calls=calls, outcome=Outcome.ERROR)
    return counted(
        number,
        hit,
        text_of(result),
        f"read as {found}, gold is {gold}" if found is not None else "no option or number of the gold's kind",
        calls=calls,
        read=found is not None,
        by_rules=judged is None,
    )


def figures(case: Case, hits: Sequence[bool | None], verdicts: Sequence[RowVerdict]) -> Lines:
    groups = [
        [
            "Overall",
            *(_skills(row["skills"]) if "skills" in row else ()),
            *([text_of(row["task"])] if "task" in row else ()),
        ]
        for row in case.rows
    ]
    return tally("Task&Skill", groups, hits, [one.settled_by_rules for one in verdicts])


def _skills(cell: Any) -> list[str]:
    listed = read_literal(cell) if isinstance(cell, str) else cell
    return [str(one) for one in listed] if isinstance(listed, (list, tuple)) else [text_of(cell)]


MATHVISTA = Scorer(
    name="mathvista",
    harness_name="MathVista_MINI",
    columns=("question", "question_type", "answer_type", "choices", "answer", "answer_option"),
    optional=("task", "skills"),
    decide=decide,
    figures=figures,
    headline="Overall, acc",
)
