"""What the commands of process rewards do: bench, search, construct. Each goes on where it was killed."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seethink.analysis.compare import interval
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.core.tables import (
    claim,
    data_hash,
    parts,
    read_rows,
    write_manifest,
    write_part,
    write_rows,
)
from seethink.evaluation.bar import progress_bar
from seethink.process.beam import Found, beam_search
from seethink.process.best_of_n import best_of_n_results
from seethink.process.collect.completer import Cost, total_cost
from seethink.process.collect.policy import open_policy, policy_hash
from seethink.process.construct import build, preferences
from seethink.process.findings import own_accuracy, own_against_value
from seethink.process.pool import Pool, pool_row
from seethink.process.results import seal_results
from seethink.process.score import score_pools
from seethink.process.scorers import TruthConfig, is_outcome, made_of, opened_scorer
from seethink.process.settings import BenchTask, ConstructTask, SearchTask
from seethink.process.split_by import split_parts


def bench(task: BenchTask, found: Sequence[Pool], images: ImageStore, out: Path) -> dict[str, Any]:
    """Score every pool with every scorer and write ``results.json``, ``rows/`` and the figures' data to ``out``.

    Raises:
        InputError: no pool, none with as many candidates as the smallest N, or ``own`` names a model without answers.
    """
    started = time.time()
    if not found or max(len(pool.candidates) for pool in found) < min(task.ns):
        raise InputError(f"no pool has {min(task.ns)} candidates: sample more (seethink eval draws=16), or lower ns")
    split_parts((pool.item for pool in found), task.split_by)  # An unknown key is told before anything is scored.
    own = own_accuracy(found)
    if unknown := sorted(set(task.own.values()) - own.keys()):
        raise InputError(f"own names {unknown}, whose answers are in no pool: there are those of {sorted(own)}")
    scored = []
    for name, config in task.scorers.items():
        with opened_scorer(config, images, out / "ledger") as scorer:
            made = made_of(config)
            scored.append(score_pools(task.scoring, name, scorer, found, out / "scores" / name, made_of=made))
    results = best_of_n_results(
        found,
        scored,
        outcome=[name for name, config in task.scorers.items() if is_outcome(config)],
        against=task.against,
        averaged=[name for name, config in task.scorers.items() if not isinstance(config, TruthConfig)] or None,
        aggregations=task.aggregations,
        ns=task.ns,
        average_ties=task.average_ties,
        split_by=task.split_by,
        seed=task.seed,
        resamples=task.resamples,
    )
    models = {name: task.own.get(name, name) for name in task.scorers}
    if any(model in own for model in models.values()):
        results["own_against_value"] = own_against_value(results, models, own, task.aggregations[0])
    write_rows(out / "rows", (_flat(row) for row in results["rows"]))
    data = {"pools": data_hash(map(pool_row, found))}
    costs = {one.name: one.cost for one in scored}
    seal_results(out, task, results, costs, seeds={"intervals": task.seed}, data=data, started=started)
    return results


def search(task: SearchTask, items: Sequence[Item], images: ImageStore, reward: Reward, out: Path) -> dict[str, Any]:
    """One response per item by step-level beam search; ``out/responses`` holds them, ``out/results.json`` what they are
    worth and what they cost."""
    started = time.time()
    made = {"policy": policy_hash(task.policy), **made_of(task.scorer)}
    data = {"items": data_hash(item.id for item in items), **made}
    folder = out / "responses"
    if not claim(folder, task, data):
        sealed = len(parts(folder))
        policy = open_policy(task.policy, images, reward)
        beam = task.beam.model_copy(update={"splitting": task.beam.splitting or task.policy.splitting})
        done = min(sealed * task.part, len(items))
        with (
            opened_scorer(task.scorer, images, out / "ledger") as scorer,
            progress_bar("search", len(items), done) as told,
        ):
            for number in range(sealed, -(-len(items) // task.part)):
                chunk = items[number * task.part : (number + 1) * task.part]
                found = [beam_search(item, policy, scorer, beam) for item in chunk]
                write_part(folder, number, [_found_row(*pair) for pair in zip(chunk, found, strict=True)])
                told(len(chunk), "")
        write_manifest(folder, task, seeds={"beam": task.beam.seed}, data=data, started=started)
    rows = list(read_rows(folder))
    hits = [float(row["right"]) for row in rows if row["right"] is not None]
    results = {
        "accuracy": asdict(interval(hits)),
        "undecided": len(rows) - len(hits),
        "tokens_per_item": sum(row["tokens"] for row in rows) / len(rows),
    }
    cost = {"search": total_cost(rows)}
    seal_results(out, task, results, cost, seeds={"beam": task.beam.seed}, data=data, started=started)
    return results


def construct(task: ConstructTask, found: Sequence[Pool], images: ImageStore, out: Path) -> dict[str, Any]:
    """The items that prefer process scoring, per source: ``out/results.json`` names them, ``out/preferences`` holds
    every item's indicator.

    Raises:
        InputError: a quota cannot be filled.
    """
    started = time.time()
    pairs = {}
    costs: dict[str, Cost | None] = {}
    for name, pair in task.pairs.items():
        both = []
        for kind, config in (("steps", pair.steps), ("response", pair.response)):
            with opened_scorer(config, images, out / "ledger") as scorer:
                folder = out / "scores" / f"{name}-{kind}"
                both.append(score_pools(task.scoring, name, scorer, found, folder, made_of=made_of(config)))
                costs[f"{name}-{kind}"] = both[-1].cost
        pairs[name] = (both[0], both[1])
    told = preferences(found, pairs, variant=task.variant, ns=task.ns)
    write_rows(out / "preferences", (one._asdict() for one in told))
    chosen = build(told, task.quotas)
    results = {"variant": task.variant.value, "items": len(told), "chosen": chosen}
    data = {"pools": data_hash(map(pool_row, found))}
    seal_results(out, task, results, costs, seeds={}, data=data, started=started)
    return results


def _found_row(item: Item, found: Found) -> dict[str, Any]:
    score = None if math.isnan(found.score) else found.score
    return {"item_id": item.id, "response": found.text, "score": score, "right": found.right, **asdict(found.cost)}


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the matrix as a row of a table."""
    told = {key: value for key, value in row.items() if not isinstance(value, dict)}
    for name in ("accuracy", "weighted_vote"):
        told |= {f"{name}_{key}": value for key, value in row[name].items()}
    for kind in ("minus", "vote_minus"):
        for other, found in row[kind].items():
            told |= {f"{kind}_{other}_{key}": value for key, value in found.items()}
    return told
