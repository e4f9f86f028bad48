"""Which arms belong together: those that turn one setting, those of a dose, and the ones a study is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Tree = Mapping[str, Any]


def dose_arms(results: Tree) -> set[str]:
    """Arms away from the centre of a dose."""
    dials = {row["dial"] for row in results["doses"]}
    named = {point["arm"] for row in results["doses"] for point in row["points"]}
    return {arm for arm in named if dials & results["arms"][arm]["changes"].keys()}


def ablations(results: Tree) -> dict[str, list[dict[str, Any]]]:
    """By the dotted path of a setting the arms that change it, where two or more do: rows ``{value, arm}``.

    Dials of a dose are left out, and so is a setting that is changed to one value only: it makes a new arm, and no
    comparison of settings.
    """
    dials = {row["dial"] for row in results["doses"]}
    found: dict[str, list[dict[str, Any]]] = {}
    for arm, tree in results["arms"].items():
        for path, value in tree["changes"].items():
            if path not in dials:
                found.setdefault(path, []).append({"value": value, "arm": arm})
    return {path: rows for path, rows in found.items() if len({str(row["value"]) for row in rows}) > 1}


def main_arms(results: Tree) -> list[str]:
    """The arms that a study is about: without those of doses and ablations; all where that leaves fewer than two."""
    aside = dose_arms(results) | {row["arm"] for rows in ablations(results).values() for row in rows}
    main = [arm for arm in results["arms"] if arm not in aside]
    return main if len(main) > 1 else list(results["arms"])
