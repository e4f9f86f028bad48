"""Perplexity: the SFT rows whose responses a model finds least likely (VLAA-Thinking section 3.1).

The paper's 25K, 10K and 5K sets hold the responses of highest perplexity, averaged over two models. Perplexity is
exp of the mean negative log-likelihood of the response's tokens, the whole response with its tags and the end of the
turn, given system prompt, pictures and question; the paper says no more than "of each answer": choice. Ties go by id.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pyarrow.parquet as pq
from pydantic import Field, field_validator
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seethink.core.chat import messages, prompt_hash
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import item_from_row
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, claim, data_hash, parts, read_rows, write_manifest, write_part, write_rows
from seethink.data.derived import made_of

_HIGHEST = 700.0
"""Above it exp has no number; no working model is near."""


class ScoringConfig(Config):
    """How a model is asked for likelihoods."""

    batch: int = Field(default=8, ge=1)
    """Responses of one forward pass."""
    part: int = Field(default=256, ge=1)
    """Rows of one sealed part."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = None


class PerplexityConfig(ScoringConfig):
    sizes: tuple[int, ...] = (5_000, 10_000, 25_000)
    """Rows of each subset; the defaults are the paper's."""

    @field_validator("sizes")
    @classmethod
    def _are_sizes(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if not sizes or min(sizes) < 1 or len(set(sizes)) < len(sizes):
            raise ValueError("give different sizes of at least 1")
        return sizes


class Subset(NamedTuple):
    """One subset. ``lowest`` is the lowest perplexity in it."""

    folder: Path
    rows: int
    lowest: float


def perplexity_subsets(
    config: PerplexityConfig,
    models: Sequence[str | Path],
    data: Path,
    images: ImageStore,
    *,
    name: str = "sft",
    console: Console | None = None,
) -> list[Subset]:
    """Score the rows of ``data/<name>`` and write the subsets ``data/<name>_top_<size>``.

    Perplexities by model lie below ``data/perplexity``, sealed part by part: a killed run goes on, another size asks no
    model again. Their mean, by item, is the finished measurement ``data/perplexity/<name>``.

    Raises:
        InputError: no such set, a size it does not have, a model that finds a response impossible or gives no number.
    """
    started, table = time.time(), data / name
    if not (table / MANIFEST).exists():
        raise InputError(f"{table} holds no finished set: run seethink data build --out {data} to its end")
    total = _count(table)
    if large := [size for size in config.sizes if size >= total]:
        raise InputError(f"sizes {large}: {table} has {total} rows, a subset must be smaller")
    read = data_hash((row["id"], row["response"]) for row in read_rows(table))
    scoring = ScoringConfig.model_validate(config.model_dump(include=set(ScoringConfig.model_fields)))
    by_model = [_score(scoring, model, table, read, images, data / "perplexity", console) for model in models]
    means = {item: sum(map(math.exp, nlls)) / len(nlls) for item, *nlls in _side_by_side(by_model)}
    measured = data / "perplexity" / name
    write_rows(
        measured,
        (
            {"item_id": item, "perplexity": means[item], "by_model": [math.exp(nll) for nll in nlls]}
            for item, *nlls in _side_by_side(by_model)
        ),
    )
    made_from = {"rows": read, "models": ", ".join(folder.name.removeprefix(f"{name}-") for folder in by_model)}
    write_manifest(measured, config, seeds={}, data=made_from, started=started, more={"rows": total})
    ranked = sorted(means, key=lambda item: (-means[item], item))
    return [_write_subset(config, ranked[:size], means, table, made_from, started) for size in config.sizes]


def _score(
    config: ScoringConfig,
    model: str | Path,
    table: Path,
    read: str,
    images: ImageStore,
    out: Path,
    console: Console | None,
) -> Path:
    """Likelihoods under one model, in the table's order; returns their folder."""
    from seethink.models.device import own_device
    from seethink.models.load import load_checkpoint, weights_hash
    from seethink.models.logprobs import likelihoods
    from seethink.models.prompt import Prompt

    started, weights = time.time(), weights_hash(model)
    folder = out / f"{table.name}-{weights}"
    recipe = {"rows": read, "model": weights, "prompt": prompt_hash()}
    if claim(folder, config, recipe):
        return folder
    checkpoint = load_checkpoint(model, dtype=config.dtype, max_pixels=config.max_pixels)
    checkpoint.model.to(own_device())
    sealed = len(parts(folder))
    total = _count(table)
    with Progress(
        TextColumn(f"perplexity under {model}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=console is None,
    ) as bar:
        task = bar.add_task("", total=total, completed=min(sealed * config.part, total))
        rows = islice(read_rows(table), sealed * config.part, None)
        number = sealed
        while chunk := list(islice(rows, config.part)):
            items = [item_from_row(row) for row in chunk]
            prompts = [Prompt(messages(item), [images.open(digest) for digest in item.images]) for item in items]
            found = likelihoods(checkpoint, prompts, [row["response"] for row in chunk], batch=config.batch)
            for item, one in zip(items, found, strict=True):
                if not one.nll < _HIGHEST:
                    raise InputError(f"{model} gives no finite likelihood for {item.id}: try dtype=float32 or bfloat16")
            scored = [
                {"item_id": item.id, "nll": one.nll, "tokens": one.tokens}
                for item, one in zip(items, found, strict=True)
            ]
            write_part(folder, number, scored)
            number += 1
            bar.advance(task, len(chunk))
    write_manifest(folder, config, seeds={}, data=recipe, started=started, more={"resumed_parts": sealed})
    return folder


def _side_by_side(by_model: Sequence[Path]) -> Iterator[tuple[Any, ...]]:
    """Item id and its mean negative log-likelihood under every model."""
    for rows in zip(*map(read_rows, by_model), strict=True):
        yield rows[0]["item_id"], *(row["nll"] for row in rows)


def _write_subset(
    config: Config, chosen: Sequence[str], means: dict[str, float], table: Path, made_from: dict[str, str], at: float
) -> Subset:
    folder = table.with_name(f"{table.name}_top_{len(chosen)}")
    (folder / MANIFEST).unlink(missing_ok=True)
    kept, lowest = frozenset(chosen), means[chosen[-1]]
    rows = write_rows(folder, (row for row in read_rows(table) if row["id"] in kept))
    told = (
        f"## Highest perplexity\n\n`{folder.name}` holds the {rows:,} rows of `{table.name}` whose responses the "
        f"models {made_from['models']} find least likely on average: perplexity {lowest:.3g} and higher."
    )
    write_manifest(
        folder,
        config,
        seeds={},
        data={**made_from, "table": data_hash(row["id"] for row in read_rows(folder))},
        started=at,
        more={"rows": rows, "lowest_perplexity": lowest, **made_of(table.parent, [table.name], told)},
    )
    return Subset(folder, rows, lowest)


def _count(table: Path) -> int:
    return sum(pq.read_metadata(path).num_rows for path in parts(table))
