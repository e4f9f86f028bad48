"""The comparison for a terminal: one row per arm, then both claims of every comparison."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from seethink.analysis.claims_told import claims_table
from seethink.analysis.numbers import amount, percent, span
from seethink.analysis.wording import headline

Tree = Mapping[str, Any]


def comparison_table(results: Tree) -> RenderableType:
    """Arms, what is claimed of them under greedy decoding and the strict rule, and the findings in words."""
    claims = [claims_table(results["claims"])] if results["claims"] else []
    return Group(arms_table(results), *claims, "", *(Text(sentence) for sentence in headline(results)))


def print_comparison(results: Tree, console: Console | None = None) -> None:
    (console or Console()).print(comparison_table(results))


def arms_table(results: Tree) -> Table:
    table = Table(title="accuracy per arm, 95 % interval over items", title_justify="left", header_style="bold")
    table.add_column("arm", no_wrap=True)
    for name in ("greedy", "sampled", "perception", "cognition", "unparseable", "tokens"):
        table.add_column(name, justify="right")
    for name, arm in results["arms"].items():
        by = arm["by_dimension"]
        tokens = arm["response_tokens"]["mean"]
        table.add_row(
            escape(name),
            _share(arm["accuracy"]),
            _share(arm["sampled"]),
            *(percent(by[key]["accuracy"]["mean"]) if key in by else "–" for key in ("perception", "cognition")),
            percent(arm["unparseable_rate"]["mean"]),
            amount(tokens),
        )
    return table


def _share(found: Tree) -> str:
    return f"{percent(found['mean'])} [dim]{span(found)}[/]" if found["mean"] is not None else "–"
