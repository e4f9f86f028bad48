"""Benchmark results for a terminal: one line per way in which a model was asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.markup import escape
from rich.table import Table

from seethink.analysis.benchmarks import headline_span
from seethink.analysis.compare import Rule
from seethink.analysis.wording import percent, span
from seethink.core.graded import Decoding

Tree = Mapping[str, Any]

_RATES = (
    ("unparseable", "unparseable"),
    ("outside tags", "outside the tags"),
    ("truncated", "truncated"),
    ("unscored", "unscored by the harness"),
)
"""Titles of columns, and the rates they show."""


def benchmark_table(results: Sequence[Tree]) -> Table:
    """Headline and our own accuracy, each with its interval, and beside them what was not answered as asked.

    Below the table stand the caveats: why a headline is not the leaderboard's.
    """
    first = results[0]
    table = Table(
        title=f"{escape(first['entry'])}, {escape(first['headline']['name'])}, rules {first['rules']}",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("model")
    heads = ("harness", "ours", "ours, in tags", *(title for title, _ in _RATES), "judge calls")
    ks = sorted({k for one in results for k in one["pass_at_k"][Rule.HARNESS.value]}, key=int)[-1:]
    for name in (*heads, *(f"{measure}@{k}" for k in ks for measure in ("pass", "maj"))):
        table.add_column(name, justify="right")
    for one in results:
        greedy = Decoding.GREEDY.value
        accuracy, rates = one["accuracy"][greedy], one["rates"][greedy]
        table.add_row(
            escape(_name(one)),
            _headline(one),
            _share(accuracy[Rule.LENIENT.value]),
            _share(accuracy[Rule.STRICT.value]),
            *(percent(rates[name]["mean"]) if name in rates else "–" for _, name in _RATES),
            f"{one['judge_calls']:,}",
            *(_at(one, measure, k) for k in ks for measure in ("pass_at_k", "maj_at_k")),
        )
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
    return percent(found["mean"]) if found else "–"
