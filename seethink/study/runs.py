"""Runs: every arm with every seed, as the stages that it takes; and all of a study's stages, each once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from seethink.core.rejected import InputError
from seethink.study.arms import Stage
from seethink.study.recorded import read_recorded, recorded_stage
from seethink.study.rewards import ImitatingTask
from seethink.study.sets import ItemSetConfig, TraceSetConfig
from seethink.study.settings import Settings, StudyConfig, reinforcement, settings_of, with_seed
from seethink.study.stages import DataRun, DataSet, Difficulty, Evaluation, Imported, Start, Task, Training


@dataclass(frozen=True, slots=True)
class Run:
    """An arm trained once: its trainings in order, and its evaluation.

    Attributes:
        settings: the arm's, before the seed.
    """

    arm: str
    seed: int
    settings: Settings
    trainings: tuple[Training | Imported, ...]
    evaluation: Evaluation


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """All runs of a study, and its tasks in an order in which each comes after what it needs.

    Attributes:
        waiting: arms whose settings depend on stages that are not finished.
        difficulty: the task that measures how hard the items of all trainings are; None where nobody asks.
        lending: runs whose trainings are tasks because a budget refers to them; nothing else of them is.
    """

    runs: tuple[Run, ...]
    waiting: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = field(default=())
    difficulty: Difficulty | None = None
    lending: tuple[Run, ...] = ()

    def arms_of(self, task: Task) -> tuple[str, ...]:
        """Arms that a task is for, in the study's order; those that lend it come last."""
        for_all = isinstance(task, Difficulty)
        own = [run.arm for run in self.runs if for_all or task in _tasks_of(run)]
        lent = [run.arm for run in self.lending if task in _trainings_of(run)]
        return tuple(dict.fromkeys([*own, *lent]))


def plan_study(config: StudyConfig, completions: Mapping[tuple[str, int], int] | None = None) -> StudyPlan:
    """What has to be made for a study.

    Args:
        completions: RL completions of arms with a budget, by arm and seed; such an arm waits while it is not known.
    """
    runs: list[Run] = []
    lending: list[Run] = []
    waiting: list[str] = []
    for name, arm in config.arms.items():
        settings = settings_of(config, name)
        if arm.imported:
            runs += _imported(config, name, settings)
            continue
        for seed in config.seeds if arm.stages else config.seeds[:1]:
            if arm.budget is not None and arm.budget.equal == "total":
                known = (completions or {}).get((name, seed))
                if known is None:
                    waiting.append(name)
                    continue
                settings = settings.model_copy(update={"rl": settings.rl.model_copy(update={"completions": known})})
            (lending if arm.lends else runs).append(_run(config, name, seed, settings))
    by_name: dict[str, Task] = {}
    # One seed of every arm before the next: a study that is stopped early holds whole comparisons.
    place = {seed: number for number, seed in enumerate(config.seeds)}
    for run in sorted([*lending, *runs], key=lambda run: place.get(run.seed, 0)):
        for task in _trainings_of(run) if run in lending else _tasks_of(run):
            by_name.setdefault(f"{task.kind}/{task.name}", task)
    # Of all sets together: not before all are known.
    difficulty = None if waiting else _difficulty(config, runs)
    tasks = (*by_name.values(), *([difficulty] if difficulty else []))
    return StudyPlan(tuple(runs), tuple(dict.fromkeys(waiting)), tasks, difficulty, tuple(lending))


def _run(config: StudyConfig, name: str, seed: int, settings: Settings) -> Run:
    model: Start = settings.base
    trainings: list[Training] = []
    stages = config.arms[name].stages
    for length, stage in enumerate(stages, 1):
        mine = with_seed(settings.sft if stage is Stage.SFT else reinforcement(settings), seed)
        shown = _rows(Stage.SFT, settings, config) if isinstance(mine, ImitatingTask) else None
        model = Training(stages[:length], seed, mine, model, _rows(stage, settings, config), shown)
        trainings.append(model)
    evaluation = Evaluation(model, settings.evaluation, settings.heldout, settings.pictures.evaluation)
    return Run(name, seed, settings, tuple(trainings), evaluation)


