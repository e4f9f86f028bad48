"""A study as its tables tell it: arms, items, and every run in numbers. What results and reports are made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from seethink.analysis.study_data.curve_table import Rows, thinned
from seethink.analysis.study_data.record import ArmRecord
from seethink.analysis.study_data.run_table import ItemFacts, RunTable, cue_counts, item_facts, run_table
from seethink.core.graded import GradedResponse
from seethink.core.rejected import InputError
from seethink.core.tables import code_version

Curves = Mapping[str, Sequence[Mapping[str, float | None]]]
"""By stage."""


@dataclass(frozen=True, slots=True)
class Run:
    """One training run of one arm, as a study hands it over.

    Attributes:
        seed: of the training; any number for an arm that is not trained.
        responses: all its graded responses, greedy and sampled.
        cost: ``train_tokens, train_seconds, steps, completions, eval_seconds``, as far as known.
        logs: by stage the rows of the trainer's log.
    """

    arm: str
    seed: int
    responses: Sequence[GradedResponse]
    cost: Mapping[str, float | None] = field(default_factory=dict)
    logs: Mapping[str, Rows] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunData:
    """One run in numbers.

    Attributes:
        cues: occurrences of every reflective expression, by decoding.
    """

    table: RunTable
    cost: Mapping[str, float | None]
    cues: Mapping[str, Mapping[str, int]]
    curves: Curves


@dataclass(frozen=True, slots=True)
class Study:
    """All runs of all arms on the same items.

    Attributes:
        names: of the sittings that it was brought together from.
        items: in the order of every table.
        runs: by arm and training seed.
        controls, funnel: rows as results.json holds them.
        compare: the comparisons that the study set out to make, a minus b.
        code: versions of the package that made the tables.
        title: of report and page; None for that of the registered claims, or a general one.
    """

    names: tuple[str, ...]
    items: tuple[ItemFacts, ...]
    arms: Mapping[str, ArmRecord]
    runs: Mapping[str, Mapping[int, RunData]]
    controls: Sequence[Mapping[str, Any]] = ()
    funnel: Sequence[Mapping[str, Any]] = ()
    compare: Sequence[tuple[str, str]] = ()
    seconds: float = 0.0
    stage_seconds: Mapping[str, float] = field(default_factory=dict)
    code: tuple[str, ...] = ()
    title: str | None = None


def study_of(
    name: str,
    arms: Mapping[str, ArmRecord],
    runs: Sequence[Run],
    *,
    controls: Sequence[Mapping[str, Any]] = (),
    funnel: Sequence[Mapping[str, Any]] = (),
    compare: Sequence[tuple[str, str]] = (),
    seconds: float = 0.0,
    stage_seconds: Mapping[str, float] | None = None,
    code: str | None = None,
    title: str | None = None,
) -> Study:
    """A study from its graded responses.

    Raises InputError where a run's arm is unknown, an arm has no run or the same seed twice, an arm that is not trained
    has several, or two runs did not answer the same items.
    """
    code = code_version() if code is None else code
    items = item_facts(runs[0].responses) if runs else []
    found: dict[str, dict[int, RunData]] = {arm: {} for arm in arms}
    for run in runs:
        if run.arm not in arms:
            raise InputError(f"run of arm {run.arm}: the study has no such arm, it has {', '.join(arms)}")
        if run.seed in found[run.arm]:
            raise InputError(f"arm {run.arm} has two runs with seed {run.seed}: a seed is one run")
        found[run.arm][run.seed] = RunData(
            run_table(run.arm, run.seed, run.responses, items),
            dict(run.cost),
            cue_counts(run.responses),
            {stage: thinned(rows) for stage, rows in run.logs.items()},
        )
    for arm, record in arms.items():
        check_runs(arm, record, found[arm])
    return Study(
        names=(name,),
        items=tuple(items),
        arms=dict(arms),
        runs=found,
        controls=[dict(row) for row in controls],
        funnel=[dict(row) for row in funnel],
        compare=[(a, b) for a, b in compare],
        seconds=seconds,
        stage_seconds=dict(stage_seconds or {}),
        code=(code,) if code else (),
        title=title,
    )


def check_runs(arm: str, record: ArmRecord, runs: Mapping[int, Any]) -> None:
    """InputError where an arm has no run, or is not trained and has several."""
    if not runs:
        raise InputError(f"arm {arm} has no run: evaluate it, or leave it out of the study")
    if not record.trained and len(runs) > 1:
        raise InputError(f"arm {arm} is not trained and has {len(runs)} runs: it is one checkpoint")
