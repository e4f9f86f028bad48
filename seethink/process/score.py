"""Scoring pools: every step of every candidate once per scorer, sealed in parts, so that a killed run goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pydantic import Field

from seethink.core.config import Config
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.tables import claim, data_hash, parts, read_rows, write_manifest, write_part
from seethink.evaluation.bar import progress_bar
from seethink.process.collect.completer import Cost, total_cost
from seethink.process.missing import Missing, missing_of
from seethink.process.pool import Pool, pool_row
from seethink.process.steps import Splitting, split


class ManyStepScorer(StepScorer, Protocol):
    """A StepScorer that is better asked for many traces at once: a model in batches, a judge with calls in flight."""

    def score_many(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]: ...


class Priced(NamedTuple):
    """The step scores of one trace, and what they cost."""

    scores: list[float]
    cost: Cost


class ScoringConfig(Config):
    """How pools are scored."""

    splitting: Splitting = Splitting.AUTO
    answer_step: bool = True
    """Whether what follows the thinking is scored as the last step."""
    part: int = Field(default=256, ge=1)
    """Traces per sealed part: what a kill can lose."""


class Scored(NamedTuple):
    """Step scores of every candidate, by generator, item and place in its pool.

    Attributes:
        missing: what a NaN of this scorer means.
        cost: of all of them; None where the table that they were found in does not tell.
    """

    name: str
    steps: Mapping[tuple[str, str, int], tuple[float, ...]]
    missing: Missing = Missing.SILENT
    cost: Cost | None = None

    def of(self, pool: Pool) -> list[tuple[float, ...]]:
        return [self.steps[pool.generator, pool.item.id, place] for place in range(len(pool.candidates))]


def score_many(scorer: StepScorer, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]:
    """One list of step scores per trace, by whichever way the scorer offers."""
    many = getattr(scorer, "score_many", None)
    if many is not None:
        found: list[list[float]] = many(items, traces)
        return found
    return [scorer.score_steps(item, trace) for item, trace in zip(items, traces, strict=True)]


def score_priced(scorer: StepScorer, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[Priced]:
    """As ``score_many``, with the cost of every trace; a scorer that does not tell costs ratings alone."""
    priced = getattr(scorer, "score_priced", None)
    if priced is not None:
        told: list[Priced] = priced(items, traces)
        return told
    return [Priced(scores, Cost(ratings=len(scores))) for scores in score_many(scorer, items, traces)]


class Asked(NamedTuple):
    """A trace to be scored, and what its row in the table says of it."""

    item: Item
    steps: tuple[str, ...]
    told: Mapping[str, Any]


def score_pools(
    config: ScoringConfig,
    name: str,
    scorer: StepScorer,
    found: Sequence[Pool],
    out: Path,
    *,
    made_of: Mapping[str, str],
) -> Scored:
    """Every candidate's step scores, sealed under ``out``.

    Args:
        name: of the scorer, in the results.
        made_of: hashes of what the scores depend on (weights, prompt); where they change the table is another one.
    """
    asked = [
        Asked(
            pool.item,
            tuple(step.text for step in split(one.text, config.splitting, answer=config.answer_step)),
            {"generator": pool.generator, "item_id": pool.item.id, "place": place},
        )
        for pool in found
        for place, one in enumerate(pool.candidates)
    ]
    data = {"pools": data_hash(map(pool_row, found)), **made_of}
    scores, cost = sealed_scores(config, name, scorer, asked, out, data=data)
    places = [(one.told["generator"], one.item.id, one.told["place"]) for one in asked]
    return Scored(name, dict(zip(places, scores, strict=True)), missing_of(scorer), cost)


class Sealed(NamedTuple):
    """Step scores by trace, and their cost; None where an older table does not tell it."""

    scores: list[tuple[float, ...]]
    cost: Cost | None


def sealed_scores(
    config: ScoringConfig, name: str, scorer: StepScorer, asked: Sequence[Asked], out: Path, *, data: Mapping[str, str]
) -> Sealed:
    """Step scores of every trace, in order; a finished table is read, a killed one gone on with.

    Within a part equal traces of one item are scored once, so that they tie whatever batch they fell into; the first
    of them bears the cost.
    """
    started = time.time()
    data = {"scorer": name, **data}
    finished, sealed = claim(out, config, data), len(parts(out))
    if not finished:
        with progress_bar(f"score {name}", len(asked), min(sealed * config.part, len(asked))) as told:
            for number in range(sealed, -(-len(asked) // config.part)):
                chunk = asked[number * config.part : (number + 1) * config.part]
                write_part(out, number, list(_rows(scorer, chunk)))
                told(len(chunk), "")
    rows = list(read_rows(out))
    cost = total_cost(rows)
    if not finished:
        paid, more = asdict(cost), {"resumed_parts": sealed}
        write_manifest(out, config, seeds={}, data=data, started=started, cost=paid, more=more)
    scores = [tuple(math.nan if value is None else value for value in row["scores"]) for row in rows]
    return Sealed(scores, cost if all("ratings" in row for row in rows) else None)


def _rows(scorer: StepScorer, chunk: Sequence[Asked]) -> Iterator[dict[str, Any]]:
    different = {(one.item.id, one.steps): one for one in chunk}
    found = score_priced(scorer, [one.item for one in different.values()], [one.steps for one in different.values()])
    priced = dict(zip(different, found, strict=True))
    paid = set()
    for one in chunk:
        key = one.item.id, one.steps
        scores, cost = priced[key]
        # NaN is no value, also for who reads the table elsewhere.
        known = [None if math.isnan(value) else float(value) for value in scores]
        yield {**one.told, "scores": known, **asdict(Cost() if key in paid else cost)}
        paid.add(key)
