"""What ViLBench read off its benchmark: averages over scorers, by data set, and own accuracy against worth as a scorer.

Its four findings are about scoring steps (PRM) and scoring whole responses (ORM) as such, so they are told of a mean
over scorers, item by item, with the interval over items.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from seethink.analysis.compare import interval
from seethink.process.aggregate import LAST, MEAN
from seethink.process.pool import Pool

WHOLE = "whole"
"""The aggregation of a scorer that gives one score for a whole response: an ORM."""

Tree = dict[str, Any]


class Worth(NamedTuple):
    """What one scorer's choice among the first n candidates of one item is worth."""

    item_id: str
    source: str
    generator: str
    n: int
    aggregation: str
    scorer: str
    hit: float


def averages(worths: Iterable[Worth], numbers: Mapping[str, int]) -> list[Tree]:
    """The mean over scorers by generator, n and aggregation; every item's is the mean of its scorers'."""
    found: defaultdict[tuple[str, int, str], list[Worth]] = defaultdict(list)
    for one in worths:
        found[one.generator, one.n, one.aggregation].append(one)
    return [
        {
            "generator": generator,
            "n": n,
            "aggregation": how,
            "scorers": len({one.scorer for one in mine}),
            "accuracy": _interval(_by_item(mine).values(), numbers),
        }
        for (generator, n, how), mine in found.items()
    ]


def by_source(found: Sequence[Pool], worths: Sequence[Worth], numbers: Mapping[str, int]) -> Tree:
    """By data set (finding 1): greedy, and every aggregation's mean over scorers, n and generators; ``minus_orm`` is
    its paired difference to the ORM's. ORM is a scorer of whole responses, or the last step's score where there is none
    (the paper's axis runs from one last step, the ORM, to all)."""
    told = {}
    for source in dict.fromkeys(pool.item.source for pool in found):
        greedy: defaultdict[Hashable, list[float]] = defaultdict(list)
        for pool in found:
            if pool.item.source == source and pool.greedy is not None and pool.greedy.hit is not None:
                greedy[pool.item.id].append(pool.greedy.hit)
        ways: defaultdict[str, list[Worth]] = defaultdict(list)
        for one in worths:
            if one.source == source:
                ways[one.aggregation].append(one)
        items = {how: _by_item(mine) for how, mine in ways.items()}
        orm = orm_of(items)
        told[source] = {
            "items": len({pool.item.id for pool in found if pool.item.source == source}),
            "greedy": _interval(map(_mean, greedy.values()), numbers),
            "orm": orm,
            "aggregations": {how: _interval(mine.values(), numbers) for how, mine in items.items()},
            "minus_orm": {
                how: _interval(_differences(mine, items[orm]), numbers, -1.0)
                for how, mine in items.items()
                if orm in items and how != orm
            },
        }
    return told


def orm_of(aggregations: Iterable[str]) -> str:
    """Which aggregation is the ORM: ``whole`` where there is one, else the last step."""
    return WHOLE if WHOLE in aggregations else LAST


def own_accuracy(found: Sequence[Pool]) -> dict[str, float]:
    """A model's own accuracy, by its name in the pools: of its greedy answers, of its draws where there are none."""
    greedy: defaultdict[str, list[float]] = defaultdict(list)
    drawn: defaultdict[str, list[float]] = defaultdict(list)
    for pool in found:
        if pool.greedy is not None and pool.greedy.hit is not None:
            greedy[pool.generator].append(pool.greedy.hit)
        for one in pool.candidates:
            if one.hit is not None:
                drawn[one.maker or pool.generator].append(one.hit)
    return {name: _mean(hits) for name, hits in {**drawn, **greedy}.items()}


def own_against_value(results: Tree, models: Mapping[str, str], own: Mapping[str, float], how: str = MEAN) -> Tree:
    """Models' own accuracy against their worth as scorers (finding 2), as PRM and as ORM: the mean over generators at
    the largest n that all of them have.

    Args:
        models: which model a scorer is, by the scorer's name.
        own: accuracy by model; scorers of other models are left out.
        how: the PRM's aggregation.
    """
    rows = results["rows"]
    sizes = [{row["n"] for row in rows if row["generator"] == generator} for generator in results["generators"]]
    common = set.intersection(*sizes) if sizes else set()
    n = max(common, default=0)
    told: Tree = {"n": n}
    for kind, aggregation in (("prm", how), ("orm", orm_of({row["aggregation"] for row in rows}))):
        values: defaultdict[str, list[float]] = defaultdict(list)
        for row in rows:
            if (row["n"], row["aggregation"]) == (n, aggregation) and row["accuracy"]["mean"] is not None:
                values[row["scorer"]].append(row["accuracy"]["mean"])
        points: list[Tree] = [
            {"scorer": name, "model": models[name], "own": own[models[name]], "value": _mean(mine)}
            for name, mine in values.items()
            if models.get(name) in own
        ]
        r, p = pearson([point["own"] for point in points], [point["value"] for point in points])
        told[kind] = {"aggregation": aggregation, "points": points, "r": _number(r), "p": _number(p)}
    return told


def pearson(x: Sequence[float], y: Sequence[float]) -> tuple[float, float]:
    """r and its two-sided p; NaN for both where there are fewer than three points or one side is constant."""
    if len(x) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return math.nan, math.nan
    found = stats.pearsonr(x, y)
    return float(found.statistic), float(found.pvalue)


def _interval(values: Iterable[float], numbers: Mapping[str, int], lowest: float = 0.0) -> Tree:
    return asdict(interval(values, bounds=(lowest, 1.0), seed=numbers["seed"], resamples=numbers["resamples"]))


def _by_item(worths: Iterable[Worth]) -> dict[str, float]:
    found: defaultdict[str, list[float]] = defaultdict(list)
    for one in worths:
        found[one.item_id].append(one.hit)
    return {item: _mean(hits) for item, hits in found.items()}


def _differences(ours: Mapping[str, float], other: Mapping[str, float]) -> list[float]:
    return [worth - other[item] for item, worth in ours.items() if item in other]


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
