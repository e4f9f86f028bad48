"""Process rewards: whether scores mean what they say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seethink.analysis.figures.canvas import MUTED, Drawing, axes_at, canvas, share_axis
from seethink.analysis.palette import arm_colours


def reliability_figure(results: Mapping[str, Any]) -> Drawing:
    """The share of right steps against their mean score in ten bins of the score, one line per scorer, the area of a
    point by its steps; a calibrated scorer lies on the diagonal (``results`` of ``seethink process errors``)."""
    told = {name: one["calibration"] for name, one in results["scorers"].items()}
    with canvas(340) as figure:
        axes = axes_at(figure, left=60, right=215, top=14, bottom=44, height=340)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1.2, linestyle="--")
        for name, colour in arm_colours(["", *told]).items():
            bins = told.get(name, {}).get("bins", [])
            if bins:
                points = [one["score"] for one in bins], [one["target"] for one in bins]
                most = max(one["n"] for one in bins)
                axes.plot(*points, color=colour, linewidth=1.4, label=f"{name}, ECE {told[name]['error']:.2f}")
                axes.scatter(*points, s=[8 + 80 * one["n"] / most for one in bins], color=colour, linewidths=0)
        share_axis(axes, "x")
        share_axis(axes, "y")
        axes.set_xlabel("score of a step")
        axes.set_ylabel("share of right steps")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return Drawing(figure, "reliability", "The share of right steps against their score")
