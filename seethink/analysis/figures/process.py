"""Process rewards: what a scorer's choice is worth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.analysis.figures.canvas import (
    INK,
    MUTED,
    PAPER,
    WIDTH,
    Drawing,
    PercentFormatter,
    arms_legend,
    axes_at,
    canvas,
    interval_column,
    line_mark,
    power_ticks,
    shaded_lines,
    share_axis,
    short,
    swatch,
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


def prm_orm_figure(results: Tree, aggregation: str = "mean") -> Drawing:
    """Accuracy of greedy, of the ORM's choice and of the PRM's on every data set, each a mean over scorers, n and
    generators (finding 1)."""
    sources = results["sources"]
    names = {"greedy": "greedy", "orm": "ORM", "prm": f"PRM, {aggregation}"}
    with canvas(280) as figure:
        axes = axes_at(figure, left=54, right=10, top=44, bottom=28, height=280)
        for number, (kind, colour) in enumerate(arm_colours(names).items()):
            for place, told in enumerate(sources.values()):
                how = {"orm": told["orm"], "prm": aggregation}.get(kind, "")
                found = told["greedy"] if kind == "greedy" else told["aggregations"].get(how)
                if found is not None and found["mean"] is not None:
                    interval_column(axes, place + (number - 1) * 0.27, found, 0.22, colour)
        axes.set_xticks(range(len(sources)), [short(source, 20) for source in sources], color=INK)
        share_axis(axes, "y")
        axes.set_ylabel("accuracy of the choice")
        marks = [swatch(colour, names[kind]) for kind, colour in arm_colours(names).items()]
        figure.legend(handles=marks, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=3)
        return Drawing(figure, "prm-orm", "Accuracy of the choice by data set: greedy, ORM and PRM")


LAST_N = ("last", "last_2", "last_4", "last_8", "mean")
MEAN_OF_SCORERS = "mean of scorers"


def last_n_figure(results: Tree, generator: str, n: int | None = None) -> Drawing:
    """Accuracy against how many last step scores are averaged, one line per scorer and one for their mean (finding 3).

    Args:
        n: candidates; the most that the generator has where None.
    """
    n = n or largest_n(results, generator)
    mine = (generator, n)
    rows = [row for row in results["rows"] if (row["generator"], row["n"]) == mine and row["aggregation"] in LAST_N]
    series = {
        scorer: sorted((LAST_N.index(row["aggregation"]), row["accuracy"]) for row in rows if row["scorer"] == scorer)
        for scorer in dict.fromkeys(row["scorer"] for row in rows)
    }
    means = sorted(
        (LAST_N.index(one["aggregation"]), one["accuracy"])
        for one in results["averages"]
        if (one["generator"], one["n"]) == mine and one["aggregation"] in LAST_N and one["scorers"] > 1
    )
    with canvas(280) as figure:
        axes = axes_at(figure, left=54, right=150, top=14, bottom=44, height=280)
        shaded_lines(axes, series, {})
        if means:
            axes.plot(
                [place for place, _ in means],
                [found["mean"] for _, found in means],
                color=INK,
                linewidth=2.6,
                label=MEAN_OF_SCORERS,
            )
        axes.set_xticks(range(len(LAST_N)), ["1", "2", "4", "8", "all"], color=INK)
        axes.set_xlabel(f"last step scores averaged, {n} candidates of {generator}")
        share_axis(axes, "y")
        axes.set_ylabel("accuracy of the chosen one")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return Drawing(figure, "last-n", "Accuracy of the chosen candidate by how many last scores are averaged")


def own_against_value_figure(told: Tree) -> Drawing:
    """A model's own accuracy against its worth as a PRM (filled) and as an ORM (hollow), one point per scorer
    (finding 2)."""
    kinds = [kind for kind in ("prm", "orm") if told[kind]["points"]]
    models = dict.fromkeys(point["model"] for kind in kinds for point in told[kind]["points"])
    colours = arm_colours(models)
    with canvas(300) as figure:
        axes = axes_at(figure, left=54, right=20, top=44, bottom=44, height=300)
        handles = []
        for kind in kinds:
            r = "" if told[kind]["r"] is None else f", r = {told[kind]['r']:.2f} (p = {told[kind]['p']:.2f})"
            face = MUTED if kind == "prm" else PAPER
            look = {"color": MUTED, "marker": "o", "linestyle": "", "markerfacecolor": face}
            handles.append(line_mark(label=f"{kind.upper()}{r}", **look))
            for point in told[kind]["points"]:
                colour = colours[point["model"]]
                face = colour if kind == "prm" else PAPER
                axes.plot([point["own"]], [point["value"]], "o", color=colour, markerfacecolor=face)
                at = point["own"], point["value"]
                axes.annotate(point["scorer"], at, (6, 4), textcoords="offset points", fontsize=11)
        figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=2)
        share_axis(axes, "x")
        share_axis(axes, "y")
        axes.set_xlabel("accuracy of its own answers")
        axes.set_ylabel(f"accuracy of its choice among {told['n']}")
        return Drawing(figure, "own-value", "A model's own accuracy against its worth as a reward model")


def splits_figure(results: Tree, generator: str, n: int | None = None, aggregation: str = "mean") -> Drawing:
    """Accuracy of greedy, of every scorer's choice and of the scorers' mean as ORM and as PRM in each part of a split,
    text- and vision-dominant items say (finding 4).

    Args:
        n: candidates; the most that the generator has where None.
    """
    n = n or largest_n(results, generator)
    parts = {part: tree for part, tree in results["splits"].items() if generator in tree["generators"]}
    bars: dict[str, dict[str, Tree]] = {"greedy": {}}
    for part, tree in parts.items():
        bars["greedy"][part] = tree["generators"][generator]["greedy"]
        for row in tree["rows"]:
            if (row["generator"], row["n"]) == (generator, n) and row["aggregation"] in (aggregation, "whole"):
                bars.setdefault(row["scorer"], {})[part] = row["accuracy"]
        for one in tree["averages"]:
            kind = {"whole": "ORMs' mean", aggregation: "PRMs' mean"}.get(one["aggregation"])
            if (one["generator"], one["n"]) == (generator, n) and kind and one["scorers"] > 1:
                bars.setdefault(kind, {})[part] = one["accuracy"]
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
        axes.set_ylabel(f"accuracy of the choice among {n} of {short(generator, 16)}")
        arms_legend(figure, bars)
        return Drawing(figure, "splits", f"Accuracy of every scorer's choice by {results['split_by']}, {generator}")


def largest_n(results: Tree, generator: str) -> int:
    """The most candidates that a generator was measured with."""
    return max((row["n"] for row in results["rows"] if row["generator"] == generator), default=0)


def step_labels_figure(curves: Sequence[Tree]) -> Drawing:
    """First-error accuracy against generated tokens per solution, one panel per number of steps, one line per
    collector; ``curves`` are the rows of ``benchmarks/step_labels.py``, each collector at its best threshold. One that
    generates nothing (a judge) is a level line: it pays in ratings."""
    lengths = sorted({one["steps"] for one in curves})
    names = list(dict.fromkeys(one["collector"] for one in curves))
    with canvas(550) as figure:
        for number, steps in enumerate(lengths[:4]):
            left, top = (54 + 340 * (number % 2)), 60 + 250 * (number // 2)
            axes = axes_at(figure, left=left, right=WIDTH - left - 290, top=top, bottom=550 - top - 180, height=550)
            for name, colour in arm_colours(names).items():
                mine = [one for one in curves if (one["steps"], one["collector"]) == (steps, name)]
                if not mine:
                    continue
                if all(one["tokens"] == 0 for one in mine):
                    best = max(one["accuracy"] for one in mine)
                    axes.axhline(best, color=colour, linestyle="--", label=f"{name}, no tokens")
                    continue
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
