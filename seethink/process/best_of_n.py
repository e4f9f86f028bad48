"""Best-of-N: what a reward model's choice among n candidates is worth, beside what any other choice is worth.

Scorers x aggregations x generators x N, on the same items. Greedy, random, majority and oracle always stand beside it
(ViLBench section 2 of its reference reports greedy alone), and every number has its interval.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

from seethink.analysis.compare import RESAMPLES, Interval, interval, sign_flip_p
from seethink.process.aggregate import AGGREGATIONS, LAST, MEAN, aggregate
from seethink.process.findings import WHOLE, Worth, averages, by_source
from seethink.process.pool import Pool, by_generator, decided
from seethink.process.score import Scored
from seethink.process.select import oracle_hit, random_hit, selected_hit, tied, weighted_vote
from seethink.process.split_by import split_parts

NS = (2, 4, 8, 16)
Tree = dict[str, Any]
BASELINES = ("greedy", "random", "majority", "oracle")


def best_of_n_results(
    found: Sequence[Pool],
    scored: Sequence[Scored],
    *,
    outcome: Iterable[str] = (),
    against: Sequence[str] = (),
    averaged: Iterable[str] | None = None,
    aggregations: Sequence[str] = AGGREGATIONS,
    ns: Sequence[int] = NS,
    average_ties: bool = False,
    split_by: str = "",
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Tree:
    """The matrix as plain data: every estimate is ``{mean, low, high, n}``.

    ``unscored`` counts, by scorer, the candidates that have no score under one of its aggregations or more;
    ``unscored_steps`` the steps without one.

    A pool with fewer than n candidates is set aside for that n, and counted; an n that no pool of a generator has is
    left out for it. A candidate that no verifier decided cannot be chosen; an item where none of the first n was
    decided leaves for that n.

    Args:
        outcome: names of the scorers that give one score per response (ORMs).
        against: scorers whose choice every other's is compared with, item by item: at the same aggregation, an ORM's as
            it is.
        averaged: the scorers whose mean stands for scoring as such (``averages``, ``sources``); all where None.
        average_ties: a tie is worth the mean of the tied candidates; else the first of them is taken.
        split_by: a key of the items' meta, or ``source``; the matrix is repeated for each of its values (text- and
            vision-dominant versions of MathVerse, say).

    Raises:
        InputError: no item has ``split_by``.
    """
    part_of = split_parts((pool.item for pool in found), split_by)
    outcomes = set(outcome)
    typical = {one.name for one in scored} if averaged is None else set(averaged)
    numbers = {"seed": seed, "resamples": resamples}
    generators, rows, aside, worths = {}, list[Tree](), list[Tree](), list[Worth]()
    for generator, mine in by_generator(found).items():
        able = {n: [pool for pool in mine if len(pool.candidates) >= n] for n in sorted(ns)}
        aside += [set_aside(generator, n, mine, pools) for n, pools in able.items() if len(pools) < len(mine)]
        able = {n: pools for n, pools in able.items() if pools}
        generators[generator] = _baselines(mine, able, numbers)
        ways = [(one, how) for one in scored for how in ((WHOLE,) if one.name in outcomes else aggregations)]
        totals = {(one.name, how): {pool.item.id: _totals(one, pool, how) for pool in mine} for one, how in ways}
        for n, pools in able.items():
            made = {
                way: _Made.by(pools, [scores[pool.item.id] for pool in pools], n, average_ties)
                for way, scores in totals.items()
            }
            for (name, how), ours in made.items():
                beside = {
                    other: made[other, WHOLE if other in outcomes else how]
                    for other in against
                    if other != name and (other, WHOLE if other in outcomes else how) in made
                }
                rows.append(_row(generator, name, how, n, pools, ours, beside, numbers))
                if name in typical:
                    worths += [
                        Worth(pool.item.id, pool.item.source, generator, n, how, name, worth)
                        for pool, worth in zip(pools, ours.chosen, strict=True)
                        if worth is not None
                    ]
    tree: Tree = {
        "items": len({pool.item.id for pool in found}),
        "undecided": sum(one.hit is None for pool in found for one in pool.candidates),
        "unscored": {one.name: _unscored(one, found, outcomes, aggregations) for one in scored},
        "unscored_steps": {
            one.name: sum(sum(map(math.isnan, steps)) for pool in found for steps in one.of(pool)) for one in scored
        },
        "set_aside": aside,
        "generators": generators,
        "rows": rows,
        "averages": averages(worths, numbers),
        "sources": by_source(found, worths, numbers),
        "over_generators": over_generators(rows),
        "length": _lengths(found, scored, outcomes),
    }
    if split_by:
        tree["split_by"] = split_by
        tree["splits"] = {
            part: best_of_n_results(
                [pool for pool in found if part in part_of.get(pool.item.id, ())],
                scored,
                outcome=outcomes,
                against=against,
                averaged=typical,
                aggregations=aggregations,
                ns=ns,
                average_ties=average_ties,
                seed=seed,
                resamples=resamples,
            )
            for part in sorted(frozenset().union(*part_of.values()))
        }
    return tree


def _unscored(scored: Scored, found: Sequence[Pool], outcomes: set[str], aggregations: Sequence[str]) -> int:
    ways = (LAST,) if scored.name in outcomes else aggregations
    traces = [steps for pool in found for steps in scored.of(pool)]
    return sum(any(math.isnan(aggregate(steps, how, scored.missing)) for how in ways) for steps in traces)


def set_aside(generator: str, n: int, mine: Sequence[Pool], able: Sequence[Pool]) -> Tree:
    """How many pools a generator's numbers for this n are without, and why."""
    short = len(mine) - len(able)
    return {"generator": generator, "n": n, "pools": short, "of": len(mine), "reason": f"fewer than {n} candidates"}


