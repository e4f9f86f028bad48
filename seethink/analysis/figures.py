"""The figures of a report, each a function from plain results to SVG text.

The only file that imports matplotlib. Input is the tree of results.json (or the trainer's log), so that a figure can
be drawn again from the file alone. Every figure is 700 units wide and the same input gives the same bytes. Text stays
text, and the neutral colours are few, so that a page may restyle both.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, NullFormatter, PercentFormatter, StrMethodFormatter

from seethink.analysis.palette import arm_colours
from seethink.analysis.wording import apart, p_text, signed

Tree = Mapping[str, Any]

INK, MUTED, RULE, PAPER = "#1f2328", "#646c76", "#e3e6ea", "#ffffff"
"""Text, secondary text, grid lines and background of every figure."""

KEPT, SET_ASIDE = "#2b7bba", "#c9ced5"
IN_SFT, IN_RL, LEFT_OVER = "#d9691e", "#2b7bba", "#b9d3e8"

_WIDTH = 700
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "seethink",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 11.5,
    "text.color": INK,
    "text.parse_math": False,
    "axes.edgecolor": RULE,
    "axes.facecolor": PAPER,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 1.0,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "figure.facecolor": PAPER,
    "figure.dpi": 72,
    "grid.color": RULE,
    "grid.linewidth": 1.0,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 11,
    "ytick.labelsize": 11,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "legend.fontsize": 11,
}
_DECODINGS = {"accuracy": "greedy", "sampled": "sampled, mean over draws"}
_REWARD = ("reward", "train/reward")
_LENGTH = ("completions/mean_length", "completion_length", "response_length", "train/completions/mean_length")


def accuracy_figure(arms: Mapping[str, Tree]) -> str:
    """Accuracy per arm with its interval: greedy filled, sampled hollow."""
    with _figure(76 + 46 * len(arms)) as figure:
        axes = _rows(figure, list(arms), top=34, bottom=42)
        for row, (arm, colour) in enumerate(arm_colours(arms).items()):
            for offset, key in ((-0.15, "accuracy"), (0.15, "sampled")):
                _point(axes, arms[arm][key], row + offset, colour, hollow=key == "sampled", value=True)
        _share_axis(axes, "x")
        axes.set_xlabel("accuracy, 95 % interval over items")
        _marks_legend(figure, list(_DECODINGS.values()))
        return _svg(figure, "accuracy", "Accuracy of every arm with its 95 % interval")


def breakdown_figure(arms: Mapping[str, Tree]) -> str:
    """Greedy accuracy per dimension and per verifier, one column per arm."""
    parts = [("by_dimension", "by_dimension", key) for key in _keys(arms, "by_dimension", ("perception", "cognition"))]
    parts += [("by_verifier", "by_verifier", key) for key in _keys(arms, "by_verifier", ())]
    with _figure(290) as figure:
        axes = _axes(figure, left=54, right=10, top=44, bottom=28, height=290)
        step = 0.8 / max(1, len(arms))
        gap = 0.5 if any(kind == "by_dimension" for kind, _, _ in parts) else 0.0
        places = [index + (gap if kind == "by_verifier" else 0.0) for index, (kind, _, _) in enumerate(parts)]
        for number, (arm, colour) in enumerate(arm_colours(arms).items()):
            for place, (kind, _, key) in zip(places, parts, strict=True):
                found = arms[arm][kind].get(key)
                if found is not None and found["accuracy"]["mean"] is not None:
                    _column(axes, place + (number - (len(arms) - 1) / 2) * step, found["accuracy"], step * 0.82, colour)
        axes.set_xticks(places, [key for _, _, key in parts], color=INK)
        axes.set_xlim((places[0] if places else 0) - 0.6, (places[-1] if places else 0) + 0.6)
        dimensions = sum(kind == "by_dimension" for kind, _, _ in parts)
        if 0 < dimensions < len(parts):
            axes.axvline((places[dimensions - 1] + places[dimensions]) / 2, color=RULE)
        _share_axis(axes, "y")
        axes.set_ylabel("greedy accuracy")
        _arms_legend(figure, arms)
        return _svg(figure, "breakdown", "Accuracy of every arm by dimension and by verifier")


def differences_figure(
    pairs: Sequence[Tree], arms: Sequence[str], decoding: str = "greedy", rule: str = "strict"
) -> str:
    """Forest plot of the paired differences; an interval clear of zero is drawn in the first arm's colour."""
    chosen = [pair for pair in pairs if (pair["decoding"], pair["rule"]) == (decoding, rule) and pair["n"]]
    colours = arm_colours(arms)
    with _figure(50 + 28 * len(chosen)) as figure:
        axes = _rows(figure, [f"{pair['a']} − {pair['b']}" for pair in chosen], top=8, bottom=42, right=122)
        axes.axvline(0, color=MUTED, linewidth=1.2)
        for row, pair in enumerate(chosen):
            clear = apart(pair)
            colour = colours.get(pair["a"], INK) if clear else MUTED
            found = {"mean": pair["difference"], "low": pair["low"], "high": pair["high"]}
            _point(axes, found, row, colour, hollow=not clear)
            for place, text in ((46, signed(pair["difference"], 1)), (118, p_text(pair["p"]))):
                axes.annotate(
                    text, (1, row), (place, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset points",
                    ha="right", va="center", fontsize=11, color=INK if clear else MUTED,
                )  # fmt: skip
        reach = max([0.02, *(abs(pair[end]) for pair in chosen for end in ("low", "high"))]) * 1.08
        axes.set_xlim(-reach, reach)
        axes.xaxis.set_major_formatter(lambda value, _: signed(value))
        axes.xaxis.set_major_locator(MaxNLocator(7, symmetric=True, steps=[1, 2, 5, 10]))
        axes.grid(axis="x")
        axes.set_xlabel(f"difference in {decoding} accuracy, points, same items")
        return _svg(figure, "differences", "Paired differences between arms with 95 % intervals")


def curves_figure(curves: Mapping[str, Sequence[Tree]], arms: Sequence[str]) -> str | None:
    """Reward and response length over the steps of reinforcement learning; None where no log holds a reward.

    A faint line is what the trainer logged, the firm one its moving mean over a fifteenth of the run.
    """
    colours = arm_colours(arms)
    named = {arm: rows for arm, rows in curves.items() if arm in colours and _series(rows, _REWARD)[0].size}
    if not named:
        return None
    with _figure(270) as figure:
        for index, (keys, label) in enumerate(((_REWARD, "mean reward"), (_LENGTH, "response length, tokens"))):
            axes = _axes(figure, left=50 + 350 * index, right=18 + 350 * (1 - index), top=50, bottom=44, height=270)
            for arm, rows in named.items():
                steps, values = _series(rows, keys)
                if steps.size:
                    axes.plot(steps, values, color=colours[arm], alpha=0.22, linewidth=1)
                    axes.plot(steps, _moving_mean(values), color=colours[arm], linewidth=2, solid_capstyle="round")
            axes.set_title(label, loc="left", fontsize=11.5, color=INK, pad=8)
            axes.set_xlabel("training step")
            axes.grid(axis="y")
            axes.yaxis.set_major_locator(MaxNLocator(5))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.margins(x=0.02)
        _arms_legend(figure, arms, only=list(named))
        return _svg(figure, "curves", "Reward and response length over training steps")


def funnel_figure(funnel: Sequence[Tree]) -> str | None:
    """What every step of the data factory kept and why it set rows aside, summed over sources; None without rows."""
    kept: dict[str, int] = {}
    reasons: dict[str, dict[str, int]] = {}
    for row in funnel:
        kept[row["step"]] = kept.get(row["step"], 0) + int(row["kept"])
        counts = reasons.setdefault(row["step"], {})
        for reason, count in row["reasons"].items():
            counts[reason] = counts.get(reason, 0) + int(count)
    if not kept:
        return None
    widest = max(1, *(kept[step] + sum(reasons[step].values()) for step in kept))
    with _figure(36 + 44 * len(kept)) as figure:
        axes = _rows(figure, list(kept), top=32, bottom=4, right=24)
        for place, (step, count) in enumerate(kept.items()):
            aside = sum(reasons[step].values())
            axes.barh(place - 0.14, count, 0.4, color=KEPT)
            axes.barh(place - 0.14, aside, 0.4, left=count, color=SET_ASIDE)
            axes.text(0, place + 0.26, _told(count, reasons[step]), va="center", fontsize=10.5, color=MUTED)
        axes.set_yticks([place - 0.14 for place in range(len(kept))], [_short(step) for step in kept], color=INK)
        axes.set_xlim(0, widest)
        axes.set_xticks([])
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(False)
        figure.legend(
            handles=[_swatch(KEPT, "kept"), _swatch(SET_ASIDE, "set aside")],
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=2,
        )
        return _svg(figure, "funnel", "Rows kept and set aside by every step of the data factory")


def sources_figure(funnel: Sequence[Tree]) -> str | None:
    """What became of every source's rows, one bar each, in the shape of the paper's table 1; None without rows.

    Rows need ``source``, ``step``, ``entered`` and ``kept``, those of the last step also ``sft`` and ``rl``. Bars are
    shares of what the source began with, so that a small source can be seen beside a large one.
    """
    steps: dict[str, dict[str, Tree]] = {}
    for row in funnel:
        steps.setdefault(row["source"], {})[row["step"]] = row
    sources = {name: found for name, found in sorted(steps.items()) if "collect" in found}
    if not sources:
        return None
    with _figure(40 + 46 * len(sources)) as figure:
        axes = _rows(figure, list(sources), top=32, bottom=8)
        for place, found in enumerate(sources.values()):
            original = int(found["collect"]["entered"])
            kept = int(found["verify"]["kept"]) if "verify" in found else 0
            sft, rl = (int(found.get("curate", {}).get(name) or 0) for name in ("sft", "rl"))
            left = 0.0
            for count, colour in (
                (sft, IN_SFT), (rl, IN_RL), (kept - sft - rl, LEFT_OVER), (original - kept, SET_ASIDE),
            ):  # fmt: skip
                axes.barh(place - 0.16, count / max(1, original), 0.38, left=left, color=colour)
                left += count / max(1, original)
            told = f"{original:,} collected, {kept:,} after the pipeline, {sft:,} SFT, {rl:,} RL"
            axes.text(0, place + 0.24, told, va="center", fontsize=10.5, color=MUTED)
        axes.set_yticks([place - 0.16 for place in range(len(sources))], [_short(name) for name in sources], color=INK)
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(False)
        named = ((IN_SFT, "SFT"), (IN_RL, "RL"), (LEFT_OVER, "left over"), (SET_ASIDE, "set aside"))
        figure.legend(
            handles=[_swatch(colour, name) for colour, name in named],
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
        )
        return _svg(figure, "sources", "What became of the rows of every source")


def habits_figure(arms: Mapping[str, Tree]) -> str:
    """Response length, hesitant steps and responses with a reflective cue, per arm."""
    panels = (
        ("response_tokens", "response length, tokens"),
        ("hesitation_rate", "hesitant steps"),
        ("cue_rate", "responses with a cue"),
    )
    height = 78 + 27 * len(arms)
    with _figure(height) as figure:
        label = _label_width(list(arms))
        width = (_WIDTH - label - 14) / len(panels)
        for index, (key, title) in enumerate(panels):
            left = label + index * width
            axes = _axes(figure, left=left, right=_WIDTH - left - width + 26, top=32, bottom=30, height=height)
            for row, (arm, colour) in enumerate(arm_colours(arms).items()):
                _point(axes, arms[arm][key], row, colour)
            axes.set_title(title, loc="left", fontsize=11.5, color=INK, pad=8)
            axes.set_ylim(len(arms) - 0.5, -0.5)
            axes.set_yticks(range(len(arms)), list(arms) if index == 0 else [""] * len(arms), color=INK)
            top = max([*(_reach(arms[arm][key]) for arm in arms), 0.01])
            axes.set_xlim(0, 1.12 * top)
            axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
            if key != "response_tokens":
                axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if top > 0.04 else 1, symbol=" %"))
            axes.grid(axis="x")
        return _svg(figure, "habits", "Response length, hesitation and reflective cues of every arm")


