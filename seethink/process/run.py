"""What the commands of process rewards do: label, bench. Each goes on where it was killed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.protocols import Reward, StepScorer
from seethink.core.rejected import InputError
from seethink.core.tables import data_hash, write_json, write_manifest, write_rows
from seethink.process.best_of_n import best_of_n_results, own_against_value
from seethink.process.collect.collect import collect, released_rows
from seethink.process.collect.judged import JudgeOnly, JudgeOnlyConfig
from seethink.process.collect.labels import Collector, solution
from seethink.process.collect.monte_carlo import (
    Agreement,
    AgreementConfig,
    BinaryConfig,
    BinarySearch,
    Exhaustive,
    ExhaustiveConfig,
)
from seethink.process.collect.policy import Policy, PolicyConfig
from seethink.process.collect.rows import write_rows_file
from seethink.process.collect.tree import TreeConfig, TreeSearch
from seethink.process.judged import JudgedSteps
from seethink.process.pool import Pool, pool_row
from seethink.process.score import score_pools
from seethink.process.scorers import ScorerConfig, is_outcome, made_of, step_scorer
from seethink.process.settings import BenchTask, LabelTask


def bench(task: BenchTask, found: Sequence[Pool], images: ImageStore, out: Path) -> dict[str, Any]:
    """Score every pool with every scorer and write ``results.json``, ``rows/`` and the figures' data to ``out``.

    Raises:
        InputError: no pool, or none with as many candidates as the smallest N.
    """
    started = time.time()
    if not found or max(len(pool.candidates) for pool in found) < min(task.ns):
        raise InputError(f"no pool has {min(task.ns)} candidates: sample more (seethink eval draws=16), or lower ns")
    scored = []
    for name, config in task.scorers.items():
        with _scorer(config, images, out / "ledger") as scorer:
            made = made_of(config)
            scored.append(score_pools(task.scoring, name, scorer, found, out / "scores" / name, made_of=made))
    results = best_of_n_results(
        found,
        scored,
        outcome=[name for name, config in task.scorers.items() if is_outcome(config)],
        aggregations=task.aggregations,
        ns=task.ns,
        average_ties=task.average_ties,
        split_by=task.split_by,
        seed=task.seed,
    )
    if task.own:
        results["own_against_value"] = own_against_value(results, task.own, max(task.ns), task.aggregations[0])
    write_json(out / "results.json", results)
    write_rows(out / "rows", (_flat(row) for row in results["rows"]))
    data = {"pools": data_hash(map(pool_row, found))}
    write_manifest(out, task, seeds={"intervals": task.seed}, data=data, started=started)
    return results


def label(
    task: LabelTask, found: Sequence[Pool], images: ImageStore, reward: Reward, out: Path
) -> list[dict[str, Any]]:
    """Label every decided candidate: ``out/labels`` is the table, ``out/rows.jsonl`` its released form."""
    solutions = [
        solution(pool.item, one.text, bool(one.hit), task.splitting)
        for pool in found
        for one in pool.candidates
        if one.hit is not None and not (task.only_wrong and one.hit)
    ]
    solutions = [one for one in solutions if one.steps]
    if not solutions:
        raise InputError("no solution with steps and a verdict: check the splitting, or sample more responses")
    made = {"policy": _policy_hash(task.policy)}
    if task.judge is not None:
        made |= {f"judge {key}": value for key, value in made_of(task.judge).items()}
    if task.weak is not None:
        made["weak"] = _policy_hash(task.weak)
    with _collector(task, images, reward, out) as collector:
        rows = collect(task.collection, collector, solutions, out / "labels", made_of=made)
    write_rows_file(out / "rows.jsonl", released_rows(rows, images, out))
    return rows


@contextmanager
def _collector(task: LabelTask, images: ImageStore, reward: Reward, out: Path) -> Iterator[Collector]:
    config = task.collector
    needs_judge = isinstance(config, JudgeOnlyConfig) or (isinstance(config, TreeConfig) and config.weight < 1)
    if needs_judge and task.judge is None:
        raise InputError(
            f"collector {config.kind} asks a judge: name one as judge, or set collector.weight=1 of a tree"
        )
    with _scorer(task.judge, images, out / "ledger") as judge:
        match config:
            case JudgeOnlyConfig():
                assert judge is not None
                yield JudgeOnly(config, judge)
            case ExhaustiveConfig():
                yield Exhaustive(config, _policy(task.policy, images, reward))
            case BinaryConfig():
                yield BinarySearch(config, _policy(task.policy, images, reward))
            case TreeConfig():
                yield TreeSearch(config, _policy(task.policy, images, reward), judge)
            case AgreementConfig():
                if task.weak is None:
                    raise InputError("collector agreement needs a second completer: name it as weak")
                yield Agreement(config, _policy(task.weak, images, reward), _policy(task.policy, images, reward))


@contextmanager
def _scorer(config: ScorerConfig | None, images: ImageStore, ledger: Path) -> Iterator[Any]:
    scorer: StepScorer | None = step_scorer(config, images, ledger) if config is not None else None
    try:
        yield scorer
    finally:
        if isinstance(scorer, JudgedSteps):
            scorer.close()


def _policy(config: PolicyConfig, images: ImageStore, reward: Reward) -> Policy:
    from seethink.models.device import own_device
    from seethink.models.load import load_checkpoint

    checkpoint = load_checkpoint(config.model, dtype=config.dtype, max_pixels=config.max_pixels)
    checkpoint.model.to(own_device())
    return Policy(config, checkpoint, images, reward)


def _policy_hash(config: PolicyConfig) -> str:
    from seethink.core.config import config_hash
    from seethink.models.load import weights_hash

    return f"{config_hash(config)} {weights_hash(config.model)}"


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    """One row of the matrix as a row of a table."""
    told = {key: value for key, value in row.items() if not isinstance(value, dict)}
    for name in ("accuracy", "weighted_vote"):
        told |= {f"{name}_{key}": value for key, value in row[name].items()}
    for other, found in row["minus"].items():
        told |= {f"minus_{other}_{key}": value for key, value in found.items()}
    return told