def over_generators(rows: Iterable[Mapping[str, Any]]) -> list[Tree]:
    """A scorer's accuracy at every N averaged over the generators that have so many candidates, and the mean of those
    columns: how ViLBench's table of averages is built (its columns rest on four generators, or on three)."""
    found: dict[tuple[str, str], dict[int, list[float]]] = {}
    for row in rows:
        if row["accuracy"]["mean"] is not None:
            columns = found.setdefault((row["scorer"], row["aggregation"]), {})
            columns.setdefault(row["n"], []).append(row["accuracy"]["mean"])
    told = []
    for (scorer, how), columns in found.items():
        means = {str(n): math.fsum(values) / len(values) for n, values in columns.items()}
        told.append({"scorer": scorer, "aggregation": how, "ns": means, "mean": math.fsum(means.values()) / len(means)})
    return told


def majority_hit(pool: Pool, n: int) -> float:
    """Expected worth of the most frequent answer among the first ``n``: a vote of equal weights."""
    first = pool.candidates[:n]
    hits = [one.hit or 0.0 for one in first]
    answers = [one.answer if one.hit is not None else None for one in first]
    return weighted_vote(pool.item.verifier, answers, [1.0] * len(first), hits, n)


def _baselines(mine: Sequence[Pool], able: Mapping[int, Sequence[Pool]], numbers: Mapping[str, int]) -> Tree:
    def at(worth: Callable[[Pool, int], float | None]) -> Tree:
        return {str(n): _tree(_interval([worth(pool, n) for pool in pools], numbers)) for n, pools in able.items()}

    return {
        "greedy": _tree(_interval([_greedy(pool) for pool in mine], numbers)),
        "random": at(_random),
        "majority": at(_majority),
        "oracle": at(_oracle),
    }


class _Made(NamedTuple):
    """What a scorer makes of the first n candidates, by pool."""

    chosen: list[float | None]
    voted: list[float | None]
    tied: list[bool]

    @classmethod
    def by(cls, mine: Sequence[Pool], totals: Sequence[list[float]], n: int, average_ties: bool) -> _Made:
        pairs = list(zip(mine, totals, strict=True))
        return cls(
            [_chosen(pool, scores, n, average_ties) for pool, scores in pairs],
            [_voted(pool, scores, n) for pool, scores in pairs],
            [len(tied(scores, n)) > 1 for scores in totals],
        )


