"""The results of a best-of-N benchmark, of first errors and of probes, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.table import Table
from rich.text import Text


def bench_table(results: Mapping[str, Any], generator: str) -> Table:
    """Accuracy per scorer and aggregation at every N, the baselines on top; a star where the paired difference to a
    blind choice is clear of zero."""
    beside = results["generators"][generator]
    ns = sorted({row["n"] for row in results["rows"] if row["generator"] == generator})
    table = Table(title=f"best of N, {generator}, {results['items']} items", title_justify="left")
    table.add_column("scorer")
    table.add_column("aggregation")
    for n in ns:
        table.add_column(f"N = {n}", justify="right")
    table.add_row("greedy", "", *([_cell(beside["greedy"])] * len(ns)))
    for name in ("random", "majority", "oracle"):
        table.add_row(name, "", *(_cell(beside[name].get(str(n))) for n in ns))
    table.add_section()
    found: dict[tuple[str, str], dict[int, Any]] = {}
    for row in results["rows"]:
        if row["generator"] == generator:
            found.setdefault((row["scorer"], row["aggregation"]), {})[row["n"]] = row
    aside = [one for one in results["set_aside"] if one["generator"] == generator]
    lines = []
    if aside:
        told = "; ".join(f"N = {one['n']}: {one['pools']} of {one['of']} pools, {one['reason']}" for one in aside)
        lines.append(f"set aside: {told}")
    if any(results["unscored"].values()):
        told = "; ".join(f"{name} {count}" for name, count in results["unscored"].items() if count)
        lines.append(f"candidates without a score: {told}")
    _caption(table, lines, results)
    for (scorer, how), rows in found.items():
        cells = [_cell(rows[n]["accuracy"]) + _star(rows[n]["minus"]["random"]) if n in rows else "" for n in ns]
        # Names come from a config: plain text, never markup.
        table.add_row(Text(scorer), how, *cells)
    return table


def errors_table(results: Mapping[str, Any]) -> Table:
    """First-error F1 with its two shares, step F1 and calibration of every scorer."""
    table = Table(title=f"first errors, {results['solutions'] - results['tuning']} solutions", title_justify="left")
    for name in ("scorer", "threshold", "F1", "wrong found", "sound kept", "steps' macro F1", "said right", "ECE"):
        table.add_column(name, justify="left" if name == "scorer" else "right")
    for scorer, told in results["scorers"].items():
        first, steps = told["first_error"], told["steps"]
        low, high = first["f1_interval"]
        f1 = _cell({"mean": first["f1"], "low": low, "high": high})
        plain = (_cell({"mean": value, "low": None}) for value in (steps["macro_f1"], steps["said_right"]))
        error = told["calibration"]["error"]
        shares = _cell(first["wrong"]), _cell(first["sound"])
        ece = "-" if error is None else f"{error:.3f}"
        table.add_row(Text(scorer), f"{told['threshold']:.3g}", f1, *shares, *plain, ece)
    _caption(table, [], results)
    return table


def probes_table(results: Mapping[str, Any]) -> Table:
    """What moves every scorer, in points of its scale."""
    table = Table(title=f"probes, {results['traces']} traces", title_justify="left")
    names = ("longer", "said twice", "position (rho)", "false said true", "answer, true steps", "answer, false step")
    for name in ("scorer", *names):
        table.add_column(name, justify="left" if name == "scorer" else "right")
    for scorer, told in results["scorers"].items():
        rho = "-" if told["position"] is None else f"{told['position']:.2f}"
        cells = [_cell(told[name]) for name in ("length", "repetition", "positive", "leakage", "answer_pull")]
        table.add_row(Text(scorer), *cells[:2], rho, *cells[2:])
    _caption(table, [], results)
    return table


def unread_told(results: Mapping[str, Any]) -> str:
    """Which judges owe how many ratings; "" where none does."""
    costs = {name: cost for name, cost in results.get("cost", {}).items() if cost and cost["unread"]}
    told = "; ".join(f"{name} {cost['unread']} of {cost['ratings']}" for name, cost in costs.items())
    return f"ratings that the judge did not give: {told}" if told else ""


def _caption(table: Table, lines: list[str], results: Mapping[str, Any]) -> None:
    told = [line for line in (*lines, unread_told(results)) if line]
    if told:
        table.caption, table.caption_justify = Text("\n".join(told)), "left"


def _cell(found: Mapping[str, Any] | None) -> str:
    if found is None or found["mean"] is None:
        return "-"
    told = f"{100 * found['mean']:.1f}"
    return told if found["low"] is None else f"{told} ({100 * found['low']:.0f} to {100 * found['high']:.0f})"


def _star(difference: Mapping[str, Any]) -> str:
    low, high = difference["low"], difference["high"]
    return " *" if low is not None and (low > 0 or high < 0) else ""
