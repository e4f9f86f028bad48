"""Case: a benchmark's rows with their predictions as the harness has them once it has stored and read them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from seethink.core.rejected import InputError
from seethink.evaluation.printed import printed, read_literal
from seethink.evaluation.rules.asking import Answered, Manner, Matter, ask
from seethink.evaluation.rules.judge import Judge, Stage
from seethink.evaluation.rules.rule_set import RuleSet
from seethink.evaluation.rules.scored import Cell, RowVerdict
from seethink.evaluation.rules.stops import HarnessStops
from seethink.evaluation.rules.storage import Storage, is_missing, stored

Cells = Mapping[str, Any]
"""One row: the columns that its benchmark uses and ``prediction``; a text, a number, or NaN for a missing value."""


class Lines(NamedTuple):
    """A benchmark's figures.

    Attributes:
        lines: the harness's table.
        headline: in per cent, None where there is none.
        stopped: why the harness would print no figures, where it would not.
    """

    lines: tuple[Mapping[str, Cell], ...]
    headline: float | None
    stopped: str = ""


@dataclass(frozen=True)
class Scorer:
    """How one benchmark is scored.

    Attributes:
        name: ours.
        harness_name: what the harness calls the leaderboard's table of it; its other entries begin with it.
        columns: that the verdicts need; optional: those of groups and options, which a table may lack.
        decide: the verdicts of a case.
        figures: of a case and its verdicts; rows without a verdict are left out.
        headline: line and column of the leaderboard's figure.
    """

    name: str
    harness_name: str
    columns: tuple[str, ...]
    optional: tuple[str, ...]
    decide: Callable[[Case], list[RowVerdict]]
    figures: Callable[[Case, Sequence[bool | None], Sequence[RowVerdict]], Lines]
    headline: str


@dataclass(frozen=True)
class Case:
    """What a scorer is handed.

    Attributes:
        given: the rows as they were given.
        rows: the same rows, stored and read back.
    """

    scorer: Scorer
    given: Sequence[Mapping[str, object]]
    rows: Sequence[Cells]
    rules: RuleSet
    storage: Storage
    judge: Judge | None
    seed: int | None

    def matter(
        self,
        number: int,
        prompt: str,
        accept: Callable[[str], str | None] = lambda reply: reply,
        extraction: str | None = None,
    ) -> Matter:
        """What row ``number`` is asked; every reply is accepted unless ``accept`` is given."""
        return Matter(number, self.given[number], str(self.rows[number]["prediction"]), prompt, accept, extraction)

    def ask(self, matters: Sequence[Matter], manner: Manner, stage: Stage = Stage.EXTRACT) -> list[Answered]:
        assert self.judge is not None
        return ask(self.judge, self.scorer.name, stage, matters, manner)

    def restored(self, column: Sequence[object]) -> list[Any]:
        """A column of results after the harness has written it and read it again."""
        return stored(column, self.storage, formulas=self.rules.formulas)


def make_case(
    scorer: Scorer,
    given: Sequence[Mapping[str, object]],
    predictions: Sequence[str | None],
    rules: RuleSet,
    storage: Storage,
    judge: Judge | None,
    seed: int | None,
) -> Case:
    """Raises InputError where the rows have not all columns."""
    there = {name for row in given for name in row}
    lacking = [name for name in scorer.columns if name not in there]
    if given and lacking:
        told = ", ".join(lacking)
        raise InputError(f"{scorer.name}: no row has the column {told}: give the rows of the harness's table")
    names = [*scorer.columns, *(name for name in scorer.optional if name in there)]
    columns = {
        name: stored([printed(row.get(name)) for row in given], storage, formulas=rules.formulas)
        for name in names
        if name != "prediction"
    }
    columns["prediction"] = stored(predictions, storage, formulas=rules.formulas)
    rows = [{name: column[number] for name, column in columns.items()} for number in range(len(given))]
    return Case(scorer, given, rows, rules, storage, judge, seed)


def read_choices(cell: object) -> dict[str, str]:
    """The options by letter, from their printed list; HarnessStops where it is none."""
    listed = read_literal(cell) if isinstance(cell, str) else cell
    if not isinstance(listed, (list, tuple)):
        raise HarnessStops(f"choices {str(cell)[:60]!r} are no list")
    return {chr(ord("A") + place): str(one) for place, one in enumerate(listed)}


def text_of(value: object) -> str:
    """A cell as the harness prints it."""
    return "nan" if is_missing(value) else str(value)
