"""Process rewards: what a scorer's choice is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.analysis.figures.canvas import (
    INK,
    MUTED,
    WIDTH,
    Drawing,
    PercentFormatter,
    arms_legend,
    axes_at,
    canvas,
    interval_column,
    power_ticks,
    shaded_lines,
    share_axis,
)
from seethink.analysis.palette import arm_colours

Tree = Mapping[str, Any]


def best_of_n_figure(results: Tree, generator: str, aggregation: str = "mean") -> Drawing:
    """Accuracy of the chosen candidate against N, one line per scorer, between random and oracle (findings 1 and 3 of
    ViLBench are read off such panels; ``results`` is the tree of ``seethink process bench``)."""
    beside = results["generators"][generator]
    rows = [
        row for row in results["rows"] if row["generator"] == generator and row["aggregation"] in (aggregation, "whole")
    ]
    series = {
        scorer: [(row["n"], row["accuracy"]) for row in rows if row["scorer"] == scorer]
        for scorer in dict.fromkeys(row["scorer"] for row in rows)
    }
    quiet = {name: [(int(n), found) for n, found in beside[name].items()] for name in ("random", "majority", "oracle")}
    with canvas(300) as figure:
        axes = axes_at(figure, left=54, right=150, top=14, bottom=44, height=300)
        shaded_lines(axes, series, quiet)
        if beside["greedy"]["mean"] is not None:
            axes.axhline(beside["greedy"]["mean"], color=MUTED, linestyle=":", label="greedy")
        axes.set_xscale("log", base=2)
        axes.set_xticks(*power_ticks([n for points in quiet.values() for n, _ in points]))
        axes.set_xlabel(f"candidates, {generator}, {aggregation} of the step scores")
        share_axis(axes, "y")
        axes.set_ylabel("accuracy of the chosen one")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return Drawing(figure, "best-of-n", "Accuracy of the chosen candidate against the number of candidates")


def last_n_figure(results: Tree, generator: str, n: int) -> Drawing:
    """Accuracy at N against how many last step scores are averaged, one line per scorer (finding 3)."""
    rows = [row for row in results["rows"] if (row["generator"], row["n"]) == (generator, n)]
    places = {"last": 0, "last_2": 1, "last_4": 2, "last_8": 3, "mean": 4}
    series = {
        scorer: sorted(
            (places[row["aggregation"]], row["accuracy"])
            for row in rows
            if row["scorer"] == scorer and row["aggregation"] in places
        )
        for scorer in dict.fromkeys(row["scorer"] for row in rows if row["aggregation"] in places)
    }
    with canvas(280) as figure:
        axes = axes_at(figure, left=54, right=150, top=14, bottom=44, height=280)
        shaded_lines(axes, series, {})
        axes.set_xticks(list(places.values()), ["1", "2", "4", "8", "all"], color=INK)
        axes.set_xlabel(f"last step scores averaged, {n} candidates of {generator}")
        share_axis(axes, "y")
        axes.set_ylabel("accuracy of the chosen one")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return Drawing(figure, "last-n", "Accuracy of the chosen candidate by how many last scores are averaged")


def own_against_value_figure(told: Tree) -> Drawing:
    """A model's own accuracy against its worth as a scorer, one point per model (finding 2)."""
    points = told["points"]
    with canvas(280) as figure:
        axes = axes_at(figure, left=54, right=20, top=14, bottom=44, height=280)
        for (name, colour), point in zip(
            arm_colours([point["scorer"] for point in points]).items(), points, strict=True
        ):
            axes.plot([point["own"]], [point["value"]], "o", color=colour)
            axes.annotate(name, (point["own"], point["value"]), (6, 4), textcoords="offset points", fontsize=11)
        share_axis(axes, "x")
        share_axis(axes, "y")
        r = "" if told["r"] is None else f", r = {told['r']:.2f} (p = {told['p']:.2f})"
        axes.set_xlabel(f"accuracy of its own answers{r}")
        axes.set_ylabel(f"accuracy of its choice among {told['n']}")
        return Drawing(figure, "own-value", "A model's own accuracy against its worth as a reward model")


def splits_figure(results: Tree, n: int, aggregation: str = "mean") -> Drawing:
    """Accuracy at N of every scorer's choice and of greedy in each part of a split, text- and vision-dominant items say
    (finding 4)."""
    parts = results["splits"]
    bars: dict[str, dict[str, Tree]] = {}
    for part, tree in parts.items():
        for beside in tree["generators"].values():
            bars.setdefault("greedy", {})[part] = beside["greedy"]
        for row in tree["rows"]:
            if row["n"] == n and row["aggregation"] in (aggregation, "whole"):
                bars.setdefault(row["scorer"], {})[part] = row["accuracy"]
    with canvas(280) as figure:
        axes = axes_at(figure, left=54, right=10, top=44, bottom=28, height=280)
        step = 0.8 / max(1, len(bars))
        for number, (name, colour) in enumerate(arm_colours(bars).items()):
            for place, part in enumerate(parts):
                found = bars[name].get(part)
                if found is not None and found["mean"] is not None:
                    interval_column(axes, place + (number - (len(bars) - 1) / 2) * step, found, step * 0.82, colour)
        axes.set_xticks(range(len(parts)), list(parts), color=INK)
        share_axis(axes, "y")
        axes.set_ylabel(f"accuracy of the choice among {n}")
        arms_legend(figure, bars)
        return Drawing(figure, "splits", f"Accuracy of every scorer's choice by {results['split_by']}")


def step_labels_figure(curves: Sequence[Tree]) -> Drawing:
    """First-error accuracy against generated tokens per solution, one panel per number of steps, one line per
    collector; ``curves`` are the rows of ``benchmarks/step_labels.py``, each collector at its best threshold."""
    lengths = sorted({one["steps"] for one in curves})
    names = list(dict.fromkeys(one["collector"] for one in curves if one["tokens"] > 0))
    with canvas(550) as figure:
        for number, steps in enumerate(lengths[:4]):
            left, top = (54 + 340 * (number % 2)), 60 + 250 * (number // 2)
            axes = axes_at(figure, left=left, right=WIDTH - left - 290, top=top, bottom=550 - top - 180, height=550)
            for name, colour in arm_colours(names).items():
                mine = [one for one in curves if (one["steps"], one["collector"]) == (steps, name)]
                threshold = max(mine, key=lambda one: one["accuracy"])["threshold"]
                points = sorted((one["tokens"], one["accuracy"]) for one in mine if one["threshold"] == threshold)
                axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour, label=name)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter("{x:,.0f}")
            axes.set_title(f"{steps} steps", fontsize=11.5, loc="left")
            axes.set_ylim(0, 1.03)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.grid(axis="y")
            axes.set_xlabel("generated tokens per solution")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="upper center", ncol=len(names))
        return Drawing(figure, "step-labels", "First-error accuracy against generated tokens, by collector")
