"""We-Math as the harness scores it.

Every row is a choice: the option matcher, else the judge up to three times, else an option drawn at random. A problem
has two or three one-step rows and a multi-step row; their verdicts put it into one of four classes.
"""

from __future__ import annotations

import hashlib
import random
import string
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import nan

import yaml

from seethink.core.verdict import Outcome
from seethink.evaluation.rules.asking import Answered, Manner
from seethink.evaluation.rules.case import Case, Cells, Lines, Scorer, text_of
from seethink.evaluation.rules.judge import API_FAILURE
from seethink.evaluation.rules.options import NO_OPTION, match_option
from seethink.evaluation.rules.scored import Cell, RowVerdict
from seethink.evaluation.rules.storage import is_missing
from seethink.evaluation.rules.verdicts import counted, drawn, unjudged
from seethink.evaluation.rules.wording import worded

PROBLEMS = 525
"""The harness divides by this number, however many problems there are."""

COLDLY = Manner(attempts=3, warmer=0.0, max_tokens=2048, failure=API_FAILURE)
_DIGITS = 12
"""Hexadecimal digits of a concept's digest in the list of domains."""


def decide(case: Case) -> list[RowVerdict]:
    verdicts, by_judge = dict[int, RowVerdict](), list[int]()
    options = [_options(row) for row in case.rows]
    for number, row in enumerate(case.rows):
        found = match_option(text_of(row["prediction"]), options[number], case.rules.options)
        if found is None:
            by_judge.append(number)
        else:
            verdicts[number] = _chosen(number, row, found, None)
    if case.judge is None:
        return [verdicts.get(number) or unjudged(number) for number in range(len(case.rows))]
    matters = [
        case.matter(
            number,
            _prompt(case.rows[number], options[number]),
            lambda reply, choices=options[number]: match_option(reply, choices, case.rules.options),  # type: ignore[misc]
        )
        for number in by_judge
    ]
    for number, one in zip(by_judge, case.ask(matters, COLDLY), strict=True):
        row = case.rows[number]
        verdicts[number] = (
            _drawn(case, number, options[number], one) if one.value is None else _chosen(number, row, one.value, one)
        )
    return [verdicts[number] for number in range(len(case.rows))]


def _options(row: Cells) -> dict[str, str]:
    return {
        letter: str(row[letter]) for letter in string.ascii_uppercase if letter in row and not is_missing(row[letter])
    }


def _prompt(row: Cells, options: Mapping[str, str]) -> str:
    listed = "\n".join(f"{letter}. {option}" for letter, option in options.items())
    return worded("wemath", question=text_of(row["question"]), options=listed, response=text_of(row["prediction"]))


def _chosen(number: int, row: Cells, letter: str, one: Answered | None) -> RowVerdict:
    why = f"gold is {text_of(row['answer'])}"
    calls = one.calls if one else ()
    return counted(number, letter == row["answer"], letter, why, calls=calls, by_rules=one is None)


def _drawn(case: Case, number: int, options: Mapping[str, str], one: Answered) -> RowVerdict:
    if case.seed is None:
        return drawn(number, one.calls)
    row = case.rows[number]
    letter = random.Random(f"{case.seed}/{number}").choice([*options, NO_OPTION])
    why = f"drawn at random with seed {case.seed}, gold is {text_of(row['answer'])}"
    return counted(number, letter == row["answer"], letter, why, calls=one.calls, outcome=Outcome.ERROR)


# From verdicts to figures.

Problem = tuple[Mapping[str, int], ...]
"""Rows of a problem by their part ("1", "2", "3", "multi"); several where an ID stands there more than once."""


def figures(case: Case, hits: Sequence[bool | None], verdicts: Sequence[RowVerdict]) -> Lines:
    problems = [(steps, problem) for steps in (2, 3) for problem in _problems(case.rows, steps)]
    decided = [
        (steps, problem) for steps, problem in problems if all(hits[number] is not None for number in problem.values())
    ]
    if not decided:
        return Lines((), None)
    # A problem that falls in no class costs nothing: one that is not decided must not be a gift.
    total = max(PROBLEMS - (len(problems) - len(decided)), len(decided))
    classes = [
        _classes(steps, {part: bool(hits[number]) for part, number in problem.items()}) for steps, problem in decided
    ]
    line, stopped = _class_line(classes, total)
    line |= _step_line(case.rows, hits, decided)
    if not any(strict for strict, _ in classes):
        # 100 %, since no problem costs anything; of rows without a whole problem nothing can be said.
        return Lines((line,), None, stopped)
    return Lines((line,), float(str(line["Score (Strict)"]).removesuffix("%")), stopped)


