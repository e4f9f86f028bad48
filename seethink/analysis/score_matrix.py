"""Scores of the training runs of arms on the same items, as matrices.

An arm of a study is a recipe; with several seeds it left several checkpoints, which all answer the same items.
Letters: S training runs of one arm (one per seed), N items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seethink.analysis.compare import Rule, item_means, score
from seethink.core.graded import GradedResponse
from seethink.core.rejected import InputError

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """The responses of every training run of one arm, under one decoding.

    Attributes:
        runs: by training seed.
        trained: False for an arm without a training stage: its one checkpoint is given, and another seed would not
            make another one.
    """

    name: str
    runs: Mapping[int, Sequence[GradedResponse]]
    trained: bool = True


@dataclass(frozen=True, slots=True)
class ItemScores:
    """One value per item and training run of an arm: a score, or any other quantity.

    Attributes:
        runs: by training seed the value of every item that was asked; None where a run has none, undecided say.
        trained: as in ``ArmRuns``.
    """

    name: str
    runs: Mapping[int, Mapping[str, float | None]]
    trained: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """An arm's score matrix; an item's score is the mean over its draws, in [0, 1]."""

    scores_SN: Floats
    trained: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class Matched:
    """Several arms over the items that every run of all has a value for.

    Attributes:
        items: ids, in the order of the columns.
        left_out: items for which some run has none.
    """

    arms: tuple[Scores, ...]
    items: tuple[str, ...]
    left_out: int


def item_scores(arm: ArmRuns, rule: Rule = Rule.STRICT) -> ItemScores:
    """An arm's scores under one rule."""
    found = {}
    for seed, responses in arm.runs.items():
        means = item_means(responses, lambda response: score(response, rule))
        found[seed] = {response.item_id: means.get(response.item_id) for response in responses}
    return ItemScores(arm.name, found, arm.trained)


def matched_scores(arms: Sequence[ItemScores]) -> Matched:
    """The matrices of several arms. InputError where an arm has no run, or two runs did not answer the same items."""
    for arm in arms:
        if not arm.runs:
            raise InputError(f"arm {arm.name} has no run: evaluate it, or leave it out of the comparison")
        if not arm.trained and len(arm.runs) > 1:
            raise InputError(f"arm {arm.name} is not trained and has {len(arm.runs)} runs: it is one checkpoint")
    rows = [(arm.name, seed, values) for arm in arms for seed, values in sorted(arm.runs.items())]
    first, first_seed, asked = rows[0]
    for name, seed, values in rows[1:]:
        if values.keys() != asked.keys():
            raise InputError(
                f"{first} (seed {first_seed}, {len(asked)} items) and {name} (seed {seed}, {len(values)} items) did "
                "not answer the same items: evaluate all runs on one benchmark with one seed"
            )
    items = tuple(item for item in sorted(asked) if all(values[item] is not None for _, _, values in rows))
    matrix = np.array([[values[item] for item in items] for _, _, values in rows], dtype=np.float64)
    ends = np.cumsum([len(arm.runs) for arm in arms])[:-1]
    parts = np.split(matrix.reshape(len(rows), len(items)), ends)
    return Matched(
        tuple(Scores(part, arm.trained) for part, arm in zip(parts, arms, strict=True)), items, len(asked) - len(items)
    )


def means_over_runs(arm: ItemScores) -> dict[str, float]:
    """Every item's mean over the runs that have a value for it; items without any are left out."""
    found: dict[str, float] = {}
    for item in next(iter(arm.runs.values()), {}):
        known = [value for values in arm.runs.values() if (value := values.get(item)) is not None]
        if known:
            found[item] = sum(known) / len(known)
    return found
