"""Effects of the registered claims, each in units of the smallest effect that would matter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.analysis.figures.canvas import INK, MUTED, Drawing, MaxNLocator, canvas, interval_point, row_axes

Tree = Mapping[str, Any]

_COLOURS = {"supported": "#0f7a52", "refuted": "#b4441c", "open": MUTED}
_MARKS = {"supported": "✓", "refuted": "✗", "open": "○"}

_FARTHEST = 6.0
"""Where the axis is cut, in smallest effects."""


def claims_figure(verdicts: Sequence[Tree]) -> Drawing | None:
    """A row per claim that was tested: its effect in the direction predicted, over the smallest one of interest; None
    without one. Right of 1 is an effect that matters, left of 0 one in the other direction.

    Args:
        verdicts: ``verdicts`` of results.json.
    """
    rows = [row for row in verdicts if row["mean"] is not None and _unit(row)]
    if not rows:
        return None
    with canvas(58 + 27 * len(rows)) as figure:
        axes = row_axes(figure, [row["name"] for row in rows], top=8, bottom=44, right=104)
        for place, colour in ((0, MUTED), (1, INK)):
            axes.axvline(place, color=colour, linewidth=1.2, linestyle="-" if place else ":")
        for number, row in enumerate(rows):
            unit, colour = _unit(row), _COLOURS[row["verdict"]]
            mean, low, high = (row[name] / unit for name in ("mean", "low", "high"))
            ends = sorted((_cut(low), _cut(high)))
            found = {"mean": _cut(mean), "low": ends[0], "high": ends[1]}
            interval_point(axes, found, number, colour, hollow=row["verdict"] == "open")
            axes.annotate(
                f"{_MARKS[row['verdict']]} {row['verdict']}", (1, number), (14, 0),
                xycoords=axes.get_yaxis_transform(), textcoords="offset points", va="center", fontsize=11, color=colour,
            )  # fmt: skip
        low, high = axes.get_xlim()
        axes.set_xlim(min(low, -1.2), max(high, 1.8))
        axes.xaxis.set_major_locator(MaxNLocator(7, integer=True))
        axes.grid(axis="x")
        axes.set_xlabel("effect as predicted, in smallest effects of interest (solid line)")
        return Drawing(figure, "claims", "Effects of the registered claims beside the smallest that matters")


def _unit(row: Tree) -> float:
    """What counts as one, with the sign of the prediction; 0 where a survival has nothing to survive."""
    sign = 1 if row["direction"] == "rises" else -1
    return float(sign * row["smallest"] * (1.0 if row["planted"] is None else abs(row["planted"])))


def _cut(value: float) -> float:
    return max(-_FARTHEST, min(_FARTHEST, value))
