"""audit.html and its terminal form: how two verifiers decided the same responses, and those to read.

Reads the tree that ``seethink reward audit`` made. What models wrote is hostile: Jinja escapes it, the page allows no
script at all, and the terminal sees printable characters only.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from seethink.analysis.pages import templates
from seethink.core.tables import write_text

Tree = Mapping[str, Any]

PAGE_ROWS = 500
"""Rows to read on the page. choice: it still opens at once."""

TERMINAL_ROWS = 10
"""Rows to read in the terminal. choice: two screens."""

PAGE_LENGTH = 20_000
"""Characters shown of one response; the page says where more were left out. choice."""

_ENDS = 300
"""Characters of the end of a response that the terminal shows."""


def write_audit(path: Path, tree: Tree, *, rows: int = PAGE_ROWS) -> None:
    """Write the page to ``path``, self-contained, or nothing."""
    environment = templates()
    environment.filters |= {"verdict": verdict_text}
    page = environment.get_template("audit.html.jinja").render(
        audit=tree, sides=side_titles(tree), rows=tree["to_read"][:rows], longest=PAGE_LENGTH
    )
    write_text(path, page)


def print_audit(tree: Tree, console: Console | None = None, *, rows: int = TERMINAL_ROWS) -> None:
    console = console or Console()
    console.print(audit_table(tree))
    titles = side_titles(tree)
    for row in tree["to_read"][:rows]:
        told = [
            ("question", row["question"]),
            ("gold", row["gold"]),
            ("response ends", row["response"][-_ENDS:]),
            (tree["first"], verdict_text(row["first"])),
            (tree["second"], verdict_text(row["second"])),
        ]
        lines = [Text.assemble((f"{name}: ", "bold"), printable(text)) for name, text in told]
        head = Text(printable(f"{row['where']} · {row['verifier']} · {titles[row['side']]}"))
        console.print(Panel(Text("\n").join(lines), title=head, title_align="left"))
    left = len(tree["to_read"]) - rows
    if left > 0:
        console.print(f"{left} more to read are on the page")


def audit_table(tree: Tree) -> Table:
    """How often the two agree and how often only one says right, by source and verifier."""
    table = Table(title=f"{tree['first']} beside {tree['second']}", title_justify="left")
    table.add_column("source")
    table.add_column("verifier")
    for name in ("responses", "agree", f"only {tree['second']}", f"only {tree['first']}", "undecided"):
        table.add_column(name, justify="right")
    for row in tree["table"]:
        counts = [str(row[side]) for side in ("n", "agree", "second", "first", "undecided")]
        table.add_row(Text(printable(row["source"])), row["verifier"], *counts)
    return table


def side_titles(tree: Tree) -> dict[str, str]:
    """The kinds of rows to read, in words, in the order of reading."""
    return {
        "second": f"only {tree['second']} says right",
        "first": f"only {tree['first']} says right",
        "undecided": "undecided",
    }


def verdict_text(verdict: Tree) -> str:
    """A verdict in one line: outcome, score where it is not told by it, what was read, and why."""
    score = f" {verdict['score']:.2f}" if verdict["outcome"] == "graded" else ""
    extracted = verdict["extracted"]
    read = f", read '{extracted}'" if extracted is not None else ""
    why = f" ({verdict['why']})" if verdict["why"] else ""
    return f"{verdict['outcome']}{score}{read}{why}"


def printable(text: str) -> str:
    """The text with every character replaced that could steer a terminal."""
    return "".join(letter if letter.isprintable() or letter == "\n" else "\N{REPLACEMENT CHARACTER}" for letter in text)