def sharing_figure(rows: Sequence[Tree]) -> str:
    """How many times faster a GRPO update is where the prompt is shared, by group and by picture.

    Args:
        rows: of ``benchmarks/grpo_update.py --growth``: axis (group or picture), value, measured ratio, and the ratio
            of multiply-adds.
    """
    panels = (("group", "completions of a prompt"), ("picture", "tokens of the picture"))
    height, width = 250, _WIDTH / len(panels)
    top = 1.12 * max((max(row["ratio"], row["count"]) for row in rows), default=1.0)
    with _figure(height) as figure:
        for index, (axis, label) in enumerate(panels):
            points = sorted((row["value"], row["ratio"], row["count"]) for row in rows if row["axis"] == axis)
            axes = _axes(
                figure,
                left=46 + index * width,
                right=_WIDTH - (index + 1) * width + 14,
                top=40,
                bottom=48,
                height=height,
            )
            places = range(len(points))
            axes.plot(places, [count for _, _, count in points], color=MUTED, linewidth=1.6, linestyle="--")
            axes.plot(places, [ratio for _, ratio, _ in points], "o-", color=IN_RL, linewidth=2.2, markersize=7)
            axes.set_xticks(list(places), [f"{value:,}" for value, _, _ in points])
            axes.set_xlabel(label)
            axes.set_ylim(0, top)
            axes.grid(axis="y")
        marks = (("measured", {"marker": "o", "color": IN_RL}), ("multiply-adds", {"linestyle": "--", "color": MUTED}))
        figure.legend(
            handles=[matplotlib.lines.Line2D([], [], label=name, **look) for name, look in marks],  # type: ignore[arg-type]
            title=None,
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=2,
        )
        figure.text(0.98, 1 - 14 / height, "times faster than one row per completion", ha="right", color=MUTED)
        return _svg(figure, "sharing", "How many times faster an update is with a shared prompt")


