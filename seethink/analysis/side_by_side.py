"""Two models on one benchmark, row by row: paired tests, and a table of what each of them made of every row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape
from rich.table import Table

from seethink.analysis.arm_results import Tree, interval_tree
from seethink.analysis.benchmarks import RULES, figure_units
from seethink.analysis.compare import (
    RESAMPLES,
    Paired,
    Rule,
    interval,
    item_means,
    paired_difference,
    score,
    sign_flip_p,
)
from seethink.analysis.numbers import p_text, percent, signed
from seethink.analysis.spreadsheet import write_spreadsheet
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.rejected import InputError

_SAME = ("benchmark", "entry", "table", "rules", "storage", "judge")
"""What must be equal between two runs, or the difference is not one of models."""


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """One finished run, as read from its tables.

    Attributes:
        results: its results.json.
        figures: rows ``{decoding, draw, figure, unit, value}``.
    """

    results: Tree
    graded: Sequence[GradedResponse]
    figures: Sequence[Mapping[str, Any]]

    @property
    def name(self) -> str:
        blind = ", blind" if self.results.get("blind") else ""
        return f"{self.results['model']} ({self.results.get('prompt') or 'predictions'}{blind})"


def compare_runs(a: BenchmarkRun, b: BenchmarkRun, *, seed: int = 0, resamples: int = RESAMPLES) -> Tree:
    """a minus b: every figure over its units, and the rows under each of the three verdicts.

    Raises InputError where the two did not answer the same rows, or were scored by different rules or judges.
    """
    for name in _SAME:
        if a.results.get(name) != b.results.get(name):
            raise InputError(
                f"{a.name} and {b.name} differ in their {name} ({a.results.get(name)!r} and {b.results.get(name)!r}): "
                "ask and score both in the same way"
            )
    found: Tree = {"a": a.name, "b": b.name, **{name: a.results.get(name) for name in _SAME}, "figures": {}, "rows": {}}
    for decoding in Decoding:
        chosen = [[one for one in run.graded if one.decoding is decoding] for run in (a, b)]
        if not all(chosen):
            continue
        units = [figure_units(run.figures, decoding.value) for run in (a, b)]
        found["figures"][decoding.value] = {
            figure: _difference(units[0][figure], units[1][figure], seed, resamples)
            for figure in units[0]
            if figure in units[1]
        }
        found["rows"][decoding.value] = {
            rule.value: _paired(chosen[0], chosen[1], rule, seed, resamples) for rule in RULES
        }
    return found


def _difference(a: Mapping[str, float], b: Mapping[str, float], seed: int, resamples: int) -> Tree:
    units = sorted(a.keys() & b.keys())
    differences = np.array([a[unit] - b[unit] for unit in units])
    return {
        "a": float(np.mean([a[unit] for unit in units])) if units else None,
        "b": float(np.mean([b[unit] for unit in units])) if units else None,
        "difference": interval_tree(interval(differences, bounds=(-1.0, 1.0), seed=seed, resamples=resamples)),
        "p": sign_flip_p(differences, seed=seed, resamples=resamples),
        "left_out": len(a.keys() | b.keys()) - len(units),
    }


def _paired(a: Sequence[GradedResponse], b: Sequence[GradedResponse], rule: Rule, seed: int, resamples: int) -> Tree:
    found: Paired = paired_difference(a, b, rule=rule, seed=seed, resamples=resamples)
    scores = [item_means(chosen, lambda one: score(one, rule)) for chosen in (a, b)]
    both = scores[0].keys() & scores[1].keys()
    return {
        "difference": interval_tree(found.difference),
        "p": found.p,
        "left_out": found.left_out,
        "a_better": sum(scores[0][item] > scores[1][item] for item in both),
        "b_better": sum(scores[0][item] < scores[1][item] for item in both),
        "equal": sum(scores[0][item] == scores[1][item] for item in both),
    }


def comparison_tables(found: Tree, decoding: str = Decoding.GREEDY.value) -> list[Table]:
    """For a terminal: the figures, then the rows under each verdict."""
    if decoding not in found["figures"]:
        return []
    figures = Table(title=f"{escape(found['a'])} minus {escape(found['b'])}, {decoding}", title_justify="left")
    rows = Table(title="Row by row", title_justify="left")
    for name in ("figure", "a", "b", "difference", "95 % interval", "p", "units"):
        figures.add_column(name, justify="left" if name == "figure" else "right")
    for name in ("verdict", "a better", "b better", "equal", "difference", "95 % interval", "p"):
        rows.add_column(name, justify="left" if name == "verdict" else "right")
    for figure, one in found["figures"][decoding].items():
        if not one["difference"]["n"]:
            continue
        figures.add_row(escape(figure), percent(one["a"]), percent(one["b"]), *_cells(one), str(one["difference"]["n"]))
    for rule, one in found["rows"][decoding].items():
        rows.add_row(rule, str(one["a_better"]), str(one["b_better"]), str(one["equal"]), *_cells(one))
    return [figures, rows]


def write_side_by_side(path: Path, a: BenchmarkRun, b: BenchmarkRun) -> None:
    """One line per row and draw, for a spreadsheet: question, gold, and of both models the response and verdicts."""
    own = ("harness", "strict", "lenient", "extracted", "response")
    columns = ["item", "decoding", "draw", "gold", "better", "question"]
    write_spreadsheet(path, [*columns, *(f"{side} {name}" for name in own for side in "ab")], _lines(a, b))


def _lines(a: BenchmarkRun, b: BenchmarkRun) -> Iterator[dict[str, Any]]:
    others = {(one.item_id, one.decoding, one.draw): one for one in b.graded}
    for mine in a.graded:
        other = others.get((mine.item_id, mine.decoding, mine.draw))
        if other is None:
            continue
        scores = [score(one, Rule.HARNESS) for one in (mine, other)]
        line: dict[str, Any] = {
            "item": mine.item_id,
            "decoding": mine.decoding.value,
            "draw": mine.draw,
            "gold": mine.gold,
            "better": _better(*scores),
            "question": mine.question,
        }
        for side, one in (("a", mine), ("b", other)):
            line |= {
                f"{side} harness": score(one, Rule.HARNESS),
                f"{side} strict": one.strict.outcome.value,
                f"{side} lenient": one.lenient.outcome.value,
                f"{side} extracted": one.harness.extracted if one.harness else None,
                f"{side} response": one.response,
            }
        yield line


def _better(a: float | None, b: float | None) -> str:
    if a is None or b is None:
        return "open"
    return "a" if a > b else "b" if b > a else "equal"


def _cells(one: Tree) -> tuple[str, str, str]:
    difference = one["difference"]
    if difference["mean"] is None:
        return "–", "–", "–"
    span = f"{signed(difference['low'], 1)} to {signed(difference['high'], 1)}"
    return signed(difference["mean"], 1), span, p_text(one["p"]).removeprefix("p ").removeprefix("= ")
