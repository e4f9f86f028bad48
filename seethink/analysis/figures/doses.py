"""Dose and response: one dial of the teacher at a time, what it plants, and where reinforcement ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.analysis.figures.canvas import (
    INK,
    MUTED,
    PAPER,
    WIDTH,
    Axes,
    Drawing,
    MaxNLocator,
    PercentFormatter,
    axes_at,
    canvas,
    line_mark,
)
from seethink.analysis.registered import Quantity

Tree = Mapping[str, Any]

_LOOKS = (("#d9691e", "o", "-"), ("#2b7bba", "s", "--"), ("#12996f", "^", ":"), ("#c0699b", "D", "-."))
"""Colour, mark and line of a series, so that no series is told by its colour alone."""

_PANEL = 196

_NARROWEST = 0.1
"""Least range of an axis of shares. choice."""


def doses_figure(rows: Sequence[Tree]) -> Drawing | None:
    """One column of panels per dial, one panel per quantity: a line per series over the levels, with the interval of
    the recipe, and a dot per training run. None without a dose of two levels or more.

    Args:
        rows: ``doses`` of results.json.
    """
    known = [row for row in rows if len(row["points"]) > 1]
    if not known:
        return None
    dials = list(dict.fromkeys((row["dose"], row["dial"]) for row in known))
    series = list(dict.fromkeys(row["series"] for row in known))
    # Accuracy, where reinforcement ends, is read last.
    quantities = {
        dose: sorted({row["quantity"] for row in known if row["dose"] == dose}, key=lambda name: name == "accuracy")
        for dose, _ in dials
    }
    lines = max(map(len, quantities.values()))
    height = 40 + _PANEL * lines
    with canvas(height) as figure:
        width = WIDTH / len(dials)
        axes_of: dict[str, list[Axes]] = {}
        for column, (dose, dial) in enumerate(dials):
            for line, quantity in enumerate(quantities[dose]):
                top = 40 + _PANEL * line
                axes = axes_at(
                    figure,
                    left=column * width + 46,
                    right=WIDTH - (column + 1) * width + 12,
                    top=top + 24,
                    bottom=height - top - _PANEL + 44,
                    height=height,
                )
                axes_of.setdefault(quantity, []).append(axes)
                mine = [row for row in known if (row["dose"], row["quantity"]) == (dose, quantity)]
                for row in mine:
                    _line(axes, row, _LOOKS[series.index(row["series"]) % len(_LOOKS)])
                _dress(axes, mine, dial)
        for quantity, beside in axes_of.items():
            _on_one_scale(beside, quantity != Quantity.LENGTH)
        figure.legend(
            handles=[
                line_mark(color=colour, marker=mark, linestyle=style, markersize=6.5, linewidth=2, label=name)
                for name, (colour, mark, style) in zip(series, _LOOKS, strict=False)
            ],
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=len(series),
            handlelength=2.6,
        )
        return Drawing(figure, "doses", "What each fault of the teacher plants, and where reinforcement ends")


def _line(axes: Axes, row: Tree, look: tuple[str, str, str]) -> None:
    colour, mark, style = look
    points = row["points"]
    levels, means = [point["level"] for point in points], [point["mean"] for point in points]
    axes.plot(levels, means, color=colour, linestyle=style, linewidth=2, marker=mark, markersize=6.5, zorder=3)
    for point in points:
        if point["low"] is not None:
            axes.plot([point["level"]] * 2, [point["low"], point["high"]], color=colour, linewidth=1.6, alpha=0.8)
        if len(point["runs"]) > 1:
            axes.plot(
                [point["level"]] * len(point["runs"]), point["runs"], mark, color=colour, markersize=3.2,
                markerfacecolor=PAPER, markeredgewidth=0.9, zorder=4,
            )  # fmt: skip


def _dress(axes: Axes, rows: Sequence[Tree], dial: str) -> None:
    levels = sorted({point["level"] for row in rows for point in row["points"]})
    axes.set_title(rows[0]["told"], loc="left", fontsize=11, color=INK, pad=7)
    axes.set_xlabel(dial.rpartition(".")[2].replace("_", " "), color=MUTED)
    axes.set_xticks(levels, [f"{level:g}" for level in levels])
    axes.margins(x=0.12, y=0.14)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="y")


def _on_one_scale(beside: Sequence[Axes], share: bool) -> None:
    """The same range for the panels of one quantity, so that dials can be compared; no zoom into noise."""
    low = min(axes.get_ylim()[0] for axes in beside)
    high = max(axes.get_ylim()[1] for axes in beside)
    if share:
        lacking = max(0.0, _NARROWEST - (high - low)) / 2
        low, high = max(-0.01, low - lacking), min(1.01, high + lacking)
    for axes in beside:
        axes.set_ylim(low, high)
        if share:
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
