"""The learning curves of a run, thinned until they are small enough to be committed."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any

from seethink.core.item import Verifier
from seethink.core.rejected import InputError

POINTS = 80
"""Points kept of a stage, each the mean of the steps it stands for. choice: as fine as a figure can show."""

_KEPT = re.compile(
    r"(?:train/)?(?:reward|reward_std|loss|entropy|kl|frac_reward_zero_std|completions/mean_length|"
    r"completions/clipped_ratio|grad_norm|learning_rate|habits/\w+|[\w.-]+/(?:score|unparseable|undecided|truncated|steps|"
    + "|".join(verifier.value for verifier in Verifier)
    + r"))"
)
"""Columns of a trainer's log that a report shows."""

Rows = Sequence[Mapping[str, Any]]


def thinned(rows: Rows, points: int = POINTS) -> list[dict[str, float | None]]:
    """The columns worth keeping, every point the mean over a stretch of steps and at its last step."""
    logged = [row for row in rows if isinstance(row.get("step"), int | float)]
    names = [name for name in dict.fromkeys(key for row in logged for key in row) if _KEPT.fullmatch(name)]
    size = max(1, -(-len(logged) // points))
    found = []
    for start in range(0, len(logged), size):
        stretch = logged[start : start + size]
        point: dict[str, float | None] = {"step": float(stretch[-1]["step"])}
        for name in names:
            values = [float(row[name]) for row in stretch if _number(row.get(name))]
            point[name] = float(f"{fmean(values):.5g}") if values else None
        found.append(point)
    return found


def curves_csv(curves: Mapping[str, Rows]) -> str:
    """All stages of a run as one CSV, the stage first."""
    names = list(dict.fromkeys(key for rows in curves.values() for row in rows for key in row if key != "step"))
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["stage", "step", *names])
    for stage, rows in curves.items():
        for row in rows:
            cells = (row.get(name) for name in names)
            writer.writerow([stage, f"{row['step']:g}", *("" if cell is None else f"{cell:.5g}" for cell in cells)])
    return buffer.getvalue()


def read_curves_csv(text: str, where: str) -> dict[str, list[dict[str, float | None]]]:
    """The curves by stage. InputError naming the line that is none."""
    rows = list(csv.reader(io.StringIO(text)))
    if not rows or rows[0][:2] != ["stage", "step"]:
        raise InputError(f"{where}: line 1 must name the columns, the first of them stage and step")
    found: dict[str, list[dict[str, float | None]]] = {}
    for line, row in enumerate(rows[1:], start=2):
        if len(row) != len(rows[0]):
            raise InputError(f"{where}: line {line} has {len(row)} cells, line 1 has {len(rows[0])}")
        try:
            values = {name: float(cell) if cell else None for name, cell in zip(rows[0][1:], row[1:], strict=True)}
        except ValueError:
            raise InputError(f"{where}: line {line} holds a cell that is no number") from None
        found.setdefault(row[0], []).append(values)
    return found


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value
