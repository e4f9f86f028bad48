"""Collecting: labels for many solutions or questions, sealed in parts with what they cost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from pydantic import Field

from seethink.core.config import Config
from seethink.core.item import Item
from seethink.core.tables import claim, data_hash, parts, read_rows, write_manifest, write_part
from seethink.evaluation.bar import progress_bar
from seethink.process.collect.completer import total_cost
from seethink.process.collect.labels import Collector, Labelled, Process, Solution
from seethink.process.collect.tree import Tree, TreeSearch, ends, processes


class CollectionConfig(Config):
    """How a collection runs."""

    part: int = Field(default=16, ge=1)
    """Solutions or questions per sealed part: what a kill can lose."""


T = TypeVar("T")


def collect(
    task: Config,
    collector: Collector,
    solutions: Sequence[Solution],
    out: Path,
    *,
    part: int,
    made_of: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Label every solution; the table lies in ``out``, its manifest says what a label cost in tokens.

    Args:
        task: every setting that decides the labels, down to the mix of a tree's values; the manifest holds it.
        part: solutions per sealed part.
        made_of: hashes of what the labels depend on beside the settings: the completer's weights, say.
    """
    data = {"solutions": data_hash([one.item.id, one.text, one.right] for one in solutions), **made_of}
    return _sealed(
        task,
        "label steps",
        solutions,
        lambda chunk: [labelled_record(one) for one in collector.label(chunk)],
        out,
        part=part,
        data={**collector.identity, **data},
    )


def collect_trees(
    task: Config,
    searcher: TreeSearch,
    items: Sequence[Item],
    out: Path,
    *,
    part: int,
    made_of: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Grow a tree per question from nothing but the question (ViLReward); else as ``collect``."""
    return _sealed(
        task,
        "grow trees",
        items,
        lambda chunk: [tree_record(one, searcher) for one in searcher.search(chunk)],
        out,
        part=part,
        data={**searcher.identity, "items": data_hash([one.id, one.gold] for one in items), **made_of},
    )


def labelled_record(labelled: Labelled) -> dict[str, Any]:
    """One solution's labels as a row of a table."""
    told, grown = labelled.solution, labelled.ends
    return {
        **_asked(told.item),
        "response": told.text,
        "right": told.right,
        "steps": list(told.steps),
        "starts": list(told.starts),
        "values": [None if value is None else float(value) for value in labelled.values],
        "first_error": labelled.first_error,
        "decided": labelled.decided,
        "right_ends": None if grown is None else grown.right,
        "wrong_ends": None if grown is None else grown.wrong,
        "processes": _as_json(labelled.processes),
        "labels": sum(value is not None for value in labelled.values),
        **asdict(labelled.cost),
    }


def tree_record(tree: Tree, searcher: TreeSearch) -> dict[str, Any]:
    """What a question's own tree has labelled, as a row of a table of the same columns."""
    grown, told = ends(tree), list(processes(tree, searcher.config))
    return {
        **_asked(tree.item),
        "response": None,
        "right": None,
        "steps": [],
        "starts": [],
        "values": [],
        "first_error": None,
        "decided": None,
        "right_ends": grown.right,
        "wrong_ends": grown.wrong,
        "processes": _as_json(told),
        "labels": len(told),
        **asdict(tree.cost),
    }


def labels_cost(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What a table's labels cost in all, and a label in tokens: generated, by completers and judges, and read."""
    cost, labels = total_cost(rows), sum(row["labels"] for row in rows)
    generated, read = cost.tokens + cost.judge_tokens, cost.prompt_tokens + cost.judge_prompt_tokens
    return {
        **asdict(cost),
        "labels": labels,
        "tokens_per_label": generated / labels if labels else 0.0,
        "read_tokens_per_label": read / labels if labels else 0.0,
    }


def _sealed(
    task: Config,
    title: str,
    asked: Sequence[T],
    labelled: Callable[[Sequence[T]], list[dict[str, Any]]],
    out: Path,
    *,
    part: int,
    data: Mapping[str, str],
) -> list[dict[str, Any]]:
    """The table of all that is asked, a part at a time; a finished one is read, a killed one gone on with."""
    started = time.time()
    if claim(out, task, data):
        return list(read_rows(out))
    sealed = len(parts(out))
    with progress_bar(title, len(asked), min(sealed * part, len(asked))) as told:
        for number in range(sealed, -(-len(asked) // part)):
            chunk = asked[number * part : (number + 1) * part]
            write_part(out, number, labelled(chunk))
            told(len(chunk), "")
    rows = list(read_rows(out))
    write_manifest(
        out,
        task,
        seeds={},
        data=data,
        started=started,
        cost=labels_cost(rows),
        more={"resumed_parts": sealed, "undecided": sum(row["decided"] is False for row in rows)},
    )
    return rows


def _asked(item: Item) -> dict[str, Any]:
    return {"item_id": item.id, "source": item.source, "question": item.question, "images": list(item.images)}


def _as_json(told: Sequence[Process]) -> str:
    return json.dumps([list(one) for one in told], ensure_ascii=False)
