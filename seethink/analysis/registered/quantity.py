"""What a claim is about, read off a study's tables."""

from __future__ import annotations

from typing import NamedTuple

from seethink.analysis.registered.form import Quantity
from seethink.analysis.score_matrix import ItemScores
from seethink.analysis.study_data import Study
from seethink.core.graded import Decoding


class Kind(NamedTuple):
    """Where a quantity stands in a run's table, its range, and how it is told."""

    column: str
    bounds: tuple[float, float] | None
    told: str


KINDS = {
    Quantity.ACCURACY: Kind("strict", (0.0, 1.0), "accuracy"),
    Quantity.LENIENT_ACCURACY: Kind("lenient", (0.0, 1.0), "accuracy, lenient rule"),
    Quantity.HESITATION: Kind("hesitant", (0.0, 1.0), "hesitant steps"),
    Quantity.REPETITION: Kind("repeated", (0.0, 1.0), "repeated steps"),
    Quantity.FALSE_STEPS: Kind("false", (0.0, 1.0), "false steps"),
    Quantity.CUES: Kind("cue", (0.0, 1.0), "responses with a cue"),
    Quantity.UNPARSEABLE: Kind("unparseable", (0.0, 1.0), "responses without a readable answer"),
    Quantity.LENGTH: Kind("tokens", None, "response length, tokens"),
}


def quantity_scores(study: Study, arm: str, quantity: Quantity, decoding: Decoding = Decoding.GREEDY) -> ItemScores:
    """The quantity of every item and run of one arm."""
    column = f"{decoding.value}_{KINDS[quantity].column}"
    ids = [item.id for item in study.items]
    runs = {seed: dict(zip(ids, run.table[column], strict=True)) for seed, run in study.runs[arm].items()}
    return ItemScores(arm, runs, study.arms[arm].trained)
