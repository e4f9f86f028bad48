"""Held-out questions: items of the world, items of any source, or the leaderboard's benchmarks."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator
from rich.console import Console

from seethink.core.config import Config
from seethink.core.graded import graded_from_row, graded_row
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.core.tables import claim, data_hash, read_rows, table_hash, write_manifest, write_rows
from seethink.data.sources import SourceConfig, all_items, open_source
from seethink.evaluation.benchmark_run import GRADED
from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.judge import JudgeConfig
from seethink.evaluation.prompts import style_hash
from seethink.evaluation.run import evaluate
from seethink.evaluation.scoring import ScoringConfig
from seethink.evaluation.settings import EvaluationConfig
from seethink.study.benchmarks import BenchmarkFile, BenchmarkTask, condition, open_questions, run_benchmark
from seethink.study.choices import Shown
from seethink.study.corrupted import corrupted
from seethink.study.rewards import OpenConfig, evaluation_judges, made_of, of_world, scored_by
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.truth import WorldTruth


class HeldoutItems(Config):
    """Items of any source."""

    kind: Literal["file"]
    sources: tuple[SourceConfig, ...] = Field(min_length=1)
    open: OpenConfig | None = None
    """Who scores open answers; nobody where None."""


class BenchmarkTable(Config):
    """Where a benchmark lies on disk."""

    table: Path
    pictures: Path | None = None
    """Folder that picture paths start from; None for tables that hold their pictures."""
    first: int | None = Field(default=None, ge=1)
    """Only so many rows from the top: a try-out."""


class HeldoutBenchmarks(Config):
    """Benchmarks of the leaderboard, scored by the harness's rules and by our own verifiers."""

    kind: Literal["benchmarks"]
    tables: dict[str, BenchmarkTable] = Field(min_length=1)
    """By our name of the benchmark, or the harness's name of an entry."""
    scoring: ScoringConfig = ScoringConfig()
    judge: JudgeConfig | None = None
    """Who is asked where the rules cannot decide."""

    @field_validator("tables")
    @classmethod
    def _known(cls, tables: dict[str, BenchmarkTable]) -> dict[str, BenchmarkTable]:
        for name in tables:
            try:
                find_entry(name)
            except InputError as error:
                raise ValueError(str(error)) from None
        return tables


def _kind(given: Any) -> str:
    found = given.get("kind", "world") if isinstance(given, Mapping) else getattr(given, "kind", "world")
    return str(found)


def _plain_world(given: Any) -> Any:
    """The world is what is meant where no kind is named, and may be named."""
    if isinstance(given, Mapping) and given.get("kind") == "world":
        return {name: value for name, value in given.items() if name != "kind"}
    return given


AnyHeldout = WorldConfig | HeldoutItems | HeldoutBenchmarks

Heldout = Annotated[
    Annotated[WorldConfig, Tag("world")]
    | Annotated[HeldoutItems, Tag("file")]
    | Annotated[HeldoutBenchmarks, Tag("benchmarks")],
    Discriminator(_kind),
    BeforeValidator(_plain_world),
]


def evaluate_heldout(
    config: EvaluationConfig,
    heldout: AnyHeldout,
    name: str,
    model: str,
    shown: Shown,
    images: ImageStore,
    out: Path,
    console: Console | None = None,
) -> None:
    """Graded responses of a checkpoint, sealed below ``out``; a finished table is left as it is.

    Args:
        name: what the rows call the model.
        shown: in place of the pictures.
    """
    if isinstance(heldout, HeldoutBenchmarks):
        if shown is not Shown.OWN:
            raise InputError("pictures.evaluation: a benchmark is asked with its own pictures; choose own")
        _evaluate_benchmarks(config, heldout, name, model, out, console)
        return
    items = corrupted(heldout_items(heldout, images), shown, images)
    truth = WorldTruth() if of_world(items) else None
    scorer = heldout.open if isinstance(heldout, HeldoutItems) else None
    with scored_by(scorer, items, images, out / "ledger") as decides:
        judges = evaluation_judges(items, decides)
        evaluate(config, name, model, items, images, judges, out, truth=truth, made_of=made_of(scorer))


def heldout_paths(heldout: AnyHeldout) -> list[Path]:
    """Files and folders that the questions are read from."""
    match heldout:
        case HeldoutItems():
            named = [path for one in heldout.sources for path in (one.path, one.image_root)]
        case HeldoutBenchmarks():
            named = [path for one in heldout.tables.values() for path in (one.table, one.pictures)]
        case _:
            named = []
    return [path for path in named if path is not None]


def heldout_items(heldout: WorldConfig | HeldoutItems, images: ImageStore) -> list[Item]:
    """The items; rows that cannot be read are left out."""
    if isinstance(heldout, WorldConfig):
        return [item for item in WorldSource(heldout).items(images) if isinstance(item, Item)]
    found = all_items(map(open_source, heldout.sources), images)
    return list({item.id: item for item in found if isinstance(item, Item)}.values())


def _evaluate_benchmarks(
    config: EvaluationConfig, heldout: HeldoutBenchmarks, name: str, model: str, out: Path, console: Console | None
) -> None:
    from seethink.models.load import weights_hash

    started = time.time()
    data = {
        "prompt": style_hash(config.prompt),
        "model": weights_hash(model),
        "items": data_hash([one, table.model_dump(mode="json")] for one, table in sorted(heldout.tables.items())),
        "arm": name,
    }
    if claim(out, config, data):
        return
    task = BenchmarkTask(**config.model_dump(), scoring=heldout.scoring, judge=heldout.judge)
    rows = []
    for benchmark, table in heldout.tables.items():
        entry = find_entry(benchmark)
        file = BenchmarkFile(entry, table.table, table.pictures, table.first)
        questions, images = open_questions(file, out)
        run_benchmark(task, model, name, questions, images, out, console=console)
        graded = (graded_from_row(row) for row in read_rows(out / entry.name / condition(task) / GRADED))
        rows += [graded_row(replace(one, arm=name, source=entry.benchmark.name)) for one in graded]
    write_rows(out, rows)
    more = {"table": table_hash(out)}
    write_manifest(out, config, seeds={"sampling": config.seed}, data=data, started=started, more=more)
