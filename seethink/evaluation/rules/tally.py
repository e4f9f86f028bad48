"""Counting hits by group, as the harness prints it for MathVista and MATH-V."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from seethink.evaluation.rules.case import Lines


def tally(
    title: str,
    groups: Sequence[Sequence[str]],
    hits: Sequence[bool | None],
    by_rules: Sequence[bool],
    *,
    in_order: bool = False,
) -> Lines:
    """Rows, hits and shares per group; a row may be in several, and in one twice.

    Args:
        title: column of the groups' names.
        groups: of each row, "Overall" among them.
        in_order: sort the lines by name; else they stand as they first occur.
    """
    counts: dict[str, list[int]] = {}
    for names, hit, settled in zip(groups, hits, by_rules, strict=True):
        if hit is None:
            continue
        for name in names:
            count = counts.setdefault(name, [0, 0, 0])
            count[0] += 1
            count[1] += settled
            count[2] += hit
    lines: list[dict[str, Any]] = [
        {
            title: name,
            "tot": total,
            "prefetch": settled,
            "hit": hit,
            "prefetch_rate": settled / total * 100,
            "acc": hit / total * 100,
        }
        for name, (total, settled, hit) in (sorted(counts.items()) if in_order else counts.items())
    ]
    overall = [line["acc"] for line in lines if line[title] == "Overall"]
    return Lines(tuple(lines), overall[0] if overall else None)
