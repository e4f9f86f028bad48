"""Exact truth as a scorer: the upper end of every comparison in the world."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seethink.core.item import Item
from seethink.core.protocols import StepTruth
from seethink.process.missing import Missing


class TruthScorer:
    """StepScorer: 1 for a true step, 0 for a false one, NaN for one that claims nothing."""

    missing = Missing.SILENT

    def __init__(self, truth: StepTruth) -> None:
        self.truth = truth

    def score_steps(self, item: Item, steps: Sequence[str]) -> list[float]:
        return [math.nan if true is None else float(true) for true in self.truth.step_truth(item, steps)]


def first_false(truth: Sequence[bool | None]) -> int | None:
    """Place of the first false step, None where there is none."""
    return next((place for place, true in enumerate(truth) if true is False), None)
