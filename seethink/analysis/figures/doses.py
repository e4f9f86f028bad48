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

_LEGEND, _HEADING, _PANEL = 40, 24, 196
"""Heights in units: of the legend, of the line below it, of a panel with its axis."""

_NARROWEST, _MARGIN = 0.1, 0.14
"""Least range of an axis of shares, and what an axis leaves free at either end, as a share of its range. choice."""


def doses_figure(rows: Sequence[Tree], *, registered: bool = True) -> Drawing | None:
    """One column of panels per dial, one panel per quantity: a line per series over the levels, with the interval of
    the recipe, and a dot per training run. None without a dose of two levels or more.

    Args:
        rows: ``doses`` of results.json. All of them set the scale of a quantity, so that figures can be compared.
        registered: draw those that claims are about, or the others.
    """
    every = [row for row in rows if len(row["points"]) > 1]
    known = [row for row in every if row["registered"] is registered]
    if not known:
        return None
    dials = list(dict.fromkeys((row["dose"], row["dial"]) for row in known))
    series = list(dict.fromkeys(row["series"] for row in every))
    decodings = list(dict.fromkeys(row["decoding"] for row in known))
    panels = _panels(known)
    above = _LEGEND + _HEADING
    height = above + _PANEL * max(map(len, panels.values()))
    with canvas(height) as figure:
        width = WIDTH / len(dials)
        for column, (dose, dial) in enumerate(dials):
            for line, (quantity, decoding) in enumerate(panels[dose]):
                top = above + _PANEL * line
                axes = axes_at(
                    figure,
                    left=column * width + 46,
                    right=WIDTH - (column + 1) * width + 12,
                    top=top + 24,
                    bottom=height - top - _PANEL + 44,
                    height=height,
                )
                key = dose, quantity, decoding
                mine = [row for row in known if (row["dose"], row["quantity"], row["decoding"]) == key]
                for row in mine:
                    _line(axes, row, _LOOKS[series.index(row["series"]) % len(_LOOKS)])
                _dress(axes, mine, dial, f", {decoding}" if len(decodings) > 1 else "")
                _scale(axes, [row for row in every if row["quantity"] == quantity], quantity != Quantity.LENGTH)
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
        how = f"{' and '.join(decodings)} responses, {'as registered' if registered else 'not registered'}"
        figure.text(0.004, 1 - (_LEGEND + 2) / height, how, va="top", fontsize=11, color=MUTED)
        name = "doses" if registered else "doses-unregistered"
        return Drawing(figure, name, "What each fault of the teacher plants, and where reinforcement ends")


def _panels(rows: Sequence[Tree]) -> dict[str, list[tuple[str, str]]]:
    """By dose its panels, (quantity, decoding). Accuracy, where reinforcement ends, is read last."""
    found: dict[str, dict[tuple[str, str], None]] = {}
    for row in rows:
        found.setdefault(row["dose"], {})[row["quantity"], row["decoding"]] = None
    return {dose: sorted(panels, key=lambda panel: panel[0] == Quantity.ACCURACY) for dose, panels in found.items()}


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


def _dress(axes: Axes, rows: Sequence[Tree], dial: str, more: str) -> None:
    levels = sorted({point["level"] for row in rows for point in row["points"]})
    axes.set_title(rows[0]["told"] + more, loc="left", fontsize=11, color=INK, pad=7)
    axes.set_xlabel(dial.rpartition(".")[2].replace("_", " "), color=MUTED)
    axes.set_xticks(levels, [f"{level:g}" for level in levels])
    axes.margins(x=0.12)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.grid(axis="y")


def _scale(axes: Axes, rows: Sequence[Tree], share: bool) -> None:
    """The range of all that is told of a quantity, so that dials can be compared; no zoom into noise."""
    points = [point for row in rows for point in row["points"]]
    values = [value for point in points for value in (point["mean"], point["low"], point["high"], *point["runs"])]
    known = [value for value in values if value is not None]
    low, high = min(known), max(known)
    margin = _MARGIN * (high - low)
    low, high = low - margin, high + margin
    if share:
        lacking = max(0.0, _NARROWEST - (high - low)) / 2
        low, high = max(-0.01, low - lacking), min(1.01, high + lacking)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
    axes.set_ylim(low, high)
