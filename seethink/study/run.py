"""The main job: every arm with every seed, from data to responses; then controls, comparison, results and report.

Arms share what they do not change, by key and by content (``stages``). The same call, in one process or in several at
once, goes on wherever the work stands; the controls are read back from what every stage recorded.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from seethink.analysis import (
    ArmRecord,
    Run,
    Traces,
    load_registration,
    print_comparison,
    study_of,
    tell_study,
    write_study_data,
)
from seethink.core.graded import GradedResponse, graded_from_row
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.lock import Held, held
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows, write_text
from seethink.evaluation.run import evaluate
from seethink.models.device import use_threads
from seethink.study.budget import matched_completions
from seethink.study.controls import Records, check_declared, check_matched, compare_controls, lasting
from seethink.study.data import build_world_data, read_data
from seethink.study.recorded import read_run
from seethink.study.rewards import evaluation_judges
from seethink.study.sets import TraceSetConfig, corrupted, read_items, read_traces, write_items, write_traces
from seethink.study.settings import StudyConfig, with_seed
from seethink.study.stages import (
    DataRun,
    DataSet,
    Evaluation,
    StudyPlan,
    Task,
    Training,
    finished,
    folder_of,
    model_of,
    plan_study,
)
from seethink.study.stages import Run as PlannedRun
from seethink.study.step_columns import steps_truth
from seethink.study.training import train_on_items
from seethink.study.work import work_off
from seethink.training.processes import first_process
from seethink.training.sft import SFTConfig, train_sft
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.truth import WorldTruth

HELD = 75
"""Exit status of a process that found its stage in the works of another (EX_TEMPFAIL)."""

_STUDY = "study.yaml"
"""The study as launched processes read it."""

_REPORT_PATIENCE = 3_600.0
"""Seconds to wait while another process writes the report."""


def run_study(
    config: StudyConfig, out: Path, console: Console | None = None, *, stages: Path | None = None
) -> dict[str, Any]:
    """Run every arm and compare; writes ``results.json`` and ``report.html`` under ``out`` and returns the results.

    Args:
        stages: folder of what stages leave, to share it between studies; ``out`` where None.
    """
    started, shop = time.time(), _workshop(config, out, stages, console)
    if config.launcher:
        write_text(out / _STUDY, yaml.safe_dump(config.model_dump(mode="json", by_alias=True, exclude_unset=True)))
    plan = shop.run_all()
    with held(out / "results.lock", wait=_REPORT_PATIENCE):
        return _conclude(config, plan, shop, out, started)


def make_stage(
    config: StudyConfig, name: str, out: Path, console: Console | None = None, *, stages: Path | None = None
) -> bool:
    """Make one stage of a study, in as many processes as a launcher started; False where others are at it.

    InputError where no stage has this name, or what it needs is not finished.
    """
    shop = _workshop(config, out, stages, console)
    plan = plan_study(config, matched_completions(config, shop.root))
    tasks = {task.name: task for task in plan.tasks}
    if name not in tasks:
        raise InputError(f"no stage is called {name!r}: seethink study --dry-run lists them")
    for need in tasks[name].needs:
        if not finished(need, shop.root):
            raise InputError(f"{name} needs {need.name}, which is not finished: make it first")
    try:
        with held(shop.lock(tasks[name])) if first_process() else nullcontext():
            shop.make(tasks[name])
    except Held:
        return False
    return True


def _workshop(config: StudyConfig, out: Path, stages: Path | None, console: Console | None) -> _Workshop:
    if config.threads:
        use_threads(config.threads)
    return _Workshop(config, out, stages or out, console or Console())


@dataclass
class _Workshop:
    """Makes tasks below one folder, ``root``, for the study of another, ``out``."""

    config: StudyConfig
    out: Path
    root: Path
    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def images(self) -> ImageStore:
        return ImageStore(self.root / "images")

    def run_all(self) -> StudyPlan:
        """Every task of the study. Arms whose settings depend on stages are planned once these are finished."""
        done: set[str] = set()
        while True:
            plan = plan_study(self.config, matched_completions(self.config, self.root))
            tasks = {_name(task): task for task in plan.tasks}
            work_off(
                tasks,
                lambda task: [_name(one) for one in task.needs],
                self._claim,
                partial(self._next, done=done, count=len(tasks)),
                finished=done,
                waiting=lambda names: self.console.print(f"another process is at {', '.join(names)}: waiting"),
            )
            if not plan.waiting:
                return plan

    def lock(self, task: Task) -> Path:
        """The file whose holder makes the task."""
        # Sets of one data run measure below its folder: one at a time.
        name = f"sets-of-{task.run.name}" if isinstance(task, DataSet) else _name(task).replace("/", "-")
        return self.root / "locks" / f"{name}.lock"

    def _claim(self, task: Task) -> Path:
        """What this process holds meanwhile: a launched training holds its own lock."""
        lock = self.lock(task)
        return lock.with_suffix(".launch") if self._launched(task) else lock

    def _launched(self, task: Task) -> bool:
        return bool(self.config.launcher) and isinstance(task, Training) and not finished(task, self.root)

    def _next(self, task: Task, done: set[str], count: int) -> None:
        began, fresh = time.time(), not finished(task, self.root)
        if fresh:
            self.console.print(f"[dim]{len(done) + 1} of {count}[/] {_name(task)}")
        if self._launched(task):
            self._launch(task)
        else:
            self.make(task)
        if fresh:
            self.seconds[_name(task)] = round(time.time() - began, 1)

    def _launch(self, task: Task) -> None:
        """Run the training in the processes of the study's launcher. Held where others are at it."""
        words = [*self.config.launcher, "-m", "seethink.cli", "study", str(self.out / _STUDY), "--out", str(self.out)]
        ended = subprocess.run([*words, "--stages", str(self.root), "--stage", task.name], check=False)
        if ended.returncode == HELD:
            raise Held(task.name)
        if ended.returncode:
            raise InputError(f"{task.name}: its launcher ended with {ended.returncode}; what it said stands above")

    def make(self, task: Task) -> None:
        """Make a task, go on with one left unfinished, or leave a finished one as it is."""
        folder = folder_of(task, self.root)
        match task:
            case DataRun():
                build_world_data(task.world, task.teacher, task.data, self.images, folder, self.console)
            case DataSet():
                self._choose(task, folder)
            case Training():
                self._train(task, folder)
            case Evaluation():
                self._evaluate(task, folder)

    def _choose(self, task: DataSet, folder: Path) -> None:
        run = folder_of(task.run, self.root)
        if isinstance(task.config, TraceSetConfig):
            write_traces(task.config, run, task.base, self.images, folder, WorldTruth())
        else:
            write_items(task.config, run, task.base, self.images, folder)

    def _train(self, task: Training, folder: Path) -> None:
        rows, start = folder_of(task.rows, self.root), model_of(task.start, self.root)
        if isinstance(task.settings, SFTConfig):
            train_sft(task.settings, start, read_traces(rows), self.images, folder)
        else:
            train_on_items(task.settings, start, read_items(rows), self.images, folder)

    def _evaluate(self, task: Evaluation, folder: Path) -> None:
        heldout = corrupted(self.heldout(task.heldout), task.pictures, self.images)
        start = model_of(task.model, self.root)
        # Rows carry the arm's name only once they are read: arms may share a checkpoint.
        evaluate(
            task.config,
            task.name,
            start,
            heldout,
            self.images,
            evaluation_judges(heldout),
            folder,
            truth=WorldTruth(),
        )

    def heldout(self, config: WorldConfig) -> list[Item]:
        return [item for item in WorldSource(config).items(self.images) if isinstance(item, Item)]


