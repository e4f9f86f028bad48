"""`seethink doctor RECIPE`: a plan for the terminal, said before anything is launched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seethink.study.plan.checks import Finding, Weight
from seethink.study.plan.effort import gib
from seethink.study.plan.memory import Memory
from seethink.study.plan.plan import TrainingPlan, make_plan
from seethink.study.recipe import load_recipe

_STYLE = {Weight.STOP: "red", Weight.WARN: "yellow", Weight.NOTE: ""}


def doctor(recipe: Path, overrides: Sequence[str], console: Console) -> bool:
    """Plan a recipe and print the plan; True where nothing was found that would stop it."""
    plan = make_plan(load_recipe(recipe, list(overrides)))
    for training in plan.trainings:
        for table in (tokens_table(training), parameters_table(training), memory_table(training)):
            console.print(table)
        console.print(effort_line(training))
        for told in training.assumed:
            console.print(f"assumed: {told}", markup=False)
    console.print(findings_table(plan.findings) if plan.findings else "nothing stands in the way")
    return plan.sound


def tokens_table(plan: TrainingPlan) -> Table:
    """Tokens per sample, by what they are."""
    table = _table(
        f"{plan.title}: tokens per sample, {plan.lengths.samples:,} samples", "mean", "median", "95 %", "most"
    )
    for name in ("picture", "prompt", "completion", "total"):
        spread = getattr(plan.lengths, name)
        table.add_row(name, *(f"{value:,.0f}" for value in (spread.mean, spread.median, spread.p95, spread.largest)))
    if plan.budget is not None:
        table.caption = f"budget {plan.budget:,}: {plan.over:,} samples are longer"
    return table


def parameters_table(plan: TrainingPlan) -> Table:
    """Parameters by part."""
    table = _table(f"{plan.title}: parameters", "in all", "trained")
    for part, count in plan.parameters.whole.items():
        table.add_row(part, f"{count:,}", f"{plan.parameters.trained[part]:,}")
    return table


def memory_table(plan: TrainingPlan) -> Table:
    """Memory of a device in each phase, by what it is for."""
    hardware = plan.hardware
    title = f"{plan.title}: memory of one {hardware.device} of {hardware.count}, device_batch {plan.device_batch}"
    table = _table(title, *plan.phases)
    for name in (one.name for one in fields(Memory)):
        values = [getattr(memory, name) for memory in plan.phases.values()]
        if any(values):
            table.add_row(name.replace("_", " "), *(gib(value) if value else "–" for value in values))
    table.add_section()
    table.add_row("in all", *(gib(memory.total) for memory in plan.phases.values()))
    largest = (
        "none fits" if plan.fitting_batch is None else f"the largest device_batch that fits is {plan.fitting_batch}"
    )
    table.caption = f"of {gib(plan.capacity)}; {largest}"
    return table


def effort_line(plan: TrainingPlan) -> Text:
    """Steps, tokens and hours in one sentence."""
    effort, count = plan.effort, plan.hardware.count
    told = f"{plan.title}: {effort.steps:,} steps, {effort.tokens:.3g} tokens"
    if effort.sampled:
        told += f", {effort.sampled:.3g} of them sampled, about {effort.sampling:.2g} h of sampling"
        told += f" and {effort.training:.2g} h of training"
    else:
        told += f", about {effort.hours:.2g} h"
    return Text(
        f"{told}: {effort.hours * count:.2g} device hours on {count} x {plan.hardware.device}, within a factor of two"
    )


def findings_table(findings: Sequence[Finding]) -> Table:
    """What was found, the worst first."""
    table = Table(title="findings", title_justify="left", show_lines=False)
    for name in ("", "what", "remedy"):
        table.add_column(name, overflow="fold")
    order = list(Weight)
    for one in sorted(findings, key=lambda one: order.index(one.weight)):
        # Findings quote data files: plain text, never markup.
        table.add_row(Text(one.weight, style=_STYLE[one.weight]), Text(one.what), Text(one.remedy))
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", caption_justify="left")
    table.add_column("")
    for name in columns:
        table.add_column(name, justify="right")
    return table