def best_of_n_figure(results: Tree, generator: str, aggregation: str = "mean") -> str:
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
    with _figure(300) as figure:
        axes = _axes(figure, left=54, right=150, top=14, bottom=44, height=300)
        _lines(axes, series, quiet)
        if beside["greedy"]["mean"] is not None:
            axes.axhline(beside["greedy"]["mean"], color=MUTED, linestyle=":", label="greedy")
        axes.set_xscale("log", base=2)
        axes.set_xticks(*_powers([n for points in quiet.values() for n, _ in points]))
        axes.set_xlabel(f"candidates, {generator}, {aggregation} of the step scores")
        _share_axis(axes, "y")
        axes.set_ylabel("accuracy of the chosen one")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return _svg(figure, "best-of-n", "Accuracy of the chosen candidate against the number of candidates")


def last_n_figure(results: Tree, generator: str, n: int) -> str:
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
    with _figure(280) as figure:
        axes = _axes(figure, left=54, right=150, top=14, bottom=44, height=280)
        _lines(axes, series, {})
        axes.set_xticks(list(places.values()), ["1", "2", "4", "8", "all"], color=INK)
        axes.set_xlabel(f"last step scores averaged, {n} candidates of {generator}")
        _share_axis(axes, "y")
        axes.set_ylabel("accuracy of the chosen one")
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0))
        return _svg(figure, "last-n", "Accuracy of the chosen candidate by how many last scores are averaged")


