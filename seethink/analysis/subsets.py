"""The family's comparisons on every part of the items: domains or benchmarks, verifiers, what needs a picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seethink.analysis.arm_results import Estimates, Tree, interval_tree


def subset_rows(
    told: Estimates, pairs: Sequence[tuple[str, str]], splits: Mapping[str, Mapping[str, str]]
) -> list[Tree]:
    """a minus b on every part, greedy and strict, over the items of the part that both arms have decided.

    Args:
        splits: by its name the part of every item; a split of one part only is the whole, and left out.
    """
    rows = []
    for split, part_of in splits.items():
        parts = sorted(set(part_of.values()))
        if len(parts) < 2:
            continue
        for a, b in pairs:
            for part in parts:
                items = [item for item in told.study.items if part_of.get(item.id) == part]
                found = told.difference(a, b, items)
                difference = interval_tree(found.difference)
                rows.append({"split": split, "part": part, "a": a, "b": b, "difference": difference, "p": found.p})
    return rows
