"""`seethink study --dry-run`: every stage with its command, what it takes, whom it is for, and what is finished."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seethink.analysis.numbers import amount, duration
from seethink.study.budget import Spent, affordable, matched_completions
from seethink.study.dials import registered_claims
from seethink.study.plan.plan import TrainingPlan, make_plan
from seethink.study.plan.tasks import training_key
from seethink.study.runs import StudyPlan, plan_study
from seethink.study.settings import StudyConfig, reinforcement, settings_of
from seethink.study.stages import Evaluation, Task, Training, finished
from seethink.world.source import WorldConfig


def print_plan(
    config: StudyConfig,
    yaml: Path,
    overrides: Sequence[str],
    out: Path,
    root: Path,
    console: Console,
    arms: Sequence[str] = (),
) -> None:
    """Print what ``run_study`` would do; runs nothing, writes nothing, and refuses what that refuses at its start.

    Args:
        yaml, overrides, out, arms: as given on the command line, for the commands.
        root: folder of what stages leave.
    """
    registered_claims(config)
    plan = plan_study(config, matched_completions(config, root))
    effort = make_plan(config)
    by_key = {training_key(one.settings): one for one in effort.trainings}
    console.print(_table(config, plan, by_key, root))
    shared = [task for task in plan.tasks if isinstance(task, Training) and len(plan.arms_of(task)) > 1]
    console.print(f"{len(shared)} trainings are shared by several arms and run once")
    console.print("commands, each after what it starts from; the first line does them all:")
    console.print(escape(command(config, yaml, overrides, out, root, arms=arms)), soft_wrap=True)
    for task in plan.tasks:
        console.print(escape(command(config, yaml, overrides, out, root, task, arms=arms)), soft_wrap=True)
    for name in plan.waiting:
        console.print(escape(_waiting(config, name, by_key)), soft_wrap=True)
        console.print(escape(command(config, yaml, overrides, out, root, arms=[name])), soft_wrap=True)
    for told in dict.fromkeys(told for one in effort.trainings for told in one.assumed):
        console.print(f"assumed: {told}", markup=False)


def command(
    config: StudyConfig,
    yaml: Path,
    overrides: Sequence[str],
    out: Path,
    root: Path,
    task: Task | None = None,
    *,
    arms: Sequence[str] = (),
) -> str:
    """The shell command that makes one task, or the whole study, of these arms or of all."""
    words = ["seethink", "study", str(yaml), *overrides, "--out", str(out)]
    if root != out:
        words += ["--stages", str(root)]
    for name in arms:
        words += ["--arm", name]
    if task is not None:
        words += ["--stage", task.name]
        if isinstance(task, Training) and config.launcher:
            words = [*config.launcher, "-m", "seethink.cli", *words[1:]]
    return shlex.join(words)


def _waiting(config: StudyConfig, name: str, by_key: dict[str, TrainingPlan]) -> str:
    """What can be said of an arm whose completions follow from stages that are not finished: what they will be if these
    take what is planned."""
    budget = config.arms[name].budget
    assert budget is not None
    other, own = settings_of(config, budget.to), settings_of(config, name)
    told = f"{name} waits for {budget.to}: its completions follow from what that takes"
    imitated, reinforced = (by_key.get(training_key(one)) for one in (other.sft, reinforcement(other)))
    alone = by_key.get(training_key(reinforcement(own)))
    if imitated is not None and reinforced is not None and alone is not None:
        spent = Spent(imitated.effort.tokens, reinforced.effort.tokens, other.rl.completions)
        completions = affordable(own.rl, spent, Spent(0.0, alone.effort.tokens, own.rl.completions))
        times, effort = completions / own.rl.completions, alone.effort
        told += (
            f", by this plan about {completions:,} ({round(times * effort.steps):,} steps, "
            f"{amount(times * effort.tokens)} tokens, {duration(times * effort.hours * 3600)} for each seed)"
        )
    return f"{told}. The names of its stages are known once {budget.to} is finished; with all that it needs:"


def _table(config: StudyConfig, plan: StudyPlan, by_key: dict[str, TrainingPlan], root: Path) -> Table:
    table = Table(title="stages", title_justify="left", caption_justify="left")
    for name in ("stage", "arms", "steps", "tokens", "time", ""):
        table.add_column(name, justify="right" if name in ("steps", "tokens", "time") else "left", overflow="fold")
    seconds = tokens = 0.0
    for task in plan.tasks:
        known = by_key.get(training_key(task.settings)) if isinstance(task, Training) else None
        done = finished(task, root)
        cells = ("", "", "")
        if known is not None:
            taken = known.effort.hours * 3600
            cells = (f"{known.effort.steps:,}", amount(known.effort.tokens), duration(taken))
            if not done:
                seconds, tokens = seconds + taken, tokens + known.effort.tokens
        elif isinstance(task, Evaluation) and isinstance(task.heldout, WorldConfig):
            drawn = task.heldout.count * (1 + task.config.draws)
            cells = ("", f"{amount(drawn)} responses", _sampled(drawn, config, by_key))
        arms = plan.arms_of(task)
        shown = ", ".join(arms) if len(arms) < 4 else f"{', '.join(arms[:3])} and {len(arms) - 3} more"
        table.add_row(f"{task.kind}/{escape(task.name)}", escape(shown), *cells, "finished" if done else "")
    table.caption = f"left to train: {amount(tokens)} tokens, about {duration(seconds)}, within a factor of two"
    if plan.waiting:
        table.caption += f"; {', '.join(plan.waiting)} not counted"
    return table


def _sampled(drawn: int, config: StudyConfig, by_key: dict[str, TrainingPlan]) -> str:
    """Time to draw so many responses, at the rate at which RL samples; unknown where no arm has RL."""
    for one in by_key.values():
        if one.effort.sampled:
            per_token = one.effort.sampling * 3600 / one.effort.sampled
            return duration(drawn * config.expected.completion * per_token)
    return "–"