def own_against_value_figure(told: Tree) -> str:
    """A model's own accuracy against its worth as a scorer, one point per model (finding 2)."""
    points = told["points"]
    with _figure(280) as figure:
        axes = _axes(figure, left=54, right=20, top=14, bottom=44, height=280)
        for (name, colour), point in zip(
            arm_colours([point["scorer"] for point in points]).items(), points, strict=True
        ):
            axes.plot([point["own"]], [point["value"]], "o", color=colour)
            axes.annotate(name, (point["own"], point["value"]), (6, 4), textcoords="offset points", fontsize=11)
        _share_axis(axes, "x")
        _share_axis(axes, "y")
        r = "" if told["r"] is None else f", r = {told['r']:.2f} (p = {told['p']:.2f})"
        axes.set_xlabel(f"accuracy of its own answers{r}")
        axes.set_ylabel(f"accuracy of its choice among {told['n']}")
        return _svg(figure, "own-value", "A model's own accuracy against its worth as a reward model")


def splits_figure(results: Tree, n: int, aggregation: str = "mean") -> str:
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
    with _figure(280) as figure:
        axes = _axes(figure, left=54, right=10, top=44, bottom=28, height=280)
        step = 0.8 / max(1, len(bars))
        for number, (name, colour) in enumerate(arm_colours(bars).items()):
            for place, part in enumerate(parts):
                found = bars[name].get(part)
                if found is not None and found["mean"] is not None:
                    _column(axes, place + (number - (len(bars) - 1) / 2) * step, found, step * 0.82, colour)
        axes.set_xticks(range(len(parts)), list(parts), color=INK)
        _share_axis(axes, "y")
        axes.set_ylabel(f"accuracy of the choice among {n}")
        _arms_legend(figure, bars)
        return _svg(figure, "splits", f"Accuracy of every scorer's choice by {results['split_by']}")


