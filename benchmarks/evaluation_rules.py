"""How fast the rule sets of the leaderboard score.

    python benchmarks/evaluation_rules.py [--count N]

Predictions of four kinds, one after the other, none twice: a bare answer, a sentence, a long solution that ends in a
formula, and one that ends in a box; a share of each is wrong. No judge, so that nothing but the rules is measured. The
last line is JSON:

- ``seconds_per_10000``: all six benchmarks together, one sixth of the rows each, workers started beforehand; aim 10.
- ``per_s``: rows a second, by benchmark.
- ``ratio_to_math_verify``: MATH-V's free-form rows a second over those of math-verify called as its documentation does
  on the same pairs, which is a peer in work and not in meaning.

Every figure is the median of three; the line before says how far the three lay apart.
"""

from __future__ import annotations

import argparse
import json
import time
from statistics import median
from typing import Any

from rich.console import Console

from seethink.evaluation.rules import score
from seethink.evaluation.rules.equality import shared_equality

RUNS = 3
PEER_PAIRS = 300

Row = dict[str, Any]

SOLUTION = (
    "First, let us look at the figure. The side is {n} cm, so by the theorem of Pythagoras we get "
    r"$c = \sqrt{{{n}^2 + 4^2}}$, and the area is half the product of the two sides, that is "
    r"\( \frac{{1}}{{2}} \cdot {n} \cdot 4 \). "
) * 4
CHOICES = ["12", "15", "18", "20", "24"]


def response(answer: str, number: int) -> str:
    solution = SOLUTION.format(n=number)
    return [
        answer,
        f"After {number} steps the result is {answer}.",
        rf"{solution}Hence the result is $\frac{{{number}}}{{7}}$ or {answer}",
        rf"{solution}Hence it is \boxed{{{answer}}}",
    ][number % 4]


def mathvista(number: int) -> tuple[Row, str]:
    whole = number % 2 == 0
    answer = str(number % 90 + 1) if whole else "C"
    row = {
        "question": "?",
        "question_type": "free_form" if whole else "multi_choice",
        "answer_type": "integer" if whole else "text",
        "choices": str(CHOICES),
        "answer": answer if whole else "18",
        "answer_option": "" if whole else "C",
        "task": "counting",
        "skills": "['arithmetic']",
    }
    return row, response(answer if number % 5 else "7", number)


def mathvision(number: int) -> tuple[Row, str]:
    choice = number % 2 == 1
    answer = "D" if choice else str(number % 70)
    row = {"question": "?", "choices": str(CHOICES if choice else []), "answer": answer, "category": "algebra"}
    return row, response(answer if number % 5 else "3/7", number)


def mathverse(number: int) -> tuple[Row, str]:
    row = {"question_for_eval": "?", "answer": "B", "problem_version": "Vision Only"}
    return row | {"metadata": "{'subject': 'Plane Geometry', 'subfield': 'Angle'}"}, response("B", number)


def dynamath(number: int) -> tuple[Row, str]:
    answer = str(number / 8)
    row = {"index": number, "qid": number - number % 10, "varid": number % 10 + 1, "subject": "algebra"}
    told = json.dumps({"solution": response(answer, number), "short answer": answer})
    return row | {"knowledge_level": "high school", "answer": answer, "answer_type": "float"}, told


def wemath(number: int) -> tuple[Row, str]:
    key = ("2steps_1", "2steps_2", "2steps_multi")[number % 3]
    row = {"ID": f"2steps_{number // 3}", "key": key, "question": "?", "answer": "B", "knowledge concept": "none"}
    return row | dict(zip("ABCDE", CHOICES, strict=True)), response("B", number)


def logicvista(number: int) -> tuple[Row, str]:
    return {"question": "?", "answer": "B", "skill": "['inductive']"}, response("B", number)


TABLES = {make.__name__: make for make in (mathvista, mathvision, mathverse, dynamath, wemath, logicvista)}


def seconds(benchmark: str, count: int, run: int) -> float:
    pairs = [TABLES[benchmark](number) for number in range(count)]
    rows, predictions = [row for row, _ in pairs], [f"{prediction}{' ' * run}" for _, prediction in pairs]
    started = time.perf_counter()
    score(benchmark, rows, predictions)
    return time.perf_counter() - started


def ratio_to_math_verify() -> float:
    from math_verify import parse, verify

    pairs = [mathvision(number) for number in range(0, 2 * PEER_PAIRS, 2)]
    answers = [(prediction, str(row["answer"])) for row, prediction in pairs]
    started = time.perf_counter()
    shared_equality().matches(answers)
    ours = time.perf_counter() - started
    parse("$1$")
    started = time.perf_counter()
    for prediction, answer in answers:
        verify(parse(answer, parsing_timeout=None), parse(prediction, parsing_timeout=None), timeout_seconds=None)
    return (time.perf_counter() - started) / ours


def spread(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000, help="predictions, over all six benchmarks")
    count = parser.parse_args().count
    shared_equality().matches([("1+1", "3")])
    each = -(-count // len(TABLES))
    taken = {benchmark: [seconds(benchmark, each, run) for run in range(RUNS)] for benchmark in TABLES}
    whole = [sum(times[run] for times in taken.values()) * 10_000 / (each * len(TABLES)) for run in range(RUNS)]
    ratios = [ratio_to_math_verify() for _ in range(RUNS)]
    console = Console()
    console.print(f"seconds per 10,000: {spread(whole)}; ratio: {spread(ratios)}")
    figures = {
        "seconds_per_10000": round(median(whole), 3),
        "per_s": {benchmark: round(each / median(times)) for benchmark, times in taken.items()},
        "ratio_to_math_verify": round(median(ratios), 2),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
