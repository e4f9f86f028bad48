"""Arms beside each other: accuracy, its parts, paired differences, habits of reasoning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from seethink.analysis.arm_results import DIFFICULTIES
from seethink.analysis.figures.canvas import (
    INK,
    MUTED,
    RULE,
    WIDTH,
    Drawing,
    MaxNLocator,
    PercentFormatter,
    arms_legend,
    axes_at,
    canvas,
    interval_column,
    interval_point,
    label_width,
    legend_height,
    marks_legend,
    reach,
    row_axes,
    share_axis,
)
from seethink.analysis.numbers import p_text, signed
from seethink.analysis.palette import arm_colours
from seethink.analysis.wording import apart

Tree = Mapping[str, Any]

_DECODINGS = {"accuracy": "greedy", "sampled": "sampled, mean over draws"}


def accuracy_figure(arms: Mapping[str, Tree], named: Sequence[str] | None = None) -> Drawing:
    """Accuracy per arm with its interval: greedy filled, sampled hollow; small marks are training runs.

    Args:
        named: all arms of the report, for their colours; ``arms`` where None.
    """
    colours = arm_colours(named or arms)
    with canvas(76 + 46 * len(arms)) as figure:
        axes = row_axes(figure, list(arms), top=34, bottom=42)
        for row, arm in enumerate(arms):
            colour = colours[arm]
            for offset, key in ((-0.15, "accuracy"), (0.15, "sampled")):
                interval_point(axes, arms[arm][key], row + offset, colour, hollow=key == "sampled", value=True)
                runs = [run[key]["mean"] for run in arms[arm]["seeds"].values() if run[key]["mean"] is not None]
                if len(runs) > 1:
                    above = row + offset + (0.16 if offset > 0 else -0.16)
                    axes.plot(
                        runs, [above] * len(runs), "o", markersize=3, color=colour, markerfacecolor="none",
                        markeredgewidth=0.9,
                    )  # fmt: skip
        share_axis(axes, "x")
        axes.set_xlabel("accuracy, 95 % interval over items")
        marks_legend(figure, list(_DECODINGS.values()))
        return Drawing(figure, "accuracy", "Accuracy of every arm with its 95 % interval")


def breakdown_figure(arms: Mapping[str, Tree], named: Sequence[str] | None = None) -> Drawing:
    """Greedy accuracy per dimension and per verifier, one column per arm.

    Args:
        named: all arms of the report, for their colours; ``arms`` where None.
    """
    kinds = {
        "by_dimension": _keys(arms, "by_dimension", ("perception", "cognition")),
        "by_verifier": _keys(arms, "by_verifier", ()),
    }
    return _columns(arms, named, kinds, "", "breakdown", "Accuracy of every arm by dimension and by verifier")


def difficulty_figure(arms: Mapping[str, Tree], named: Sequence[str] | None = None) -> Drawing | None:
    """Greedy accuracy per band of difficulty, one column per arm; None where nothing says what is difficult."""
    kinds = {"by_difficulty": _keys(arms, "by_difficulty", DIFFICULTIES)}
    if not kinds["by_difficulty"]:
        return None
    label = "questions by how often draws of the first arm are right, hardest first"
    return _columns(arms, named, kinds, label, "difficulty", "Accuracy of every arm by difficulty")


def _columns(
    arms: Mapping[str, Tree],
    named: Sequence[str] | None,
    kinds: Mapping[str, Sequence[str]],
    label: str,
    name: str,
    title: str,
) -> Drawing:
    parts = [(kind, key) for kind, keys in kinds.items() for key in keys]
    order = list(kinds)
    colours = arm_colours(named or arms)
    top = legend_height(list(arms)) + 8
    bottom = 46 if label else 28
    height = 218 + top + bottom
    with canvas(height) as figure:
        axes = axes_at(figure, left=54, right=10, top=top, bottom=bottom, height=height)
        step = 0.8 / max(1, len(arms))
        # Kinds stand apart by half a place, with a line between them.
        places = [index + 0.5 * order.index(kind) for index, (kind, _) in enumerate(parts)]
        for number, arm in enumerate(arms):
            for place, (kind, key) in zip(places, parts, strict=True):
                found = arms[arm][kind].get(key)
                if found is not None and found["accuracy"]["mean"] is not None:
                    at = place + (number - (len(arms) - 1) / 2) * step
                    interval_column(axes, at, found["accuracy"], step * 0.82, colours[arm])
        axes.set_xticks(places, [key for _, key in parts], color=INK)
        axes.set_xlim((places[0] if places else 0) - 0.6, (places[-1] if places else 0) + 0.6)
        for index, (before, after) in enumerate(pairwise(parts)):
            if before[0] != after[0]:
                axes.axvline((places[index] + places[index + 1]) / 2, color=RULE)
        share_axis(axes, "y")
        axes.set_ylabel("greedy accuracy")
        if label:
            axes.set_xlabel(label)
        arms_legend(figure, colours, {arm: arm for arm in arms})
        return Drawing(figure, name, title)


def differences_figure(
    pairs: Sequence[Tree], arms: Sequence[str], decoding: str = "greedy", rule: str = "strict"
) -> Drawing:
    """Forest plot of the paired differences; an interval clear of zero is drawn in the first arm's colour."""
    chosen = [pair for pair in pairs if (pair["decoding"], pair["rule"]) == (decoding, rule) and pair["n"]]
    colours = arm_colours(arms)
    with canvas(50 + 28 * len(chosen)) as figure:
        axes = row_axes(figure, [f"{pair['a']} − {pair['b']}" for pair in chosen], top=8, bottom=42, right=122)
        axes.axvline(0, color=MUTED, linewidth=1.2)
        for row, pair in enumerate(chosen):
            clear = apart(pair)
            colour = colours.get(pair["a"], INK) if clear else MUTED
            found = {"mean": pair["difference"], "low": pair["low"], "high": pair["high"]}
            interval_point(axes, found, row, colour, hollow=not clear)
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
        return Drawing(figure, "differences", "Paired differences between arms with 95 % intervals")


