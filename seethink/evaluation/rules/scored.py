"""Scored: what a rule set says of a table of predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from seethink.core.verdict import Verdict
from seethink.evaluation.rules.judge import JudgeCall

Cell = str | int | float | None
"""A cell of the harness's figures: NaN and None stay what the harness has there."""


@dataclass(frozen=True)
class RowVerdict:
    """What became of one row.

    Attributes:
        number: place of the row among the rows that were given, from 0.
        verdict: score 1.0 or 0.0 exactly as the harness counts the row, None where it has no verdict of its own
            (nobody was there to judge, or it draws at random and no seed was given, or it would stop here); the outcome
            says why: a row that the harness books as wrong because the judge failed has score 0.0 and outcome error.
            ``extracted`` is the harness's extraction, ``why`` one line for a person.
        calls: the judge calls made for this row, in order.
        settled_by_rules: True where no judge was needed (the harness's "prefetch").
    """

    number: int
    verdict: Verdict
    calls: tuple[JudgeCall, ...] = ()
    settled_by_rules: bool = False

    @property
    def hit(self) -> bool | None:
        """The verdict as the harness counts it, None where it has none."""
        return None if self.verdict.score is None else self.verdict.score > 0

    @property
    def judge_calls(self) -> int:
        return len(self.calls)


@dataclass(frozen=True)
class Scored:
    """A table of predictions under one rule set.

    Attributes:
        benchmark: "mathvista", "mathvision", "mathverse", "dynamath", "wemath" or "logicvista".
        rules: "2026-08" or "2025-04".
        verdicts: one per row, in the order of the rows.
        metrics: the harness's table of figures, one mapping per line, with its column names and on its scale; over the
            rows that have a verdict.
        headline: the figure the leaderboard shows, in per cent (0 to 100) for every benchmark; None without any.
        headline_name: line and column of that figure, as in "Worst Case, Overall".
        bounds: the headline if every row without a verdict were wrong, and if every one were right; both equal the
            headline where every row has a verdict.
        caveats: why the figures are not what the harness would print, one line each; empty where they are.
        prompts: hash of the judge's texts.
    """

    benchmark: str
    rules: str
    verdicts: tuple[RowVerdict, ...]
    metrics: tuple[Mapping[str, Cell], ...]
    headline: float | None
    headline_name: str
    bounds: tuple[float, float] | None
    caveats: tuple[str, ...] = ()
    prompts: str = ""

    @property
    def comparable(self) -> bool:
        """True where the figures are what the harness would print of these rows."""
        return not self.caveats

    @property
    def judge_calls(self) -> int:
        return sum(row.judge_calls for row in self.verdicts)

    @property
    def hits(self) -> tuple[bool | None, ...]:
        return tuple(row.hit for row in self.verdicts)
