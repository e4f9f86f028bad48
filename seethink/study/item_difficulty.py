"""Are the items that the arms train on equally hard? The base's pass rate on each, with a two-sample test, as controls.

It was objected to the published comparison that SFT and RL were given data of different difficulty (the split goes by
the length of traces); here every comparison says how hard either set is for the model that the arms start from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

from seethink.analysis import Apart, Hits, apart, chance_at_k, overlapping
from seethink.analysis.claims import ALPHA
from seethink.analysis.family import holm
from seethink.analysis.numbers import p_text, signed
from seethink.core.tables import read_rows
from seethink.study.arms import Stage
from seethink.study.controls import NOT_IN_ARM
from seethink.study.pass_rates import item_key
from seethink.study.runs import StudyPlan, rows_of
from seethink.study.sets import read_items
from seethink.study.stages import folder_of


def difficulty_rows(plan: StudyPlan, root: Path) -> list[dict[str, Any]]:
    """Rows of the controls table: how hard SFT's and RL's items are in every arm, and whether a test tells them apart.

    Sets are held against those of the first arm that has any, and an arm's SFT items against its RL items. What is
    tested is the pass rate; pass@k is told beside it. Sets of one pool overlap, and an item in both counts on both
    sides. The p-values of a row are Holm's, over its arms with different sets. Such a row is a finding and no setting:
    it is neither matched (``matched`` is None) nor declared, and ``measured`` says what came out.
    """
    if plan.difficulty is None:
        return []
    k = plan.difficulty.config.draws
    hits = {row["item"]: Hits(row["draws"], row["hits"]) for row in read_rows(folder_of(plan.difficulty, root))}
    known: dict[str, _Set] = {}
    by_arm: dict[str, dict[Stage, _Set]] = {}
    for run in plan.runs:
        for stage in Stage:
            rows = rows_of(run, stage)
            if rows is None:
                continue
            if rows.name not in known:
                read = read_items(folder_of(rows, root))
                known[rows.name] = _set(rows.name, {key: hits[key] for key in map(item_key, read)}, k)
            by_arm.setdefault(run.arm, {})[stage] = known[rows.name]
    return list(_rows([run.arm for run in plan.runs], by_arm))


class _Set(NamedTuple):
    """pass@k and pass rate of every item that could be decided, by its key, of the set of this name."""

    name: str
    k: int
    at_k: dict[str, float]
    rates: dict[str, float]

    def told(self) -> str:
        if not self.at_k:
            return "undecided"
        at_k, rate = (100 * sum(values.values()) / len(values) for values in (self.at_k, self.rates))
        return f"pass@{self.k} {at_k:.1f} %, pass rate {rate:.1f} %, {len(self.at_k):,} items"


def _set(name: str, hits: Mapping[str, Hits], k: int) -> _Set:
    decided = {item: one for item, one in hits.items() if one.draws >= k}
    at_k = {item: chance_at_k(one, k) for item, one in decided.items()}
    return _Set(name, k, at_k, {item: one.hits / one.draws for item, one in decided.items()})


def _rows(arms: Sequence[str], by_arm: Mapping[str, Mapping[Stage, _Set]]) -> Iterator[dict[str, Any]]:
    for stage in Stage:
        own = {arm: sets[stage] for arm, sets in by_arm.items() if stage in sets}
        if own:
            reference, first = next(iter(own.items()))
            tests = _tested({arm: (one, first) for arm, one in own.items() if one is not first})
            told = {arm: f"; pass rate against {reference}: {_told(test)}" for arm, test in tests.items()}
            cells = {arm: one.told() + told.get(arm, "") for arm, one in own.items()}
            yield _row(f"base pass rate of {stage} items", arms, cells, tests)
    both = {arm: sets for arm, sets in by_arm.items() if len(sets) == len(Stage)}
    if both:
        tests = _tested({arm: (sets[Stage.RL], sets[Stage.SFT]) for arm, sets in both.items()})
        yield _row("base pass rate, rl minus sft items", arms, {arm: _told(one) for arm, one in tests.items()}, tests)


def _tested(pairs: Mapping[str, tuple[_Set, _Set]]) -> dict[str, Apart]:
    """Two-sample tests by arm, corrected together. Arms that read the same two sets are one test."""
    found = {(one.name, other.name): apart(overlapping(one.rates, other.rates)) for one, other in pairs.values()}
    corrected = holm({names: test.p for names, test in found.items()})
    tested = {names: replace(test, p=corrected[names]) for names, test in found.items()}
    return {arm: tested[one.name, other.name] for arm, (one, other) in pairs.items()}


def _told(test: Apart) -> str:
    found = test.difference
    if found.mean is None or found.low is None or found.high is None:
        return "nothing to compare"
    if test.same:
        return "no difference by construction, the same items"
    shared = f", {test.shared:,} items in both" if test.shared else ""
    return f"{signed(found.mean, 1)} ({signed(found.low, 1)} to {signed(found.high, 1)}, {p_text(test.p)}{shared})"


def _row(control: str, arms: Sequence[str], cells: Mapping[str, str], tests: Mapping[str, Apart]) -> dict[str, Any]:
    differ = [arm for arm, test in tests.items() if test.p is not None and test.p < ALPHA]
    same = "the same items" if tests else "one set in all arms"
    alike = same if all(test.same for test in tests.values()) else "not told apart"
    return {
        "control": control,
        **{arm: cells.get(arm, NOT_IN_ARM) for arm in arms},
        "matched": None,
        "declared": "",
        "per_run": False,
        "measured": f"told apart in {', '.join(differ)}" if differ else alike,
    }