def step_labels_figure(curves: Sequence[Tree]) -> str:
    """First-error accuracy against generated tokens per solution, one panel per number of steps, one line per
    collector; ``curves`` are the rows of ``benchmarks/step_labels.py``, each collector at its best threshold."""
    lengths = sorted({one["steps"] for one in curves})
    names = list(dict.fromkeys(one["collector"] for one in curves if one["tokens"] > 0))
    with _figure(550) as figure:
        for number, steps in enumerate(lengths[:4]):
            left, top = (54 + 340 * (number % 2)), 56 + 250 * (number // 2)
            axes = _axes(figure, left=left, right=_WIDTH - left - 290, top=top, bottom=550 - top - 180, height=550)
            for name, colour in arm_colours(names).items():
                mine = [one for one in curves if (one["steps"], one["collector"]) == (steps, name)]
                threshold = max(mine, key=lambda one: one["accuracy"])["threshold"]
                points = sorted((one["tokens"], one["accuracy"]) for one in mine if one["threshold"] == threshold)
                axes.plot(*zip(*points, strict=True), marker="o", markersize=4, color=colour, label=name)
            axes.set_xscale("log")
            axes.xaxis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
            axes.set_title(f"{steps} steps", fontsize=11.5, loc="left")
            axes.set_ylim(0, 1.03)
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.grid(axis="y")
            axes.set_xlabel("generated tokens per solution")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="upper center", ncol=len(names))
        return _svg(figure, "step-labels", "First-error accuracy against generated tokens, by collector")


def _lines(axes: Axes, series: Mapping[str, Sequence[Any]], quiet: Mapping[str, Sequence[Any]]) -> None:
    """Lines through estimates with their intervals shaded; ``quiet`` ones are thin and grey."""
    for name, points in quiet.items():
        known = [(x, found["mean"]) for x, found in points if found["mean"] is not None]
        if known:
            dashes = {"oracle": "--", "majority": "-."}.get(name, "-")
            axes.plot(*zip(*known, strict=True), color=MUTED, linewidth=1.2, linestyle=dashes, label=name)
    for name, colour in arm_colours(["", *series]).items():
        known = [(x, found) for x, found in series.get(name, ()) if found["mean"] is not None]
        if known:
            xs = [x for x, _ in known]
            axes.plot(xs, [found["mean"] for _, found in known], marker="o", markersize=5, color=colour, label=name)
            low, high = ([found[end] for _, found in known] for end in ("low", "high"))
            if None not in (*low, *high):
                axes.fill_between(xs, low, high, color=colour, alpha=0.12, linewidth=0)


def _powers(ns: Sequence[int]) -> tuple[list[int], list[str]]:
    known = sorted(set(ns))
    return known, [str(n) for n in known]


@contextmanager
def _figure(height: float) -> Iterator[Figure]:
    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type, unused-ignore]
        figure = Figure(figsize=(_WIDTH / 72, height / 72))
        FigureCanvasSVG(figure)
        yield figure


def _axes(figure: Figure, *, left: float, right: float, top: float, bottom: float, height: float) -> Axes:
    """Axes by their distance in units from the four edges of the figure."""
    return figure.add_axes(
        (left / _WIDTH, bottom / height, (_WIDTH - left - right) / _WIDTH, (height - top - bottom) / height)
    )


def _rows(figure: Figure, labels: Sequence[str], *, top: float, bottom: float, right: float = 24) -> Axes:
    """Axes with one labelled row per entry, the first on top."""
    height = figure.get_figheight() * 72
    axes = _axes(figure, left=_label_width(labels), right=right, top=top, bottom=bottom, height=height)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), [_short(label) for label in labels], color=INK)
    return axes


def _label_width(labels: Sequence[str]) -> float:
    return 24 + 7.2 * max((len(_short(label)) for label in labels), default=0)


def _short(label: str, limit: int = 34) -> str:
    return label if len(label) <= limit else label[: limit - 1] + "…"


