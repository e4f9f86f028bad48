"""What became of the rows of the data factory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.analysis.figures.canvas import (
    INK,
    MUTED,
    SET_ASIDE,
    Drawing,
    canvas,
    row_axes,
    short,
    swatch,
)

Tree = Mapping[str, Any]

KEPT = "#2b7bba"
IN_SFT, IN_RL, LEFT_OVER = "#d9691e", "#2b7bba", "#b9d3e8"


def funnel_figure(funnel: Sequence[Tree]) -> Drawing | None:
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
    with canvas(36 + 44 * len(kept)) as figure:
        axes = row_axes(figure, list(kept), top=32, bottom=4, right=24)
        for place, (step, count) in enumerate(kept.items()):
            aside = sum(reasons[step].values())
            axes.barh(place - 0.14, count, 0.4, color=KEPT)
            axes.barh(place - 0.14, aside, 0.4, left=count, color=SET_ASIDE)
            axes.text(0, place + 0.26, _told(count, reasons[step]), va="center", fontsize=10.5, color=MUTED)
        axes.set_yticks([place - 0.14 for place in range(len(kept))], [short(step) for step in kept], color=INK)
        axes.set_xlim(0, widest)
        axes.set_xticks([])
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(False)
        figure.legend(
            handles=[swatch(KEPT, "kept"), swatch(SET_ASIDE, "set aside")],
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=2,
        )
        return Drawing(figure, "funnel", "Rows kept and set aside by every step of the data factory")


def sources_figure(funnel: Sequence[Tree]) -> Drawing | None:
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
    with canvas(40 + 46 * len(sources)) as figure:
        axes = row_axes(figure, list(sources), top=32, bottom=8)
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
        axes.set_yticks([place - 0.16 for place in range(len(sources))], [short(name) for name in sources], color=INK)
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.spines["left"].set_visible(False)
        axes.spines["bottom"].set_visible(False)
        named = ((IN_SFT, "SFT"), (IN_RL, "RL"), (LEFT_OVER, "left over"), (SET_ASIDE, "set aside"))
        figure.legend(
            handles=[swatch(colour, name) for colour, name in named],
            loc="upper left",
            bbox_to_anchor=(0.0, 1.0),
            ncols=4,
        )
        return Drawing(figure, "sources", "What became of the rows of every source")


def _told(kept: int, reasons: Mapping[str, int]) -> str:
    """ "812 kept · rewrite gap 120, failed verification 68": the three most frequent reasons, then the rest."""
    ranked = sorted((pair for pair in reasons.items() if pair[1]), key=lambda pair: (-pair[1], pair[0]))
    told = [f"{reason} {count:,}" for reason, count in ranked[:3]]
    if len(ranked) > 3:
        told.append(f"other reasons {sum(count for _, count in ranked[3:]):,}")
    return f"{kept:,} kept" + (" · set aside: " + ", ".join(told) if told else "")