def _rows(stage: Stage, settings: Settings, config: StudyConfig) -> DataSet:
    """What a stage reads. Wherever an arm starts, sets are chosen by the base that all share."""
    rows = _unmatched(stage, settings, config)
    matched = (settings.traces if stage is Stage.SFT else settings.items).matched
    if matched is None:
        return rows
    other = _unmatched(Stage.RL if stage is Stage.SFT else Stage.SFT, settings, config)
    return replace(rows, base=config.base, against=replace(other, config=other.config.unmatched()))


def _unmatched(stage: Stage, settings: Settings, config: StudyConfig) -> DataSet:
    """What a stage reads, before it is matched with what the other one does."""
    pictures = settings.pictures.training
    if stage is Stage.SFT:
        run = DataRun(settings.source, settings.world, settings.teacher, settings.data)
        asked = config.base if settings.traces.top_perplexity else ""
        return DataSet(run, asked, TraceSetConfig(choice=settings.traces, pictures=pictures))
    # Whoever wrote the traces that SFT imitates, RL is asked the same.
    run = DataRun(settings.source, settings.world, config.teacher, settings.data)
    asked = config.base if settings.items.seen else ""
    return DataSet(run, asked, ItemSetConfig(choice=settings.items, pictures=pictures))


def _imported(config: StudyConfig, name: str, settings: Settings) -> list[Run]:
    """A run for every chain. InputError where two have one seed, or one has a seed that no other arm runs."""
    found: dict[int, Run] = {}
    known: dict[int, Path] = {}
    for paths in config.arms[name].imported:
        model: Start = settings.base
        trainings: list[Imported] = []
        for path in paths:
            model = Imported(path, model)
            trainings.append(model)
        last = read_recorded(paths[-1])
        own = settings.sft if recorded_stage(last) is Stage.SFT else settings.rl
        seed = int(last["seeds"]["training"]) - own.seed
        if seed in found:
            raise InputError(f"arm {name}: {known[seed]} and {paths[-1]} were trained with one seed, {seed}")
        if seed not in config.seeds:
            raise InputError(
                f"arm {name}: {paths[-1]} was trained with seed {seed}, and the study runs {list(config.seeds)}: no "
                f"other arm could be held against it; add {seed} to seeds, or leave it out"
            )
        evaluation = Evaluation(model, settings.evaluation, settings.heldout, settings.pictures.evaluation)
        known[seed] = paths[-1]
        found[seed] = Run(name, seed, settings, tuple(trainings), evaluation)
    return list(found.values())


def _tasks_of(run: Run) -> Iterator[Task]:
    yield from _trainings_of(run)
    yield run.evaluation


def _trainings_of(run: Run) -> Iterator[Task]:
    """Its trainings, each after what it reads."""
    for training in run.trainings:
        if isinstance(training, Training):
            for rows in (training.rows, training.shown):
                yield from () if rows is None else _sets_of(rows)
            yield training


def _sets_of(rows: DataSet) -> Iterator[Task]:
    """A set, after the data run it is of and the set that it is matched with."""
    if rows.against is not None:
        yield from _sets_of(rows.against)
    yield from (rows.run, rows)


def rows_of(run: Run, stage: Stage) -> DataSet | None:
    """What the run's first training of this kind reads."""
    trained = (one for one in run.trainings if isinstance(one, Training))
    return next((one.rows for one in trained if one.chain[-1] is stage), None)


def _difficulty(config: StudyConfig, runs: Sequence[Run]) -> Difficulty | None:
    """As the study asks; where it does not, as the first arm whose sets are drawn to be equally hard."""
    choices = [one for run in runs for one in (run.settings.traces.matched, run.settings.items.matched)]
    asked = config.difficulty or next((one for one in choices if one is not None), None)
    sets = {one.rows.name: one.rows for run in runs for one in run.trainings if isinstance(one, Training)}
    return Difficulty(tuple(sets.values()), config.base, asked) if asked and sets else None
