"""Benchmark results for a terminal: one column per way in which a model was asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from rich.markup import escape
from rich.table import Table

from seethink.analysis.benchmarks import headline_span
from seethink.analysis.compare import Rule
from seethink.analysis.numbers import percent, span
from seethink.core.graded import Decoding

Tree = Mapping[str, Any]

_RATES = (
    ("unparseable", "unparseable"),
    ("outside the tags", "outside the tags"),
    ("truncated", "truncated"),
    ("without a verdict", "unscored by the harness"),
)
"""Titles of columns, and the rates they show."""


def benchmark_table(results: Sequence[Tree]) -> Table:
    """One column per way of asking: the headline, our own accuracy, and what was not answered as asked.

    Below stand the caveats: why a headline is not the leaderboard's.
    """
    first, greedy = results[0], Decoding.GREEDY.value
    table = Table(
        title=f"{escape(first['entry'])}, rules {first['rules']}, 95 % intervals",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("")
    for one in results:
        table.add_column(escape(_name(one)), justify="right")

    def line(name: str, cell: Callable[[Tree], str]) -> None:
        table.add_row(escape(name), *map(cell, results))

    line(f"harness ({first['headline']['name']})", _headline)
    line("ours, read anywhere", lambda one: _share(one["accuracy"][greedy][Rule.LENIENT.value]))
    line("ours, in the tags", lambda one: _share(one["accuracy"][greedy][Rule.STRICT.value]))
    for title, name in _RATES:
        line(title, partial(_rate, name=name))
    line("judge calls", lambda one: f"{one['judge_calls']:,}")
    for k in sorted({k for one in results for k in one["pass_at_k"][Rule.HARNESS.value]}, key=int):
        line(f"pass@{k}", partial(_at, measure="pass_at_k", k=k))
        line(f"maj@{k}", partial(_at, measure="maj_at_k", k=k))
    told = [f"* {_name(one)}: {why}" for one in results for why in one["caveats"]]
    if told:
        table.caption = escape("\n".join(told))
        table.caption_justify = "left"
    return table


def _name(one: Tree) -> str:
    return f"{one['model']} ({one['prompt'] or 'predictions'}{', blind' if one['blind'] else ''})"


def _headline(one: Tree) -> str:
    found = one["headline"]
    if found["value"] is None:
        return "–"
    low, high = headline_span(found)
    shown = f"{found['value']:.1f} %{'*' if one['caveats'] else ''}"
    return shown if low is None or high is None else f"{shown} [dim]{low:.1f} to {high:.1f}[/]"


def _share(found: Tree) -> str:
    return f"{percent(found['mean'])} [dim]{span(found)}[/]" if found["mean"] is not None else "–"


def _at(one: Tree, measure: str, k: str) -> str:
    found = one[measure][Rule.HARNESS.value].get(k)
    return _share(found) if found else "–"


def _rate(one: Tree, name: str) -> str:
    rates = one["rates"][Decoding.GREEDY.value]
    return percent(rates[name]["mean"]) if name in rates else "–"