def _name(task: Any) -> str:
    return f"{task.kind}/{task.name}"


def _conclude(config: StudyConfig, plan: StudyPlan, shop: _Workshop, out: Path, started: float) -> dict[str, Any]:
    records = {run.arm: dict[int, Records]() for run in plan.runs}
    for run in plan.runs:
        records[run.arm][run.seed] = read_run(run, shop.root)
    declared = {arm: config.arms[arm].declared for arm in records}
    controls = compare_controls(records, declared, config.accept)
    check_matched(controls)
    for run in plan.runs:
        check_declared(run.arm, records[run.arm][run.seed], _settings_trees(run))
    responses = {(run.arm, run.seed): _responses(run, shop.root) for run in plan.runs}
    study = study_of(
        out.name,
        {arm: _arm_record(config, arm, by_seed) for arm, by_seed in records.items()},
        [
            Run(
                run.arm,
                run.seed,
                responses[run.arm, run.seed],
                _cost(records[run.arm][run.seed]),
                _logs(run, shop.root),
            )
            for run in plan.runs
        ],
        controls=controls.rows,
        funnel=_funnel(config, plan, shop.root),
        compare=config.compare,
        seconds=time.time() - started,
        stage_seconds=shop.seconds,
    )
    write_study_data(out / "tables", study)
    shown = {run.arm: responses[run.arm, run.seed] for run in reversed(plan.runs)}
    traces = Traces({arm: shown[arm] for arm in records}, shop.images.read, truth=_truth(plan, shop.images))
    seed = config.heldout.seed if isinstance(config.heldout, WorldConfig) else 0
    registration = load_registration(config.claims) if config.claims else None
    results = tell_study(out, study, registration=registration, traces=traces, seed=seed)
    print_comparison(results, shop.console)
    shop.console.print(f"results: {out / 'results.json'}   report: {out / 'report.html'}")
    return results