def _point(axes: Axes, found: Tree, row: float, colour: str, *, hollow: bool = False, value: bool = False) -> None:
    mean = found["mean"]
    if mean is None:
        return
    if found["low"] is not None:
        axes.plot([found["low"], found["high"]], [row, row], color=colour, linewidth=2.2, solid_capstyle="round")
    face = PAPER if hollow else colour
    axes.plot(
        [mean], [row], "o", markersize=7.5, color=colour, markerfacecolor=face, markeredgewidth=1.8, clip_on=False
    )
    if value:
        right = found["high"] if found["high"] is not None else mean
        axes.annotate(
            f"{100 * mean:.1f}",
            (right, row),
            (8, 0),
            textcoords="offset points",
            va="center",
            color=MUTED,
            fontsize=10.5,
        )


def _column(axes: Axes, place: float, found: Tree, width: float, colour: str) -> None:
    axes.bar(place, found["mean"], width, color=colour, alpha=0.92)
    if found["low"] is not None:
        axes.plot([place, place], [found["low"], found["high"]], color=INK, linewidth=1.1, alpha=0.75)


def _share_axis(axes: Axes, side: str) -> None:
    axis = axes.xaxis if side == "x" else axes.yaxis
    (axes.set_xlim if side == "x" else axes.set_ylim)(0, 1.08 if side == "x" else 1.02)
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1.0])
    axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(axis="x" if side == "x" else "y")


def _swatch(colour: str, label: str) -> Any:
    return matplotlib.patches.Patch(color=colour, label=label)


def _arms_legend(figure: Figure, arms: Any, only: Sequence[str] | None = None) -> None:
    handles = [_swatch(colour, arm) for arm, colour in arm_colours(arms).items() if only is None or arm in only]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=max(1, len(handles)),
        handlelength=0.9,
        handleheight=0.9,
        columnspacing=1.4,
    )


def _marks_legend(figure: Figure, labels: Sequence[str]) -> None:
    handles = [
        matplotlib.lines.Line2D(
            [], [], color=MUTED, marker="o", markersize=7.5, markeredgewidth=1.8, linewidth=2.2, label=label,
            markerfacecolor=PAPER if index else MUTED,
        )
        for index, label in enumerate(labels)
    ]  # fmt: skip
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=len(handles))


def _keys(arms: Mapping[str, Tree], kind: str, order: Sequence[str]) -> list[str]:
    found = {key for arm in arms.values() for key in arm[kind]}
    return sorted(found, key=lambda key: (order.index(key) if key in order else len(order), key))


def _series(rows: Sequence[Tree], keys: Sequence[str]) -> tuple[Any, Any]:
    """Steps and values of the rows that hold any of the keys."""
    for key in keys:
        points = [(row["step"], row[key]) for row in rows if row.get(key) is not None and row.get("step") is not None]
        if points:
            steps, values = np.array(points, dtype=float).T
            return steps, values
    return np.array([]), np.array([])


def _moving_mean(values: Any) -> Any:
    width = max(1, len(values) // 15)
    kernel = np.ones(width)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")


def _reach(found: Tree) -> float:
    return float(found["high"] if found["high"] is not None else found["mean"] or 0.0)


def _told(kept: int, reasons: Mapping[str, int]) -> str:
    """ "812 kept · rewrite gap 120, failed verification 68": the three most frequent reasons, then the rest."""
    ranked = sorted((pair for pair in reasons.items() if pair[1]), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{reason} {count:,}" for reason, count in ranked[:3]]
    if len(ranked) > 3:
        told.append(f"other reasons {sum(count for _, count in ranked[3:]):,}")
    return f"{kept:,} kept" + (" · set aside: " + ", ".join(told) if told else "")


def _svg(figure: Figure, name: str, title: str) -> str:
    """The figure as one ``<svg>`` element: no prolog, no metadata, ids of its own, a title for screen readers."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = buffer.getvalue().decode()
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = text.replace("url(#", f"url(#{name}-").replace('href="#', f'href="#{name}-')
    root = (
        f'<svg role="img" aria-label="{title}" viewBox="0 0 {_WIDTH} {figure.get_figheight() * 72:g}" '
        'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
    )
    return re.sub(r"<svg [^>]*>", root, text, count=1).strip()
