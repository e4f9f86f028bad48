"""The main job: every arm with every seed, from data to responses; then controls, comparison, results and report.

Arms share what they do not change, by key and by content (``stages``). The same call, in one process or in several at
once, goes on wherever the work stands; the controls are read back from what every stage recorded.
"""

from __future__ import annotations

import subprocess
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from seethink.analysis import print_comparison
from seethink.core.images import ImageStore
from seethink.core.lock import Held, held
from seethink.core.rejected import InputError
from seethink.core.tables import write_text
from seethink.models.device import use_threads
from seethink.study.budget import matched_completions
from seethink.study.conclude import conclude
from seethink.study.data import build_data, build_world_data
from seethink.study.dials import registered_claims
from seethink.study.heldout import evaluate_heldout
from seethink.study.jobs import jobs_beside, with_shared_threads
from seethink.study.pass_rates import measure_items
from seethink.study.runs import StudyPlan, plan_study
from seethink.study.sets import TraceSetConfig, read_items, read_traces, write_items, write_traces
from seethink.study.settings import StudyConfig
from seethink.study.sources import (
    FactorySourceConfig,
    FileSourceConfig,
    RunSourceConfig,
    WorldSourceConfig,
    adopt_run,
    read_files,
)
from seethink.study.stages import (
    DataRun,
    DataSet,
    Difficulty,
    Evaluation,
    Task,
    Training,
    finished,
    folder_of,
    model_of,
)
from seethink.study.training import train_on_items
from seethink.study.work import work_off
from seethink.training.processes import first_process
from seethink.training.sft import SFTConfig
from seethink.training.train import train_sft
from seethink.world.truth import WorldTruth

HELD = 75
"""Exit status of a process that found its stage in the works of another (EX_TEMPFAIL)."""

_STUDY = "study.yaml"
"""The study as launched processes read it."""

_REPORT_PATIENCE = 3_600.0
"""Seconds to wait while another process writes the report."""


def run_study(
    config: StudyConfig, out: Path, console: Console | None = None, *, stages: Path | None = None, jobs: int = 1
) -> dict[str, Any]:
    """Run every arm and compare; writes ``results.json`` and ``report.html`` under ``out`` and returns the results.

    Args:
        stages: folder of what stages leave, to share it between studies; ``out`` where None.
        jobs: processes that work at it, this one included.

    Raises InputError, before anything is made, where the registered claims take an arm for another one.
    """
    registered_claims(config)
    config = with_shared_threads(config, jobs)
    started, shop = time.time(), _workshop(config, out, stages, console)
    with jobs_beside(config, jobs - 1, out, shop.root, shop.console):
        plan = shop.run_all()
    with held(out / "results.lock", wait=_REPORT_PATIENCE):
        results = conclude(config, plan, shop.root, out, seconds=time.time() - started, stage_seconds=shop.seconds)
    print_comparison(results, shop.console)
    shop.console.print(f"results: {out / 'results.json'}   report: {out / 'report.html'}")
    return results


def make_stages(config: StudyConfig, out: Path, console: Console | None = None, *, stages: Path | None = None) -> None:
    """Make every stage that is left, with whoever else is at the study; results and report are made elsewhere."""
    _workshop(config, out, stages, console).run_all()


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
        if self.config.launcher:
            write_text(self.out / _STUDY, yaml.safe_dump(self.config.as_given()))
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
                self._build(task, folder)
            case DataSet():
                self._choose(task, folder)
            case Training():
                self._train(task, folder)
            case Evaluation():
                self._evaluate(task, folder)
            case Difficulty():
                sets = [read_items(folder_of(one, self.root)) for one in task.sets]
                measure_items(task.config, task.base, sets, self.images, folder)

    def _build(self, task: DataRun, folder: Path) -> None:
        match task.source:
            case FileSourceConfig():
                read_files(task.source, self.images, folder)
            case RunSourceConfig():
                adopt_run(folder, self.images)
            case FactorySourceConfig():
                build_data(task.data, self.images, folder, self.console)
            case _:
                build_world_data(task.world, task.teacher, task.data, self.images, folder, self.console)

    def _choose(self, task: DataSet, folder: Path) -> None:
        run = folder_of(task.run, self.root)
        against = folder_of(task.against, self.root) if task.against else None
        if isinstance(task.config, TraceSetConfig):
            truth = WorldTruth() if isinstance(task.run.source, WorldSourceConfig) else None
            write_traces(task.config, run, task.base, self.images, folder, truth, against)
        else:
            write_items(task.config, run, task.base, self.images, folder, against)

    def _train(self, task: Training, folder: Path) -> None:
        rows, start = folder_of(task.rows, self.root), model_of(task.start, self.root)
        if isinstance(task.settings, SFTConfig):
            train_sft(task.settings, start, read_traces(rows), self.images, folder)
        else:
            shown = read_traces(folder_of(task.shown, self.root)) if task.shown else []
            train_on_items(task.settings, start, read_items(rows), self.images, folder, shown)

    def _evaluate(self, task: Evaluation, folder: Path) -> None:
        # Rows carry the arm's name only once they are read: arms may share a checkpoint.
        model = model_of(task.model, self.root)
        evaluate_heldout(task.config, task.heldout, task.name, model, task.pictures, self.images, folder, self.console)


def _name(task: Any) -> str:
    return f"{task.kind}/{task.name}"