def _responses(run: PlannedRun, root: Path) -> list[GradedResponse]:
    """Under the arm's name, which they carry only here: arms may share a checkpoint."""
    rows = read_rows(folder_of(run.evaluation, root))
    return [replace(graded_from_row(row), arm=run.arm) for row in rows]


def _arm_record(config: StudyConfig, name: str, by_seed: Mapping[int, Records]) -> ArmRecord:
    arm = config.arms[name]
    first = by_seed[min(by_seed)]
    stages = tuple(stage for stage, _ in first if stage != "evaluation")
    return ArmRecord(
        changes=arm.declared, stages=stages, trained=arm.trained, settings=lasting(first, arm.declared, config.accept)
    )


def _truth(plan: StudyPlan, images: ImageStore) -> Any:
    """Who knows the truth of a response's steps."""
    items = WorldSource(plan.runs[0].settings.heldout).items(images)
    return steps_truth([item for item in items if isinstance(item, Item)])


def _funnel(config: StudyConfig, plan: StudyPlan, root: Path) -> list[dict[str, Any]]:
    first = plan.runs[0].settings
    return read_data(folder_of(DataRun(first.world, config.teacher, first.data), root)).funnel


def _logs(run: PlannedRun, root: Path) -> dict[str, list[dict[str, Any]]]:
    """What the trainers logged, by stage; a second stage of a kind is ``rl 2``."""
    logs: dict[str, list[dict[str, Any]]] = {}
    for training in run.trainings:
        if isinstance(training, Training):
            kind = training.chain[-1].value
            count = training.chain.count(training.chain[-1])
            logs[kind if count == 1 else f"{kind} {count}"] = list(read_rows(folder_of(training, root) / "log"))
    return logs


def _settings_trees(run: PlannedRun) -> dict[str, Any]:
    """What the arm asks of its stages in this run."""
    return {
        "sft": with_seed(run.settings.sft, run.seed).model_dump(mode="json"),
        "rl": with_seed(run.settings.rl, run.seed).model_dump(mode="json"),
        "evaluation": run.settings.evaluation.model_dump(mode="json"),
    }


def _cost(records: Records) -> dict[str, float | None]:
    """What one run cost in training, summed over its chain, and in evaluation."""
    spent = [manifest["cost"] for stage, manifest in records if stage != "evaluation"]
    costs: dict[str, float | None] = {
        name: sum(stage.get(name, 0.0) for stage in spent)
        for name in ("train_tokens", "train_seconds", "steps", "completions")
    }
    return costs | {"eval_seconds": records[-1][1].get("seconds")}
