"""Verdicts in words and as a table; made from the rows of ``judge_claims`` alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from seethink.analysis.numbers import p_text, signed
from seethink.analysis.registered.form import Quantity
from seethink.analysis.registered.judge import Verdict

Tree = Mapping[str, Any]

MARKS = {Verdict.SUPPORTED: "✓", Verdict.REFUTED: "✗", Verdict.OPEN: "○"}

_STYLES = {Verdict.SUPPORTED: "green", Verdict.REFUTED: "red", Verdict.OPEN: "dim"}


def amount_told(row: Tree, value: float | None) -> str:
    """An effect in the unit of its quantity: points, or tokens."""
    if value is None:
        return "–"
    return f"{value:+.1f}".replace("-", "−") if row["quantity"] == Quantity.LENGTH else signed(value, 1)


def unit(row: Tree) -> str:
    return "tokens" if row["quantity"] == Quantity.LENGTH else "points"


def smallest_told(row: Tree) -> str:
    """The smallest effect of interest as a person writes it."""
    if row["kind"] == "survival":
        return f"{100 * row['smallest']:.0f} % of what was planted"
    worth = row["smallest"] if row["quantity"] == Quantity.LENGTH else 100 * row["smallest"]
    return f"{worth:g} {unit(row)}"


def predicted_told(row: Tree) -> str:
    return f"{row['direction']} by {smallest_told(row)} or more"


def verdict_sentence(row: Tree) -> str:
    """One claim, its verdict, and everything that a reader needs to doubt it."""
    return f"{row['statement']} {verdict_reason(row)}"


def verdict_reason(row: Tree) -> str:
    """The verdict of a claim and its numbers, without the claim."""
    head = f"{row['verdict'].capitalize()}: {row['why']}."
    if row["mean"] is None:
        return head
    family = f" after Holm's correction over {row['family_size']} claims" if row["family_size"] > 1 else ""
    text = (
        f"{head} Found: {row['effect']}: {amount_told(row, row['mean'])} {unit(row)} (95 % interval "
        f"{amount_told(row, row['low'])} to {amount_told(row, row['high'])}; {p_text(row['p_holm'])}{family}; "
        f"{_runs(row['runs'])}). Predicted: {predicted_told(row)}."
    )
    if row["verdict"] != Verdict.SUPPORTED:
        text += f" Against an effect of just that size: {p_text(row['p_smallest_holm'])}."
    if row["planted"] is not None:
        text += f" SFT planted {amount_told(row, row['planted'])} {unit(row)}."
    if row["verdict"] == Verdict.OPEN and row["detectable"] is not None:
        text += (
            f" An effect of {amount_told(row, row['detectable']).lstrip('+')} {unit(row)} would have been found in "
            f"{row['power']:.0%} of repetitions."
        )
    if not row["headline"]:
        text += " Too few runs for a headline."
    return text


def verdicts_table(rows: Sequence[Tree]) -> Table:
    """One row per claim."""
    table = Table(title="registered claims, p after Holm's correction within a family", title_justify="left")
    for name in ("claim", "predicted"):
        table.add_column(name)
    for name in ("found", "95 % interval", "p", "runs"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for row in rows:
        tested = row["mean"] is not None
        verdict = Verdict(row["verdict"])
        table.add_row(
            escape(row["name"]) + (" *" if row["primary"] else ""),
            predicted_told(row),
            amount_told(row, row["mean"]),
            f"{amount_told(row, row['low'])} to {amount_told(row, row['high'])}" if tested else "–",
            p_text(row["p_holm"]).removeprefix("p ").removeprefix("= "),
            _runs(row["runs"]).removesuffix(" training runs") if row["runs"] else "–",
            f"{MARKS[verdict]} {verdict.value}",
            style=_STYLES[verdict],
        )
    return table


def _runs(runs: Sequence[int]) -> str:
    if not runs:
        return "no training runs"
    least, most = min(runs), max(runs)
    return f"{least} training runs" if least == most else f"{least} to {most} training runs"
