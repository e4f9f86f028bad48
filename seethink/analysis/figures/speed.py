"""What sharing a prompt saves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.analysis.figures.canvas import (
    MUTED,
    WIDTH,
    Drawing,
    axes_at,
    canvas,
    line_mark,
)

Tree = Mapping[str, Any]

_MEASURED = "#2b7bba"


def sharing_figure(rows: Sequence[Tree]) -> Drawing:
    """How many times faster a GRPO update is where the prompt is shared, by group and by picture.

    Args:
        rows: of ``benchmarks/grpo_update.py --growth``: axis (group or picture), value, measured ratio, and the ratio
            of multiply-adds.
    """
    panels = (("group", "completions of a prompt"), ("picture", "tokens of the picture"))
    height, width = 250, WIDTH / len(panels)
    top = 1.12 * max((max(row["ratio"], row["count"]) for row in rows), default=1.0)
    with canvas(height) as figure:
        for index, (axis, label) in enumerate(panels):
            points = sorted((row["value"], row["ratio"], row["count"]) for row in rows if row["axis"] == axis)
            axes = axes_at(
                figure,
                left=46 + index * width,
                right=WIDTH - (index + 1) * width + 14,
                top=40,
                bottom=48,
                height=height,
            )
            places = range(len(points))
            axes.plot(places, [count for _, _, count in points], color=MUTED, linewidth=1.6, linestyle="--")
            axes.plot(places, [ratio for _, ratio, _ in points], "o-", color=_MEASURED, linewidth=2.2, markersize=7)
            axes.set_xticks(list(places), [f"{value:,}" for value, _, _ in points])
            axes.set_xlabel(label)
            axes.set_ylim(0, top)
            axes.grid(axis="y")
        marks = (
            ("measured", {"marker": "o", "color": _MEASURED}),
            ("multiply-adds", {"linestyle": "--", "color": MUTED}),
        )
        figure.legend(
            handles=[line_mark(label=name, **look) for name, look in marks],
            title=None,
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=2,
        )
        figure.text(0.98, 1 - 14 / height, "times faster than one row per completion", ha="right", color=MUTED)
        return Drawing(figure, "sharing", "How many times faster an update is with a shared prompt")
