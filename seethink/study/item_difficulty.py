"""Are the items that the arms train on equally hard? The base's pass@k of each, with a two-sample test, as controls.

It was objected to the published comparison that SFT and RL were given data of different difficulty (the split goes by
the length of traces); here every comparison says how hard either set is for the model that the arms start from.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seethink.analysis import Apart, Hits, Samples, apart, chance_at_k, item_hits
from seethink.analysis.numbers import p_text, signed
from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.tables import claim, data_hash, read_rows, write_manifest, write_rows
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.models.load import weights_hash
from seethink.study.arms import Stage
from seethink.study.choices import PassAtK
from seethink.study.controls import NOT_IN_ARM
from seethink.study.rewards import evaluation_judges
from seethink.study.runs import StudyPlan, rows_of
from seethink.study.sets import read_items
from seethink.study.stages import folder_of


def measure_items(config: PassAtK, base: str, sets: Sequence[list[Item]], images: ImageStore, out: Path) -> None:
    """Hits of ``base`` on every different item of the sets, below ``out``: columns ``item``, ``draws``, ``hits``.

    A killed measurement goes on; a finished one is left as it is. An item that sets show with different pictures is as
    many items.
    """
    started = time.time()
    different = {_key(item): item for items in sets for item in items}
    made_of = {"items": data_hash(sorted(different)), "model": weights_hash(base)}
    if claim(out, config, made_of):
        return
    asked = EvaluationConfig(**config.model_dump())
    rows = []
    for number, items in enumerate(_editions(different.values())):
        judges = evaluation_judges(items)
        responses = evaluate(asked, "base", base, items, images, judges, out / "responses" / str(number))
        found = item_hits([one for one in responses if one.decoding is Decoding.SAMPLED])
        rows += [{"item": _key(item), **found[item.id]._asdict()} for item in items]
    write_rows(out, rows)
    write_manifest(out, config, seeds={"sampling": config.seed}, data=made_of, started=started)


def difficulty_rows(plan: StudyPlan, root: Path) -> list[dict[str, Any]]:
    """Rows of the controls table: how hard SFT's and RL's items are in every arm, and whether a test tells them apart.

    Sets are held against those of the first arm that has any, and an arm's SFT items against its RL items.
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
                known[rows.name] = _set([hits[_key(item)] for item in read_items(folder_of(rows, root))], k)
            by_arm.setdefault(run.arm, {})[stage] = known[rows.name]
    return list(_rows(k, [run.arm for run in plan.runs], by_arm))


ALPHA = 0.05
"""Two sets are told apart below this p."""


class _Set(NamedTuple):
    """pass@k and pass rate of every item that could be decided."""

    at_k: list[float]
    rates: list[float]

    def told(self) -> str:
        if not self.at_k:
            return "undecided"
        at_k, rate = (100 * sum(values) / len(values) for values in self)
        return f"{at_k:.1f} %, rate {rate:.1f} %, {len(self.at_k):,} items"


def _set(hits: Sequence[Hits], k: int) -> _Set:
    decided = [one for one in hits if one.draws >= k]
    return _Set([chance_at_k(one, k) for one in decided], [one.hits / one.draws for one in decided])


def _rows(k: int, arms: Sequence[str], by_arm: Mapping[str, Mapping[Stage, _Set]]) -> Iterator[dict[str, Any]]:
    for stage in Stage:
        own = {arm: sets[stage] for arm, sets in by_arm.items() if stage in sets}
        if own:
            first = next(iter(own.values()))
            tests = {arm: _apart(one, first) for arm, one in own.items() if one is not first}
            cells = {arm: one.told() + (f"; {_told(tests[arm])}" if arm in tests else "") for arm, one in own.items()}
            yield _row(f"base pass@{k} of {stage} items", arms, cells, tests)
    both = {arm: sets for arm, sets in by_arm.items() if len(sets) == len(Stage)}
    if both:
        tests = {arm: _apart(sets[Stage.RL], sets[Stage.SFT]) for arm, sets in both.items()}
        yield _row("base pass rate, rl minus sft items", arms, {arm: _told(one) for arm, one in tests.items()}, tests)


def _apart(one: _Set, other: _Set) -> Apart:
    return apart(Samples(one.rates, other.rates))


def _told(test: Apart) -> str:
    found = test.difference
    if found.mean is None or found.low is None or found.high is None:
        return "nothing to compare"
    return f"{signed(found.mean, 1)} ({signed(found.low, 1)} to {signed(found.high, 1)}, {p_text(test.p)})"


def _row(control: str, arms: Sequence[str], cells: Mapping[str, str], tests: Mapping[str, Apart]) -> dict[str, Any]:
    harder = [arm for arm, test in tests.items() if test.p is not None and test.p < ALPHA]
    return {
        "control": control,
        **{arm: cells.get(arm, NOT_IN_ARM) for arm in arms},
        "matched": not harder,
        # What a set holds follows from what its arm declares, or it would have been refused.
        "declared": f"another difficulty in {', '.join(harder)}" if harder else "",
        "per_run": False,
    }


def _editions(items: Iterable[Item]) -> list[list[Item]]:
    """The items in lists in which every id stands once."""
    editions: list[dict[str, Item]] = []
    for item in items:
        mine = next((one for one in editions if item.id not in one), None)
        if mine is None:
            mine = {}
            editions.append(mine)
        mine[item.id] = item
    return [list(one.values()) for one in editions]


def _key(item: Item) -> str:
    return data_hash([item.id, *item.images])