def _problems(rows: Sequence[Cells], steps: int) -> list[Mapping[str, int]]:
    """As the harness joins its rows: the first steps lead, and each other part is joined by ID where there is one."""
    parts = [*map(str, range(1, steps + 1)), "multi"]
    by_part: dict[str, dict[object, list[int]]] = {part: {} for part in parts}
    for number, row in enumerate(rows):
        prefix, _, part = text_of(row["key"]).partition("_")
        if prefix == f"{steps}steps" and part in by_part:
            by_part[part].setdefault(row["ID"], []).append(number)
    problems: list[tuple[object, dict[str, int]]] = [
        (name, {"1": number}) for name, numbers in by_part["1"].items() for number in numbers
    ]
    for part in parts[1:]:
        problems = [
            (name, problem | ({part: number} if number is not None else {}))
            for name, problem in problems
            for number in by_part[part].get(name, [None])
        ]
    return [problem for _, problem in problems]


def _classes(steps: int, right: Mapping[str, bool]) -> tuple[str, str]:
    """Strict and loose class: CM, RM, IG, IK, or none where the multi-step row is missing or the rest does not tell."""
    parts = [right.get(str(step)) for step in range(1, steps + 1)]
    whole, some, none = all(part is True for part in parts), True in parts, all(part is False for part in parts)
    match right.get("multi"):
        case True:
            strict = "CM" if whole else "RM" if False in parts else ""
            return strict, "CM" if some else "RM" if none else ""
        case False:
            both = "IG" if whole else "IK" if False in parts else ""
            return both, both
    return "", ""


def _class_line(classes: Sequence[tuple[str, str]], total: int) -> tuple[dict[str, Cell], str]:
    line, stopped = dict[str, Cell](), ""
    for place, manner in enumerate(("Strict", "Loose")):
        counts = {name: sum(one[place] == name for one in classes) for name in ("IK", "IG", "CM", "RM")}
        lost = 0.5 * counts["IG"] + counts["RM"] + counts["IK"]
        mastered = counts["CM"] + counts["RM"]
        if not mastered:
            stopped = "no problem is in CM or RM, and it divides by their number"
        line[f"Score ({manner})"] = f"{(total - lost) / total:.2%}"
        for name, count, of in (
            ("InsufficientKnowledge", counts["IK"], total),
            ("InadequateGeneralization", counts["IG"], total),
            ("CompleteMastery", counts["CM"], total),
            ("RoteMemorization", counts["RM"], mastered),
        ):
            line[f"{name} ({manner})"] = f"{count / of if of else nan:.2%} ({count})"
    return line, stopped


def _step_line(
    rows: Sequence[Cells], hits: Sequence[bool | None], problems: Sequence[tuple[int, Mapping[str, int]]]
) -> dict[str, Cell]:
    """Shares of right one-step, two-step and three-step rows, and the mean over the concepts of each domain."""
    ones = [number for _, problem in problems for part, number in problem.items() if part != "multi"]
    line: dict[str, Cell] = {"One-step(S1)": _share([bool(hits[number]) for number in ones])}
    for steps, title in ((2, "Two-step(S2)"), (3, "Three-step(S3)")):
        multi = [problem["multi"] for length, problem in problems if length == steps and "multi" in problem]
        line[title] = _share([bool(hits[number]) for number in multi])
    concepts: dict[str, list[bool]] = {}
    for number in ones:
        concepts.setdefault(concept_digest(text_of(rows[number].get("knowledge concept"))), []).append(
            bool(hits[number])
        )
    for domain, digests in _domains().items():
        seen = [concepts[digest] for digest in digests if digest in concepts]
        means = [sum(one) / len(one) for one in seen]
        line[domain] = f"{sum(means) / len(means) if means else nan:.2%}"
    return line


def _share(hits: Sequence[bool]) -> str:
    return f"{sum(hits) / len(hits) if hits else nan:.2%}"


def concept_digest(concept: str) -> str:
    """The name under which the list of domains has a knowledge concept; the benchmark's own words are not shipped."""
    return hashlib.sha256(concept.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]


@cache
def _domains() -> dict[str, list[str]]:
    """The digests of the knowledge concepts of each of the twelve domains."""
    read = yaml.safe_load(
        files("seethink.evaluation.rules").joinpath("wemath_domains.yaml").read_text(encoding="utf-8")
    )
    return {str(domain): [str(one) for one in digests] for domain, digests in read.items()}


WEMATH = Scorer(
    name="wemath",
    harness_name="WeMath",
    columns=("ID", "key", "question", "answer"),
    optional=("knowledge concept", *string.ascii_uppercase),
    decide=decide,
    figures=figures,
    headline="Score (Strict)",
)
