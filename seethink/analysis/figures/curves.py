"""What the trainer logged while it reinforced, one line per arm and a faint one per training run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from seethink.analysis.figures.canvas import (
    INK,
    WIDTH,
    Axes,
    Drawing,
    MaxNLocator,
    PercentFormatter,
    arms_legend,
    axes_at,
    canvas,
    legend_height,
)
from seethink.analysis.palette import arm_colours
from seethink.core.item import Verifier

Row = Mapping[str, Any]
Curves = Mapping[str, Mapping[int, Sequence[Row]]]
"""By arm and training seed the rows of one stage."""

Floats = NDArray[np.float64]
Value = Callable[[Row], float | None]

_SMOOTHED = 15
"""A firm line is the moving mean over this part of a run."""


def curves_figure(curves: Curves, arms: Sequence[str]) -> Drawing | None:
    """Reward, length, entropy, groups without a signal, unreadable answers, the score of readable ones, hesitation and
    repetition over the steps of reinforcement learning; quantities nobody logged are left out, None where no log holds
    a reward.

    The score is what the verifiers said, before weights and further terms. Logs made before it was recorded have the
    reward alone; what is drawn of them says so."""
    panels: list[tuple[str, Value, bool]] = [
        ("mean reward", _logged("reward"), False),
        ("response length, tokens", _logged("completions/mean_length", "completion_length"), False),
        ("entropy, nats a token", _logged("entropy"), False),
        ("groups with one reward for all", _logged("frac_reward_zero_std"), True),
        ("answers that cannot be read", _unreadable, True),
        ("score, of answers that can be read", _score_if_readable, False),
        ("reward over share of readable answers", _reward_over_readable, False),
        ("steps with a hedging word", _logged("habits/hesitant"), True),
        ("steps said before", _logged("habits/repeated"), True),
    ]
    named = {arm: runs for arm, runs in curves.items() if any(_series(rows, panels[0][1]) for rows in runs.values())}
    return _panels(named, arms, panels, "curves", "What the trainer logged over the steps of reinforcement learning")


def verifier_curves_figure(curves: Curves, arms: Sequence[str]) -> Drawing | None:
    """The reward of every verifier over the steps; None where no log tells them apart."""
    panels: list[tuple[str, Value, bool]] = [
        (f"reward, {verifier.value}", _ending(f"/{verifier.value}"), False) for verifier in Verifier
    ]
    return _panels(curves, arms, panels, "verifier-curves", "The reward of every verifier over the steps")


def _panels(
    curves: Curves, arms: Sequence[str], panels: Sequence[tuple[str, Value, bool]], name: str, title: str
) -> Drawing | None:
    colours = arm_colours(arms)
    known = {arm: runs for arm, runs in curves.items() if arm in colours}
    shown = [one for one in panels if any(_series(rows, one[1]) for runs in known.values() for rows in runs.values())]
    drawn = [
        arm for arm, runs in known.items() if any(_series(rows, one[1]) for one in shown for rows in runs.values())
    ]
    if not shown:
        return None
    labels = _labels(drawn, known)
    columns = 2 if len(shown) != 3 else 3
    lines = -(-len(shown) // columns)
    above = legend_height(list(labels.values()))
    height = above + 216 * lines
    with canvas(height) as figure:
        width = WIDTH / columns
        for index, (label, value, share) in enumerate(shown):
            left, top = width * (index % columns), above + 216 * (index // columns)
            axes = axes_at(
                figure,
                left=left + 48,
                right=WIDTH - left - width + 14,
                top=top + 26,
                bottom=height - top - 216 + 44,
                height=height,
            )
            for arm in labels:
                _lines(axes, [_series(rows, value) for rows in known[arm].values()], colours[arm])
            axes.set_title(label, loc="left", fontsize=11.5, color=INK, pad=8)
            axes.set_xlabel("training step")
            axes.grid(axis="y")
            axes.yaxis.set_major_locator(MaxNLocator(4))
            axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
            axes.margins(x=0.02)
            if share:
                axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        arms_legend(figure, arms, labels)
        return Drawing(figure, name, title)


def _labels(arms: Sequence[str], curves: Curves) -> dict[str, str]:
    """By arm its name and those of later arms with the same curves, which would hide its: they share a training."""
    together: dict[str, list[str]] = {}
    for arm in arms:
        same = next((other for other in together if curves[other] == curves[arm]), arm)
        together.setdefault(same, []).append(arm)
    return {arm: ", ".join(names) for arm, names in together.items()}


def _lines(axes: Axes, runs: Sequence[list[tuple[float, float]]], colour: str) -> None:
    """Every run faint, their mean firm, where they have the same steps."""
    present = [np.array(points, dtype=float).T for points in runs if points]
    for steps, values in present:
        axes.plot(steps, values, color=colour, alpha=0.22, linewidth=1)
    shortest = min((len(steps) for steps, _ in present), default=0)
    if shortest:
        mean = np.mean([values[:shortest] for _, values in present], axis=0)
        axes.plot(present[0][0][:shortest], _moving_mean(mean), color=colour, linewidth=2, solid_capstyle="round")


def _series(rows: Sequence[Row], value: Value) -> list[tuple[float, float]]:
    points = ((row.get("step"), value(row)) for row in rows)
    return [(float(step), found) for step, found in points if step is not None and found is not None]


def _logged(*names: str) -> Value:
    """The first of these columns that a row has, with or without the trainer's prefix."""
    return lambda row: next(
        (float(row[key]) for name in names for key in (name, f"train/{name}") if row.get(key) is not None), None
    )


def _ending(end: str) -> Value:
    """The column of the mixed reward that ends like this."""
    return lambda row: next(
        (float(value) for key, value in row.items() if key.endswith(end) and value is not None), None
    )


_unreadable = _ending("/unparseable")
_score = _ending("/score")
_reward = _logged("reward")


def _score_if_readable(row: Row) -> float | None:
    """Unreadable answers score nothing, so the mean score over the readable share is the mean of the others."""
    return _over_readable(_score(row), row)


def _reward_over_readable(row: Row) -> float | None:
    """Of a log without scores. Weights and terms are in it: it is an accuracy where there are none."""
    return _over_readable(_reward(row), row) if _score(row) is None else None


def _over_readable(value: float | None, row: Row) -> float | None:
    unreadable = _unreadable(row)
    if value is None or unreadable is None or unreadable >= 1:
        return None
    return value / (1 - unreadable)


def _moving_mean(values: Floats) -> Floats:
    width = max(1, len(values) // _SMOOTHED)
    kernel = np.ones(width)
    return np.convolve(values, kernel, "same") / np.convolve(np.ones(len(values)), kernel, "same")
