"""Columns that analysis reads and cannot make: the truth of every step, and the gold's log-probability after it.

Analysis knows neither world nor model. What it needs of them is written here, into a table of traces that
``seethink analyse traces`` reads like any other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from pydantic import Field
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seethink.analysis.pseudo_reasoning import TraceRow, trace_steps
from seethink.core.chat import messages, prompt_hash
from seethink.core.config import Config
from seethink.core.graded import GradedResponse
from seethink.core.images import ImageStore
from seethink.core.item import Item, items_by_id
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import claim, data_hash, parts, write_manifest, write_part
from seethink.study.gold_gain import gold_logprobs
from seethink.world.truth import WorldTruth


class GoldConfig(Config):
    """How the gold's log-probability is measured."""

    batch: int = Field(default=16, ge=1)
    """Traces that are read side by side."""
    part: int = Field(default=32, ge=1)
    """Traces per sealed part."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = None


def with_truth(rows: Sequence[TraceRow], items: Mapping[str, Item]) -> list[TraceRow]:
    """The rows with the truth of every step, where their item is of the embedded world; others are left as they are."""
    truth = WorldTruth()
    found = []
    for row in rows:
        item = items.get(row.item)
        known = item is not None and row.truth is None and truth.knows(item)
        found.append(replace(row, truth=tuple(_truth(truth, item, row.response))) if item and known else row)
    return found


def steps_truth(items: Iterable[Item]) -> Callable[[GradedResponse], list[bool | None] | None]:
    """The truth of every step of a response, None where its item is not of the embedded world."""
    truth, known = WorldTruth(), items_by_id(items)

    def told(response: GradedResponse) -> list[bool | None] | None:
        item = known.get(response.item_id)
        return _truth(truth, item, response.response) if item is not None and truth.knows(item) else None

    return told


def _truth(truth: WorldTruth, item: Item, response: str) -> list[bool | None]:
    try:
        return truth.step_truth(item, trace_steps(response))
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"item {item.id} says that it is of the embedded world, and its meta is not ({error!r}): export it again "
            "with seethink world items"
        ) from None


def write_gold_columns(
    config: GoldConfig,
    model: str | Path,
    rows: Sequence[TraceRow],
    items: Mapping[str, Item],
    images: ImageStore,
    out: Path,
) -> list[Rejected]:
    """Write the traces with the gold's log-probability at every step (and truth, where the rows have it) below ``out``.

    A killed run goes on after its last sealed part. Returns the rows that were left out: those whose item is not among
    ``items``.

    Raises InputError where no row is left.
    """
    from seethink.models.device import own_device
    from seethink.models.load import load_checkpoint, weights_hash
    from seethink.models.prompt import Prompt

    started = time.time()
    known = [row for row in rows if row.item in items]
    unknown = [Rejected("unknown item", f"{row.item!r} is not among the items", row.where) for row in rows
               if row.item not in items]  # fmt: skip
    if not known:
        raise InputError("no trace belongs to an item: the traces' item_id or id must name items of --data")
    data = {
        "traces": data_hash([row.item, row.response, row.group] for row in known),
        "model": weights_hash(model),
        "prompt": prompt_hash(),
    }
    if claim(out, config, data):
        return unknown
    sealed = len(parts(out))
    checkpoint = load_checkpoint(model, dtype=config.dtype, max_pixels=config.max_pixels)
    checkpoint.model.to(own_device())
    with Progress(
        TextColumn("gold after each step"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    ) as bar:
        task = bar.add_task("", total=len(known), completed=min(sealed * config.part, len(known)))
        for number in range(sealed, -(-len(known) // config.part)):
            chunk = known[number * config.part : (number + 1) * config.part]
            asked = [items[row.item] for row in chunk]
            prompts = [Prompt(messages(item), [images.open(digest) for digest in item.images]) for item in asked]
            found = gold_logprobs(
                checkpoint, prompts, [row.response for row in chunk], [item.gold for item in asked], batch=config.batch
            )
            write_part(out, number, [_row(*one) for one in zip(chunk, asked, found, strict=True)])
            bar.advance(task, len(chunk))
    write_manifest(out, config, seeds={}, data=data, started=started, more={"rows": len(known)})
    return unknown


def _row(row: TraceRow, item: Item, logprobs: Sequence[float]) -> dict[str, Any]:
    return {
        "item_id": row.item,
        "arm": row.group,
        "question": item.question,
        "gold": item.gold,
        "verifier": item.verifier.value,
        "options": list(item.options),
        "response": row.response,
        "correct": row.right,
        "completion_tokens": row.tokens,
        "step_truth": None if row.truth is None else list(row.truth),
        "gold_logprobs": list(logprobs),
    }
