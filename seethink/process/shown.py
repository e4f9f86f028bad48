"""The results of a best-of-N benchmark for a terminal."""

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
    for (scorer, how), rows in found.items():
        cells = [_cell(rows[n]["accuracy"]) + _star(rows[n]["minus"]["random"]) if n in rows else "" for n in ns]
        # Names come from a config: plain text, never markup.
        table.add_row(Text(scorer), how, *cells)
    return table


def _cell(found: Mapping[str, Any] | None) -> str:
    if found is None or found["mean"] is None:
        return "-"
    told = f"{100 * found['mean']:.1f}"
    return told if found["low"] is None else f"{told} ({100 * found['low']:.0f} to {100 * found['high']:.0f})"


def _star(difference: Mapping[str, Any]) -> str:
    low, high = difference["low"], difference["high"]
    return " *" if low is not None and (low > 0 or high < 0) else ""
