"""What every figure is drawn on: size, type, neutral colours, axes, marks with intervals, and the way to SVG and PNG.

The only file that imports matplotlib. Every figure is 700 units wide and the same input gives the same bytes. Text
stays text, and the neutral colours are few, so that a page may restyle both.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from seethink.analysis.palette import arm_colours

__all__ = ["Axes", "Drawing", "Figure", "MaxNLocator", "PercentFormatter", "canvas"]

Tree = Mapping[str, Any]

INK, MUTED, RULE, PAPER = "#1f2328", "#646c76", "#e3e6ea", "#ffffff"
"""Text, secondary text, grid lines and background of every figure."""

SET_ASIDE = "#c9ced5"
"""A light neutral: what was left out."""

WIDTH = 700

_SHARPNESS = 2
"""Pixels of a PNG per unit of width. choice."""

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


@dataclass(frozen=True, eq=False, slots=True)
class Drawing:
    """A finished figure.

    Attributes:
        name: short, for files and for ids within an SVG.
        title: for screen readers.
    """

    figure: Figure
    name: str
    title: str

    @property
    def svg(self) -> str:
        """One ``<svg>`` element: no prolog, no metadata, ids of its own, a title for screen readers."""
        buffer = io.BytesIO()
        FigureCanvasSVG(self.figure)
        with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type, unused-ignore]
            blank = {"Date": None, "Creator": None, "Format": None, "Type": None}
            self.figure.savefig(buffer, format="svg", metadata=blank)
        text = buffer.getvalue().decode()
        text = re.sub(r"<metadata>.*?</metadata>\s*", "", text[text.index("<svg") :], flags=re.DOTALL)
        text = re.sub(r'\bid="', f'id="{self.name}-', text)
        text = text.replace("url(#", f"url(#{self.name}-").replace('href="#', f'href="#{self.name}-')
        root = (
            f'<svg role="img" aria-label="{escape(self.title)}" '
            f'viewBox="0 0 {WIDTH} {self.figure.get_figheight() * 72:g}" '
            'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
        )
        return re.sub(r"<svg [^>]*>", lambda _: root, text, count=1).strip()

    @property
    def png(self) -> bytes:
        """The same as pixels, on white."""
        buffer = io.BytesIO()
        FigureCanvasAgg(self.figure)
        with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type, unused-ignore]
            self.figure.savefig(buffer, format="png", dpi=72 * _SHARPNESS, metadata={"Software": None})
        return buffer.getvalue()


@contextmanager
def canvas(height: float) -> Iterator[Figure]:
    """An empty figure of this height in units, 700 wide; drawn on inside the block."""
    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type, unused-ignore]
        yield Figure(figsize=(WIDTH / 72, height / 72))


def axes_at(figure: Figure, *, left: float, right: float, top: float, bottom: float, height: float) -> Axes:
    """Axes by their distance in units from the four edges of the figure."""
    return figure.add_axes(
        (left / WIDTH, bottom / height, (WIDTH - left - right) / WIDTH, (height - top - bottom) / height)
    )


def row_axes(figure: Figure, labels: Sequence[str], *, top: float, bottom: float, right: float = 24) -> Axes:
    """Axes with one labelled row per entry, the first on top."""
    height = figure.get_figheight() * 72
    axes = axes_at(figure, left=label_width(labels), right=right, top=top, bottom=bottom, height=height)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.set_yticks(range(len(labels)), [short(label) for label in labels], color=INK)
    return axes


def label_width(labels: Sequence[str]) -> float:
    """Units that the longest label takes, with its margin."""
    return 24 + 7.2 * max((len(short(label)) for label in labels), default=0)


def short(label: str, limit: int = 34) -> str:
    """A label that fits beside a row."""
    return label if len(label) <= limit else label[: limit - 1] + "…"


def interval_point(
    axes: Axes, found: Tree, row: float, colour: str, *, hollow: bool = False, value: bool = False
) -> None:
    """A mean as a point with its interval as a line; nothing where there is no mean."""
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


def interval_column(axes: Axes, place: float, found: Tree, width: float, colour: str) -> None:
    """A mean as a column with its interval."""
    axes.bar(place, found["mean"], width, color=colour, alpha=0.92)
    if found["low"] is not None:
        axes.plot([place, place], [found["low"], found["high"]], color=INK, linewidth=1.1, alpha=0.75)


def shaded_lines(axes: Axes, series: Mapping[str, Sequence[Any]], quiet: Mapping[str, Sequence[Any]]) -> None:
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


def power_ticks(ns: Sequence[int]) -> tuple[list[int], list[str]]:
    """Ticks at powers of two."""
    known = sorted(set(ns))
    return known, [str(n) for n in known]


def share_axis(axes: Axes, side: str) -> None:
    """An axis of shares from 0 to 1, in percent."""
    axis = axes.xaxis if side == "x" else axes.yaxis
    (axes.set_xlim if side == "x" else axes.set_ylim)(0, 1.08 if side == "x" else 1.02)
    axis.set_ticks([0, 0.25, 0.5, 0.75, 1.0])
    axis.set_major_formatter(PercentFormatter(1.0, symbol=" %"))
    axes.grid(axis="x" if side == "x" else "y")


def swatch(colour: str, label: str) -> Any:
    """A patch for a legend."""
    return matplotlib.patches.Patch(color=colour, label=label)


def line_mark(**look: Any) -> Any:
    """A line or a point for a legend."""
    return matplotlib.lines.Line2D([], [], **look)


def arms_legend(figure: Figure, arms: Any, labels: Mapping[str, str] | None = None) -> None:
    """One swatch per arm above the figure, in as many rows as ``legend_height`` makes room for.

    Args:
        labels: by arm what stands there, and only these arms; every arm's name where None.
    """
    named = {arm: arm for arm in arms} if labels is None else labels
    handles = [swatch(colour, named[arm]) for arm, colour in arm_colours(arms).items() if arm in named]
    figure.legend(
        handles=handles,
        loc="upper left",
        bbox_to_anchor=(0.0, 1.0),
        ncols=_legend_columns([handle.get_label() for handle in handles]),
        handlelength=0.9,
        handleheight=0.9,
        columnspacing=1.4,
    )


def legend_height(arms: Sequence[str]) -> float:
    """Units that the legend of these arms takes."""
    return 14 + 18.0 * -(-len(arms) // _legend_columns(arms))


def _legend_columns(labels: Sequence[str]) -> int:
    return max(1, min(len(labels), int(WIDTH / (38 + 6.6 * max(map(len, labels), default=1)))))


def marks_legend(figure: Figure, labels: Sequence[str]) -> None:
    """Filled and hollow points above the figure."""
    handles = [
        matplotlib.lines.Line2D(
            [], [], color=MUTED, marker="o", markersize=7.5, markeredgewidth=1.8, linewidth=2.2, label=label,
            markerfacecolor=PAPER if index else MUTED,
        )
        for index, label in enumerate(labels)
    ]  # fmt: skip
    figure.legend(handles=handles, loc="upper left", bbox_to_anchor=(0.0, 1.0), ncols=len(handles))


def reach(found: Tree) -> float:
    """How far an estimate's interval goes."""
    return float(found["high"] if found["high"] is not None else found["mean"] or 0.0)
