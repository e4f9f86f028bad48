"""Scores of the training runs of an arm on the same items, as one matrix.

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


@dataclass(frozen=True, eq=False, slots=True)
class Scores:
    """An arm's score matrix; an item's score is the mean over its draws, in [0, 1]."""

    scores_SN: Floats
    trained: bool = True


@dataclass(frozen=True, eq=False, slots=True)
class PairedScores:
    """Two arms over the items that every run of both has decided.

    Attributes:
        items: ids, in the order of the columns.
        left_out: items that some run left undecided.
    """

    a: Scores
    b: Scores
    items: tuple[str, ...]
    left_out: int


def paired_scores(a: ArmRuns, b: ArmRuns, *, rule: Rule = Rule.STRICT) -> PairedScores:
    """The matrices of two arms. InputError where an arm has no run, or two runs did not answer the same items."""
    for arm in (a, b):
        if not arm.runs:
            raise InputError(f"arm {arm.name} has no run: evaluate it, or leave it out of the comparison")
        if not arm.trained and len(arm.runs) > 1:
            raise InputError(f"arm {arm.name} is not trained and has {len(arm.runs)} runs: it is one checkpoint")
    means = [
        (arm.name, seed, item_means(responses, lambda response: score(response, rule)), _items(responses))
        for arm in (a, b)
        for seed, responses in sorted(arm.runs.items())
    ]
    asked = means[0][3]
    for name, seed, _, answered in means[1:]:
        if answered != asked:
            first = f"{means[0][0]} (seed {means[0][1]}, {len(asked)} items)"
            raise InputError(
                f"{first} and {name} (seed {seed}, {len(answered)} items) did not answer the same items: "
                "evaluate all runs on one benchmark with one seed"
            )
    items = tuple(sorted(asked.intersection(*(found for _, _, found, _ in means))))
    rows = [[found[item] for item in items] for _, _, found, _ in means]
    matrix = np.array(rows, dtype=np.float64).reshape(len(means), len(items))
    return PairedScores(
        Scores(matrix[: len(a.runs)], a.trained),
        Scores(matrix[len(a.runs) :], b.trained),
        items,
        len(asked) - len(items),
    )


def pooled(arm: ArmRuns) -> list[GradedResponse]:
    """All responses of an arm's runs, as if they were more draws of one model: its item scores average over runs."""
    return [response for _, responses in sorted(arm.runs.items()) for response in responses]


def _items(responses: Sequence[GradedResponse]) -> set[str]:
    return {response.item_id for response in responses}
