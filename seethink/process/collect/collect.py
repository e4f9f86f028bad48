"""Collecting: labels for many solutions, sealed in parts with what they cost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import Field

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.tables import claim, data_hash, parts, read_rows, write_manifest, write_part
from seethink.evaluation.bar import progress_bar
from seethink.process.collect.completer import Cost
from seethink.process.collect.labels import Collector, Labelled, LabelRow, Solution


class CollectionConfig(Config):
    """How a collection runs."""

    part: int = Field(default=16, ge=1)
    """Solutions per sealed part: what a kill can lose."""


def collect(
    config: CollectionConfig,
    collector: Collector,
    solutions: Sequence[Solution],
    out: Path,
    *,
    made_of: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Label every solution; the table lies in ``out``, its manifest says what a label cost in tokens.

    Args:
        made_of: hashes of what the labels depend on beside the collector's settings: the completer's weights, say.
    """
    started = time.time()
    data = {"solutions": data_hash([one.item.id, one.text] for one in solutions), **collector.identity, **made_of}
    if claim(out, config, data):
        return list(read_rows(out))
    sealed = len(parts(out))
    with progress_bar("label steps", len(solutions), min(sealed * config.part, len(solutions))) as told:
        for number in range(sealed, -(-len(solutions) // config.part)):
            chunk = solutions[number * config.part : (number + 1) * config.part]
            write_part(out, number, [labelled_record(one) for one in collector.label(chunk)])
            told(len(chunk), "")
    rows = list(read_rows(out))
    cost = total_cost(rows)
    labels = sum(value is not None for row in rows for value in row["values"])
    write_manifest(
        out,
        config,
        seeds={},
        data=data,
        started=started,
        cost={**asdict(cost), "labels": labels, "tokens_per_label": cost.tokens / labels if labels else 0.0},
        more={"resumed_parts": sealed, "undecided": sum(not row["decided"] for row in rows)},
    )
    return rows


def labelled_record(labelled: Labelled) -> dict[str, Any]:
    """One solution's labels as a row of a table."""
    told = labelled.solution
    return {
        "item_id": told.item.id,
        "source": told.item.source,
        "question": told.item.question,
        "images": list(told.item.images),
        "response": told.text,
        "right": told.right,
        "steps": list(told.steps),
        "starts": list(told.starts),
        "values": [None if value is None else float(value) for value in labelled.values],
        "first_error": labelled.first_error,
        "decided": labelled.decided,
        "more": json.dumps(list(labelled.rows), ensure_ascii=False),
        **asdict(labelled.cost),
    }


def total_cost(rows: Sequence[Mapping[str, Any]]) -> Cost:
    names = asdict(Cost()).keys()
    return Cost(**{name: sum(int(row[name]) for row in rows) for name in names})


def released_rows(rows: Sequence[Mapping[str, Any]], images: ImageStore, folder: Path) -> Iterator[LabelRow]:
    """A collection in the released form: every whole response with its outcome, every labelled start and the further
    rows of a tree, each process once. Pictures are copied below ``folder``; items of several have no place in that form
    and are left out."""
    seen = set[tuple[str, str, str]]()
    for row in rows:
        if len(row["images"]) != 1:
            continue
        [digest] = row["images"]
        path = f"images/{digest}.png"
        if not (folder / path).exists():
            (folder / "images").mkdir(parents=True, exist_ok=True)
            images.open(digest).save(folder / path)
        known = [(start, value) for start, value in zip(row["starts"], row["values"], strict=True) if value is not None]
        for process, value in [(row["response"], float(row["right"])), *known, *json.loads(row["more"])]:
            key = digest, row["question"], process
            if key not in seen:
                seen.add(key)
                yield LabelRow(path, row["question"], process, float(value), {"source": row["source"]})
