"""The leaderboard's table: published rows, and one's own beside them, each figure with its interval.

Own rows come from the ``results.json`` of benchmark runs. A row is one model under one prompt, judge and rule set; a
figure that the harness would not print so is marked, and so is an average over such.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from rich.box import SIMPLE
from rich.markup import escape
from rich.table import Table

from seethink.analysis.benchmarks import headline_span, judge_name
from seethink.analysis.spreadsheet import write_spreadsheet
from seethink.core.rejected import InputError
from seethink.core.tables import read_json

RESULTS = "results.json"

TITLES = {
    "mathvista": "MathVista",
    "mathvision": "MATH-V",
    "mathverse": "MathVerse VO",
    "dynamath": "DynaMath worst",
    "wemath": "We-Math strict",
    "logicvista": "LogicVista",
}

_NARROW = re.compile(r" |(?<=[a-z])(?=[A-Z])")
"""Where a title is broken."""

NOTE = (
    "not comparable, see the caveats in its results.json; where rows have no verdict, the span is from all of them "
    "wrong to all of them right"
)


class Shown(NamedTuple):
    """One figure in per cent, with its 95 % interval where there is one; ``comparable``: as the harness prints it."""

    value: float
    low: float | None
    high: float | None
    comparable: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table.

    Attributes:
        source: "paper", "leaderboard", or for an own row how it was asked and scored.
        figures: by benchmark.
        printed: the average as it was published.
    """

    model: str
    source: str
    figures: Mapping[str, Shown]
    printed: float | None = None

    @property
    def average(self) -> Shown | None:
        """As published, else the plain mean of the six; None where one is missing.

        Its interval, given where all six are comparable, is made of theirs: the benchmarks share no item, so distances
        from figure to bound add up as squares (Zou and Donner 2008, Statistics in Medicine 27, section 2).
        """
        if self.printed is not None:
            return Shown(self.printed, None, None, True)
        if set(self.figures) != set(TITLES):
            return None
        shown = list(self.figures.values())
        mean, comparable = sum(one.value for one in shown) / len(TITLES), all(one.comparable for one in shown)
        if not comparable or any(one.low is None or one.high is None for one in shown):
            return Shown(mean, None, None, comparable)
        down = math.hypot(*(one.value - one.low for one in shown if one.low is not None)) / len(TITLES)
        up = math.hypot(*(one.high - one.value for one in shown if one.high is not None)) / len(TITLES)
        return Shown(mean, mean - down, mean + up, True)


@cache
def published() -> tuple[Line, ...]:
    """The rows that ship with the package, from the paper and the leaderboard."""
    tree = yaml.safe_load(files("seethink.analysis").joinpath("published.yaml").read_text(encoding="utf-8"))
    return tuple(
        Line(
            row["model"],
            row["source"],
            {
                name: Shown(float(figure), None, None, True)
                for name, figure in zip(tree["columns"], row["figures"], strict=True)
            },
            float(row["average"]),
        )
        for row in tree["rows"]
    )


def own_lines(folders: Iterable[Path]) -> list[Line]:
    """One row per model and way of asking, from every finished benchmark run below the folders, in order of names.

    InputError where there is none, or two runs would fill one cell.
    """
    rows: dict[tuple[str, str], dict[str, Shown]] = {}
    places: dict[tuple[str, str, str], Path] = {}
    for path in sorted(path for folder in folders for path in _results(folder)):
        tree = read_json(path)
        if not isinstance(tree, dict) or "headline" not in tree or tree.get("benchmark") not in TITLES:
            continue
        row, name = (tree["model"], _how(tree)), tree["benchmark"]
        other = places.setdefault((*row, name), path)
        if other != path:
            raise InputError(f"{path} and {other} are one model asked in one way: give one another name")
        shown = _shown(tree)
        if shown is not None:
            rows.setdefault(row, {})[name] = shown
    if not rows:
        raise InputError("no finished benchmark run there: give folders that seethink eval run or score wrote")
    return [Line(*row, figures) for row, figures in sorted(rows.items())]


def leaderboard_table(lines: Sequence[Line]) -> Table:
    """Published rows first, then the given ones with their intervals."""
    title = "Headline figures in per cent; below own ones their 95 % interval"
    # Only names are folded, so that 80 characters hold every figure and its interval.
    table = Table(title=title, title_justify="left", header_style="bold", box=SIMPLE, pad_edge=False, padding=0)
    table.add_column("model", overflow="fold")
    for name in (*TITLES.values(), "average"):
        table.add_column(_NARROW.sub("\n", name), justify="right", no_wrap=True)
    for line in published():
        table.add_row(*_cells(line), style="dim")
    table.add_section()
    for line in lines:
        table.add_row(*_cells(line))
    if any(not one.comparable for line in lines for one in line.figures.values()):
        table.caption = f"* {NOTE}"
        table.caption_justify = "left"
    return table


def write_leaderboard(path: Path, lines: Sequence[Line]) -> None:
    """The same for a spreadsheet: every figure with its bounds in columns of their own."""
    names = [*TITLES, "average"]
    columns = ["model", "source", *(f"{name}{part}" for name in names for part in ("", " low", " high"))]
    write_spreadsheet(path, [*columns, "not comparable"], (_flat(line) for line in (*published(), *lines)))


def _flat(line: Line) -> dict[str, Any]:
    found: dict[str, Any] = {"model": line.model, "source": line.source}
    for name, shown in (*line.figures.items(), ("average", line.average)):
        if shown is not None:
            found |= {name: f"{shown.value:.2f}", f"{name} low": _two(shown.low), f"{name} high": _two(shown.high)}
    found["not comparable"] = ", ".join(name for name, shown in line.figures.items() if not shown.comparable)
    return found


def _results(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder: give one that seethink eval run or score wrote")
    return sorted(folder.rglob(RESULTS))


def _how(tree: Mapping[str, Any]) -> str:
    blind = ", blind" if tree.get("blind") else ""
    return f"{tree.get('prompt') or 'predictions'}{blind}, rules {tree['rules']}, {judge_name(tree)}"


def _shown(tree: Mapping[str, Any]) -> Shown | None:
    headline = tree["headline"]
    if headline["value"] is None:
        return None
    return Shown(headline["value"], *headline_span(headline), not tree["caveats"])


def _cells(line: Line) -> list[str]:
    shown = [line.figures.get(name) for name in TITLES]
    how = "" if line.printed is not None else f"\n[dim]{escape(line.source)}[/]"
    return [f"{escape(line.model)}{how}", *map(_cell, (*shown, line.average))]


def _cell(shown: Shown | None) -> str:
    if shown is None:
        return "–"
    span = "" if shown.low is None or shown.high is None else f"\n[dim]{shown.low:.1f}–\n{shown.high:.1f}[/]"
    return f"{shown.value:.1f}{'' if shown.comparable else '*'}{span}"


def _two(value: float | None) -> str | None:
    return None if value is None else f"{value:.2f}"