def _row(
    generator: str,
    scorer: str,
    how: str,
    n: int,
    mine: Sequence[Pool],
    made: _Made,
    others: Mapping[str, _Made],
    numbers: Mapping[str, int],
) -> Tree:
    majority = [_majority(pool, n) for pool in mine]
    beside = {
        "greedy": [_greedy(pool) for pool in mine],
        "random": [_random(pool, n) for pool in mine],
        "majority": majority,
        **{name: other.chosen for name, other in others.items()},
    }
    votes = {"majority": majority, **{name: other.voted for name, other in others.items()}}
    return {
        "generator": generator,
        "scorer": scorer,
        "aggregation": how,
        "n": n,
        "accuracy": _tree(_interval(made.chosen, numbers)),
        "weighted_vote": _tree(_interval(made.voted, numbers)),
        "ties": sum(made.tied) / len(made.tied),
        "minus": {name: _difference(made.chosen, other, numbers) for name, other in beside.items()},
        "vote_minus": {name: _difference(made.voted, other, numbers) for name, other in votes.items()},
    }


def _totals(scored: Scored, pool: Pool, how: str) -> list[float]:
    """One score per candidate; NaN where nobody decided about the candidate, which then cannot be chosen."""
    return [
        math.nan if one.hit is None else aggregate(steps, LAST if how == WHOLE else how, scored.missing)
        for one, steps in zip(pool.candidates, scored.of(pool), strict=True)
    ]


def _chosen(pool: Pool, totals: Sequence[float], n: int, average_ties: bool) -> float | None:
    places = decided(pool.candidates, n)
    if not places:
        return None
    hits = [pool.candidates[place].hit or 0.0 for place in places]
    return selected_hit([totals[place] for place in places], hits, len(places), average_ties=average_ties)


def _voted(pool: Pool, totals: Sequence[float], n: int) -> float | None:
    places = decided(pool.candidates, n)
    if not places:
        return None
    first = [pool.candidates[place] for place in places]
    return weighted_vote(
        pool.item.verifier,
        [one.answer for one in first],
        [totals[place] for place in places],
        [one.hit or 0.0 for one in first],
        len(first),
    )


def _greedy(pool: Pool) -> float | None:
    return pool.greedy.hit if pool.greedy else None


def _hits(pool: Pool, n: int) -> list[float]:
    return [one.hit for one in pool.candidates[:n] if one.hit is not None]


def _random(pool: Pool, n: int) -> float | None:
    hits = _hits(pool, n)
    return random_hit(hits, len(hits)) if hits else None


def _majority(pool: Pool, n: int) -> float | None:
    return majority_hit(pool, n) if _hits(pool, n) else None


def _oracle(pool: Pool, n: int) -> float | None:
    hits = _hits(pool, n)
    return oracle_hit(hits, len(hits)) if hits else None


def _difference(ours: Sequence[float | None], other: Sequence[float | None], numbers: Mapping[str, int]) -> Tree:
    differences = [a - b for a, b in zip(ours, other, strict=True) if a is not None and b is not None]
    found = interval(differences, bounds=(-1.0, 1.0), **numbers)
    # Items without a difference weigh nothing, whichever sign they are given.
    told = [value for value in differences if value] or differences
    return _tree(found) | {"p": sign_flip_p(np.array(told), **numbers)}


def _lengths(found: Sequence[Pool], scored: Sequence[Scored], outcomes: set[str]) -> Tree:
    """Rank correlation of a response's mean score with its length: a scorer that pays for length shows it here."""
    told = {}
    for one in scored:
        pairs = [
            (aggregate(steps, LAST if one.name in outcomes else MEAN, one.missing), len(candidate.text))
            for pool in found
            for candidate, steps in zip(pool.candidates, one.of(pool), strict=True)
        ]
        pairs = [pair for pair in pairs if not math.isnan(pair[0])]
        x, y = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        constant = len(pairs) < 3 or np.ptp(x) == 0 or np.ptp(y) == 0
        told[one.name] = None if constant else _number(float(stats.spearmanr(x, y).statistic))
    return told


def _interval(values: Iterable[float | None], numbers: Mapping[str, int]) -> Interval:
    known = [value for value in values if value is not None]
    return interval(known, seed=numbers["seed"], resamples=numbers["resamples"])


def _tree(found: Interval) -> Tree:
    return asdict(found)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 6)
