"""MATH-V as the harness scores it.

Rules first: the option matcher, or for free-form questions the equality of the whole prediction with the answer. Then
the judge, whose reply is checked in the same way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.core.verdict import Outcome
from seethink.evaluation.rules.asking import PATIENT, Answered
from seethink.evaluation.rules.case import Case, Lines, Scorer, read_choices, text_of
from seethink.evaluation.rules.equality import Equality, Match, shared_equality
from seethink.evaluation.rules.options import match_option
from seethink.evaluation.rules.scored import RowVerdict
from seethink.evaluation.rules.stops import HarnessStops
from seethink.evaluation.rules.tally import tally
from seethink.evaluation.rules.verdicts import counted, stopping, unjudged
from seethink.evaluation.rules.wording import worded

_NOT_EQUAL = {
    Match.UNEQUAL: (None, "unequal"),
    Match.TIMEOUT: (Outcome.TIMEOUT, "not compared in time, which the harness counts as unequal"),
    Match.LOST: (Outcome.ERROR, "comparing it ended the process, which the harness counts as unequal"),
    Match.CODE: (Outcome.ERROR, "the harness would run it as a program, which is not done here: counted as unequal"),
}

Found = str | Match | None
"""The option that a response chooses or None, or how a free-form response compares with the answer."""


def decide(case: Case) -> list[RowVerdict]:
    verdicts, options = dict[int, RowVerdict](), dict[int, dict[str, str]]()
    for number, row in enumerate(case.rows):
        try:
            options[number] = read_choices(row["choices"])
        except HarnessStops as stop:
            verdicts[number] = stopping(number, str(stop))
    equality = shared_equality()
    first = {number: case.rows[number]["prediction"] for number in options}
    found = _found(case, first, options, equality, free_form=case.rules.settles_free_form)
    results = {number: _result(first[number], one) for number, one in found.items() if _settles(one, first[number])}
    verdicts |= {number: stopping(number, str(one)) for number, one in found.items() if isinstance(one, HarnessStops)}
    by_judge = [number for number in options if number not in results and number not in verdicts]
    judged = dict[int, Answered]()
    if case.judge is None:
        verdicts |= {number: unjudged(number) for number in by_judge}
    else:
        answered = case.ask([case.matter(number, _prompt(case, number)) for number in by_judge], PATIENT)
        judged = dict(zip(by_judge, answered, strict=True))
        results |= {number: one.value or "" for number, one in judged.items()}
    numbers = sorted(results)
    last = dict(zip(numbers, case.restored([results[number] for number in numbers]), strict=True))
    for number, one in _found(case, last, options, equality, free_form=True).items():
        verdicts[number] = _verdict(case, number, last[number], one, judged.get(number))
    return [verdicts[number] for number in range(len(case.rows))]


def _found(
    case: Case,
    responses: Mapping[int, Any],
    options: Mapping[int, dict[str, str]],
    equality: Equality,
    *,
    free_form: bool,
) -> dict[int, Found | HarnessStops]:
    """What is found in each response; nothing in free-form ones where these are not compared."""
    found = dict[int, Found | HarnessStops]()
    free = list[int]()
    for number, response in responses.items():
        if not options[number]:
            free.append(number)
            continue
        try:
            found[number] = match_option(text_of(response), options[number], case.rules.options)
        except HarnessStops as stop:
            found[number] = stop
    if not free_form:
        return found | dict.fromkeys(free)
    pairs = [(text_of(responses[number]), text_of(case.rows[number]["answer"])) for number in free]
    return found | dict(zip(free, equality.matches(pairs), strict=True))


def _settles(found: Found | HarnessStops, response: Any) -> bool:
    """Any option ends extraction, and so does a free-form response that equals the answer, but for an empty text: the
    code asks whether what it found is true."""
    if found is Match.EQUAL:
        return bool(text_of(response))
    return isinstance(found, str) and not isinstance(found, Match)


def _result(response: Any, found: Found | HarnessStops) -> str:
    return text_of(response) if found is Match.EQUAL else str(found)


def _prompt(case: Case, number: int) -> str:
    row = case.rows[number]
    return worded("extract", question=text_of(row["question"]), response=text_of(row["prediction"]))


def _verdict(case: Case, number: int, result: Any, found: Found | HarnessStops, judged: Answered | None) -> RowVerdict:
    gold = text_of(case.rows[number]["answer"])
    calls, outcome, read = judged.calls if judged else (), None, True
    if isinstance(found, HarnessStops):
        return stopping(number, str(found), calls)
    if isinstance(found, Match):
        hit = found is Match.EQUAL
        outcome, why = (None, "equal") if hit else _NOT_EQUAL[found]
        why = f"{why}, gold is {gold}"
    else:
        hit = found is not None and found.lower() == gold.lower().strip()
        why = f"chooses {found}, gold is {gold}" if found else "chooses no option"
        read = found is not None
    if judged and judged.value is None:
        outcome, why = Outcome.ERROR, "the judge failed"
    return counted(number, hit, text_of(result), why, calls=calls, read=read, outcome=outcome, by_rules=judged is None)


def figures(case: Case, hits: Sequence[bool | None], verdicts: Sequence[RowVerdict]) -> Lines:
    groups = [["Overall", *([text_of(row["category"])] if "category" in row else ())] for row in case.rows]
    return tally("Subject", groups, hits, [one.settled_by_rules for one in verdicts], in_order=True)


MATHVISION = Scorer(
    name="mathvision",
    harness_name="MathVision",
    columns=("question", "choices", "answer"),
    optional=("category",),
    decide=decide,
    figures=figures,
    headline="Overall, acc",
)