def habits_figure(arms: Mapping[str, Tree], named: Sequence[str] | None = None) -> Drawing:
    """Response length, hesitant steps and responses with a reflective cue, per arm."""
    panels = (
        ("response_tokens", "response length, tokens"),
        ("hesitation_rate", "hesitant steps"),
        ("cue_rate", "responses with a cue"),
    )
    height = 78 + 27 * len(arms)
    colours = arm_colours(named or arms)
    with canvas(height) as figure:
        label = label_width(list(arms))
        width = (WIDTH - label - 14) / len(panels)
        for index, (key, title) in enumerate(panels):
            left = label + index * width
            axes = axes_at(figure, left=left, right=WIDTH - left - width + 26, top=32, bottom=30, height=height)
            for row, arm in enumerate(arms):
                interval_point(axes, arms[arm][key], row, colours[arm])
            axes.set_title(title, loc="left", fontsize=11.5, color=INK, pad=8)
            axes.set_ylim(len(arms) - 0.5, -0.5)
            axes.set_yticks(range(len(arms)), list(arms) if index == 0 else [""] * len(arms), color=INK)
            top = max([*(reach(arms[arm][key]) for arm in arms), 0.01])
            axes.set_xlim(0, 1.12 * top)
            axes.xaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 2.5, 5, 10]))
            if key != "response_tokens":
                axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0 if top > 0.04 else 1, symbol=" %"))
            axes.grid(axis="x")
        return Drawing(figure, "habits", "Response length, hesitation and reflective cues of every arm")


def _keys(arms: Mapping[str, Tree], kind: str, order: Sequence[str]) -> list[str]:
    found = {key for arm in arms.values() for key in arm[kind]}
    return sorted(found, key=lambda key: (order.index(key) if key in order else len(order), key))
