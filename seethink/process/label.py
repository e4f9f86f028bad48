"""What ``seethink process label`` does: a collector from its settings, its table, and the rows released of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import data_hash, write_manifest, write_rows
from seethink.process.collect.collect import collect, collect_trees, labels_cost
from seethink.process.collect.judged import JudgeOnly, JudgeOnlyConfig
from seethink.process.collect.labels import Collector, Solution, solution
from seethink.process.collect.monte_carlo import (
    Agreement,
    AgreementConfig,
    BinaryConfig,
    BinarySearch,
    Exhaustive,
    ExhaustiveConfig,
)
from seethink.process.collect.outcome import Outcome, OutcomeConfig
from seethink.process.collect.policy import open_policy, policy_hash
from seethink.process.collect.release import Released, release
from seethink.process.collect.rows import write_rows_file
from seethink.process.collect.tree import TreeConfig, TreeSearch
from seethink.process.pool import Pool
from seethink.process.scorers import made_of, opened_scorer, require_steps, scale
from seethink.process.settings import LabelTask


def label(task: LabelTask, found: Sequence[Pool], images: ImageStore, reward: Reward, out: Path) -> Released:
    """Label every different decided candidate: ``out/labels`` is the table, ``out/rows.jsonl`` its released form,
    ``out/set_aside`` what has no place in that one.

    Raises:
        InputError: no solution, or settings that contradict each other.
    """
    started = time.time()
    task = _settled(task)
    solutions, rejected = _solutions(task, found)
    if not solutions:
        raise InputError("no solution with steps and a verdict: check the splitting, or sample more responses")
    with _collector(task, images, reward, out) as collector:
        rows = collect(
            task, collector, solutions, out / "labels", part=task.collection.part, made_of=_labels_made_of(task)
        )
    return _released(task, rows, rejected, images, out, started)


def label_questions(task: LabelTask, items: Sequence[Item], images: ImageStore, reward: Reward, out: Path) -> Released:
    """A tree per question from the items alone; what it writes is as of ``label``.

    Raises:
        InputError: the collector is no tree, or settings contradict each other.
    """
    started = time.time()
    task = _settled(task)
    if not isinstance(task.collector, TreeConfig):
        raise InputError(
            f"collector {task.collector.kind} labels solutions: give --responses, or set collector.kind=tree, which "
            "writes its own"
        )
    different = list({item.id: item for item in items}.values())
    with _collector(task, images, reward, out) as searcher:
        assert isinstance(searcher, TreeSearch)
        rows = collect_trees(
            task, searcher, different, out / "labels", part=task.collection.part, made_of=_labels_made_of(task)
        )
    return _released(task, rows, [], images, out, started)


def _solutions(task: LabelTask, found: Sequence[Pool]) -> tuple[list[Solution], list[Rejected]]:
    """Every different candidate as a solution; one without a verdict or without steps is set aside."""
    different = {(pool.item.id, one.text): (pool.item, one) for pool in found for one in pool.candidates}
    solutions, rejected = list[Solution](), list[Rejected]()
    for item, one in different.values():
        made = solution(item, one.text, bool(one.hit), task.splitting)
        if one.hit is None or not made.steps:
            reason = "a response without a verdict" if one.hit is None else "a response without steps"
            rejected.append(Rejected(reason, repr(one.text[-80:]), item.id, item.source))
        elif not (task.only_wrong and made.right):
            solutions.append(made)
    return solutions, rejected


def _settled(task: LabelTask) -> LabelTask:
    """The task with its judge's scale in it.

    Raises:
        InputError: a judge or a second completer is missing, or has another scale than the collector is told.
    """
    config = task.collector
    if isinstance(config, AgreementConfig) and task.weak is None:
        raise InputError("collector agreement needs a second completer: name it as weak")
    if not (isinstance(config, JudgeOnlyConfig) or (isinstance(config, TreeConfig) and config.weight < 1)):
        return task
    if task.judge is None:
        raise InputError(
            f"collector {config.kind} asks a judge: name one as judge, or set collector.weight=1 of a tree"
        )
    require_steps(task.judge, "judge")
    told = dict(zip(("lowest", "highest"), scale(task.judge), strict=True))
    for name, bound in told.items():
        if name in config.model_fields_set and getattr(config, name) != bound:
            raise InputError(
                f"collector.{name} is {getattr(config, name):g}, and a judge of kind {task.judge.kind} scores from "
                f"{told['lowest']:g} to {told['highest']:g}: leave it out, it is taken from the judge"
            )
    return task.model_copy(update={"collector": config.model_copy(update=told)})


def _labels_made_of(task: LabelTask) -> dict[str, str]:
    """Hashes of the weights and prompts that labels depend on."""
    needs_policy = not isinstance(task.collector, JudgeOnlyConfig | OutcomeConfig)
    made = {"policy": policy_hash(task.policy)} if needs_policy else {}
    if task.judge is not None:
        made |= {f"judge {key}": value for key, value in made_of(task.judge).items()}
    if task.weak is not None:
        made["weak"] = policy_hash(task.weak)
    return made


def _released(
    task: LabelTask,
    rows: Sequence[Mapping[str, Any]],
    rejected: Sequence[Rejected],
    images: ImageStore,
    out: Path,
    started: float,
) -> Released:
    most = task.collector.most_rows if isinstance(task.collector, TreeConfig) else None
    released = release(rows, images, out, most)
    released.rejected[:0] = rejected
    write_rows_file(out / "rows.jsonl", released.rows)
    write_rows(out / "set_aside", (one._asdict() for one in released.rejected))
    write_manifest(
        out,
        task,
        seeds={},
        data={"labels": data_hash(rows)},
        started=started,
        cost=labels_cost(rows),
        more={"rows": len(released.rows), "set_aside": released.reasons},
    )
    return released


@contextmanager
def _collector(task: LabelTask, images: ImageStore, reward: Reward, out: Path) -> Iterator[Collector]:
    config = task.collector
    with opened_scorer(task.judge, images, out / "ledger") if task.judge else nullcontext() as judge:
        match config:
            case JudgeOnlyConfig():
                assert judge is not None
                yield JudgeOnly(config, judge)
            case OutcomeConfig():
                yield Outcome(config)
            case ExhaustiveConfig():
                yield Exhaustive(config, open_policy(task.policy, images, reward))
            case BinaryConfig():
                yield BinarySearch(config, open_policy(task.policy, images, reward))
            case TreeConfig():
                yield TreeSearch(config, open_policy(task.policy, images, reward), judge)
            case AgreementConfig():
                assert task.weak is not None
                yield Agreement(
                    config, open_policy(task.weak, images, reward), open_policy(task.policy, images, reward)
                )
