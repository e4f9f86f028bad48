"""Step 1, collect: items of all sources in one table, each once (VLAA-Thinking section 2, step 1)."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from typing import Any

from rich.console import Console

from seethink import __version__
from seethink.core.item import Item, item_row, own_id
from seethink.core.rejected import Rejected
from seethink.core.tables import write_manifest, write_part
from seethink.data.config import DataConfig
from seethink.data.progress import CollectLine
from seethink.data.row import Row, rejection_record, row_record
from seethink.data.stage import Stage, empty, recipe_hash, sign


def collect(
    items: Iterable[Item | Rejected], *, one_question_per_picture: bool = False
) -> Iterator[Row | tuple[Item | None, Rejected]]:
    """Rows in the order of ``items``; a rejection comes with its item, or with None where none could be read.

    Reasons: those of the sources, "duplicate item" (same content as an earlier one), "picture already used" (only on
    request).
    """
    seen: set[str] = set()
    pictures: set[str] = set()
    for item in items:
        if isinstance(item, Rejected):
            yield None, item
        elif item.id in seen:
            yield item, Rejected("duplicate item", "an earlier item asks the same of the same picture", own_id(item))
        elif one_question_per_picture and not pictures.isdisjoint(item.images):
            yield item, Rejected("picture already used", "an earlier item has this picture", own_id(item))
        else:
            seen.add(item.id)
            pictures.update(item.images)
            yield Row(item)


def collect_table(
    items: Iterable[Item | Rejected], config: DataConfig, stage: Stage, console: Console | None = None
) -> str:
    """Write the collected table anew, which costs nothing; returns the hash of its recipe, equal for equal rows."""
    with CollectLine(console) as line:
        return _write(items, config, stage, line)


def _write(items: Iterable[Item | Rejected], config: DataConfig, stage: Stage, line: CollectLine) -> str:
    started = time.time()
    empty(stage)
    digest = hashlib.sha256()
    kept: list[dict[str, Any]] = []
    aside: list[dict[str, Any]] = []
    number = rows = rejections = 0
    for outcome in collect(items, one_question_per_picture=config.one_question_per_picture):
        if isinstance(outcome, Row):
            digest.update(json.dumps(item_row(outcome.item), sort_keys=True, ensure_ascii=False).encode())
            kept.append(row_record(outcome))
            rows += 1
            line(None)
        else:
            item, rejected = outcome
            aside.append(rejection_record("collect", rejected, item))
            rejections += 1
            line(rejected)
        if max(len(kept), len(aside)) == config.part_rows:
            _seal(stage, number, kept, aside)
            number, kept, aside = number + 1, [], []
    if kept or aside:
        _seal(stage, number, kept, aside)
    recipe = {"step": "collect", "version": __version__, "part_rows": config.part_rows, "items": digest.hexdigest()}
    sign(stage, recipe)
    write_manifest(
        stage.folder,
        config,
        seeds={},
        data={"items": digest.hexdigest()[:12]},
        started=started,
        more={"rows": rows, "rejected": rejections},
    )
    return recipe_hash(recipe)


def _seal(stage: Stage, number: int, kept: list[dict[str, Any]], aside: list[dict[str, Any]]) -> None:
    write_part(stage.rejected, number, aside)
    write_part(stage.rows, number, kept)
