"""Scoring pools: every step of every candidate once per scorer, sealed in parts, so that a killed run goes on."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pydantic import Field
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seethink.core.config import Config
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.tables import claim, data_hash, parts, read_rows, write_manifest, write_part
from seethink.process.pool import Pool, pool_row
from seethink.process.steps import Splitting, split


class ManyStepScorer(StepScorer, Protocol):
    """A StepScorer that is better asked for many traces at once: a model in batches, a judge with calls in flight."""

    def score_many(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]: ...


class ScoringConfig(Config):
    """How pools are scored."""

    splitting: Splitting = Splitting.AUTO
    answer_step: bool = True
    """Whether what follows the thinking is scored as the last step."""
    part: int = Field(default=16, ge=1)
    """Pools per sealed part."""


class Scored(NamedTuple):
    """Step scores of every candidate, by generator, item and place in its pool."""

    name: str
    steps: Mapping[tuple[str, str, int], tuple[float, ...]]

    def of(self, pool: Pool) -> list[tuple[float, ...]]:
        return [self.steps[pool.generator, pool.item.id, place] for place in range(len(pool.candidates))]


def score_many(scorer: StepScorer, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]:
    """One list of step scores per trace, by whichever way the scorer offers."""
    many = getattr(scorer, "score_many", None)
    if many is not None:
        found: list[list[float]] = many(items, traces)
        return found
    return [scorer.score_steps(item, trace) for item, trace in zip(items, traces, strict=True)]


def score_pools(
    config: ScoringConfig,
    name: str,
    scorer: StepScorer,
    found: Sequence[Pool],
    out: Path,
    *,
    made_of: Mapping[str, str],
) -> Scored:
    """Every candidate's step scores, sealed under ``out``; a finished table is read, a killed one gone on with.

    Args:
        name: of the scorer, in the results.
        made_of: hashes of what the scores depend on (weights, prompt); where they change the table is another one.
    """
    started = time.time()
    data = {"pools": data_hash(map(pool_row, found)), "scorer": name, **made_of}
    if not claim(out, config, data):
        sealed = len(parts(out))
        columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
        with Progress(TextColumn(f"score {name}"), *columns) as bar:
            task = bar.add_task("", total=len(found), completed=min(sealed * config.part, len(found)))
            for number in range(sealed, -(-len(found) // config.part)):
                chunk = found[number * config.part : (number + 1) * config.part]
                write_part(out, number, _rows(config, scorer, chunk))
                bar.advance(task, len(chunk))
        write_manifest(out, config, seeds={}, data=data, started=started, more={"resumed_parts": sealed})
    return Scored(
        name,
        {
            (row["generator"], row["item_id"], row["place"]): tuple(
                math.nan if value is None else value for value in row["scores"]
            )
            for row in read_rows(out)
        },
    )


def _rows(config: ScoringConfig, scorer: StepScorer, chunk: Sequence[Pool]) -> list[dict[str, Any]]:
    places = [(pool, place) for pool in chunk for place in range(len(pool.candidates))]
    traces = [
        [step.text for step in split(pool.candidates[place].text, config.splitting, answer=config.answer_step)]
        for pool, place in places
    ]
    scored = score_many(scorer, [pool.item for pool, _ in places], traces)
    return [
        {
            "generator": pool.generator,
            "item_id": pool.item.id,
            "place": place,
            # NaN is no value, also for who reads the table elsewhere.
            "scores": [None if math.isnan(value) else float(value) for value in scores],
        }
        for (pool, place), scores in zip(places, scored, strict=True)
    ]
