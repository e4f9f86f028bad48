"""Which arms belong together: those that turn one setting, those of a dose, and the ones a study is about.

An ablation is read against its reference: the arm of the same chain that lacks nothing but the turned settings. Arms
that turn the same ones stand in one table, below the untrained start and the reference (rows 0 and 6 of VLAA-Thinking's
table 5, whose rows 1 to 5 are the arms).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from seethink.analysis.results import comparisons
from seethink.analysis.study_data import asking

Tree = Mapping[str, Any]
Changes = Mapping[str, Any]


class Place(StrEnum):
    """What an arm is in the table of an ablation."""

    START = "start"
    """Not trained."""
    REFERENCE = "reference"
    """Without the turned settings."""
    TURNED = "turned"


@dataclass(frozen=True, slots=True)
class Row:
    """One arm of an ablation.

    Attributes:
        values: of the turned settings; empty but for a turned arm.
    """

    arm: str
    place: Place
    values: Changes


@dataclass(frozen=True, slots=True)
class Ablation:
    """Arms of one chain that turn the same settings and are otherwise the same.

    Attributes:
        paths: dotted names of what they turn; several where they turn several at once.
        reference: None where the study has no arm without the turned settings.
        rows: the start, the reference, then two turned arms or more.
    """

    paths: tuple[str, ...]
    reference: str | None
    rows: tuple[Row, ...]

    @property
    def turned(self) -> list[str]:
        return [row.arm for row in self.rows if row.place is Place.TURNED]


def dose_arms(results: Tree) -> set[str]:
    """Arms away from the centre of a dose."""
    dials = {row["dial"] for row in results["doses"]}
    named = {point["arm"] for row in results["doses"] for point in row["points"]}
    return {arm for arm in named if dials & results["arms"][arm]["changes"].keys()}


def ablations(results: Tree) -> list[Ablation]:
    """The ablations of a study, in the order of its arms.

    Dials of a dose are left out, and so are settings that are changed once or to one value: they make a new arm, and
    no comparison of settings.
    """
    dials = {row["dial"] for row in results["doses"]}
    arms = {arm: tree for arm, tree in results["arms"].items() if not dials & tree["changes"].keys()}
    found: dict[tuple[Any, ...], list[str]] = {}
    for arm, tree in arms.items():
        if tree["changes"]:
            reference = _reference(arm, arms)
            paths = frozenset(tree["changes"]) - frozenset(arms[reference]["changes"] if reference else ())
            # Without a reference arms belong together that name the same settings; what all say alike is not turned.
            found.setdefault((tuple(tree["stages"]), reference, paths), []).append(arm)
    tables = (_ablation(arms, turned, reference, paths) for (_, reference, paths), turned in found.items())
    return [table for table in tables if table is not None]


def main_arms(results: Tree) -> list[str]:
    """The arms that a study is about: those it names in its family of comparisons, and whatever is neither of a dose
    nor an ablation whose reference is shown. All where that leaves fewer than two."""
    every = list(results["arms"])
    # A study that names no comparison has them all.
    family = [tuple(pair) for pair in results["family"]]
    named = set() if family == comparisons(every) else {arm for pair in family for arm in pair}
    turned = {arm for table in ablations(results) if table.reference is not None for arm in table.turned}
    aside = dose_arms(results) | (turned - named)
    main = [arm for arm in every if arm not in aside]
    return main if len(main) > 1 else every


def _reference(arm: str, arms: Mapping[str, Tree]) -> str | None:
    """The arm of the same chain whose changes are all made here too, and are most of them; the first among equals."""
    tree = arms[arm]
    below = [
        other
        for other, found in arms.items()
        if other != arm
        and found["stages"] == tree["stages"]
        and len(found["changes"]) < len(tree["changes"])
        and all(path in tree["changes"] and tree["changes"][path] == value for path, value in found["changes"].items())
    ]
    return max(below, key=lambda other: len(arms[other]["changes"]), default=None)


def _ablation(
    arms: Mapping[str, Tree], turned: list[str], reference: str | None, paths: Iterable[str]
) -> Ablation | None:
    changes = [arms[arm]["changes"] for arm in turned]
    # In the order in which arms name them.
    own = [path for path in dict.fromkeys(path for one in changes for path in one) if path in set(paths)]
    if reference is None:
        own = [path for path in own if len({repr(one[path]) for one in changes}) > 1]
    if len({repr([one[path] for path in own]) for one in changes}) < 2:
        return None
    rows = [Row(arm, Place.TURNED, {path: arms[arm]["changes"][path] for path in own}) for arm in turned]
    if reference is not None:
        rows.insert(0, Row(reference, Place.REFERENCE, {}))
        start = _start(arms, reference)
        if start is not None:
            rows.insert(0, Row(start, Place.START, {}))
    return Ablation(tuple(own), reference, tuple(rows))


def _start(arms: Mapping[str, Tree], trained: str) -> str | None:
    """The arm that was not trained, starts where this one does and is asked as it is; None for one without stages."""
    if not arms[trained]["stages"]:
        return None
    wanted = asking(arms[trained]["changes"])
    return next((arm for arm, tree in arms.items() if not tree["stages"] and tree["changes"] == wanted), None)
