"""What every dose of a registration came to at each level: what the dose-response figure draws."""

from __future__ import annotations

from typing import Any

import numpy as np

from seethink.analysis.contrast import contrast
from seethink.analysis.registered.form import DifferenceClaim, Quantity, Registration
from seethink.analysis.registered.quantity import KINDS, quantity_scores
from seethink.analysis.score_matrix import matched_scores
from seethink.analysis.study_data import Study
from seethink.core.graded import Decoding

Tree = dict[str, Any]

_DIGITS = 6


def dose_rows(registration: Registration, study: Study) -> list[Tree]:
    """Of every dose, quantity and series the points at each level, as far as its arms have runs.

    A point is the mean over runs and items, with the interval of the recipe where there are two runs or more. What the
    claims are about comes first (``registered``); the other decoding of the same quantities stands beside it, for a
    habit may be rare where a model is greedy and common where it samples.
    """
    rows = []
    for dose in registration.doses:
        wanted = {
            (claim.quantity, claim.decoding): True
            for claim in registration.claims
            if not isinstance(claim, DifferenceClaim) and claim.dose == dose.name
        }
        for quantity, decoding in [(quantity, decoding) for quantity, _ in wanted for decoding in Decoding]:
            wanted.setdefault((quantity, decoding), False)
        for (quantity, decoding), registered in wanted.items():
            for series, levels in dose.series.items():
                points = [
                    _point(level, arm, quantity, decoding, study)
                    for level, arm in sorted(levels.items())
                    if arm in study.runs
                ]
                if known := [point for point in points if point is not None]:
                    rows.append(
                        {
                            "dose": dose.name,
                            "dial": dose.dial,
                            "quantity": quantity.value,
                            "told": KINDS[quantity].told,
                            "bounded": KINDS[quantity].bounds is not None,
                            "decoding": decoding.value,
                            "registered": registered,
                            "series": series,
                            "points": known,
                        }
                    )
    return rows


def _point(level: float, arm: str, quantity: Quantity, decoding: Decoding, study: Study) -> Tree | None:
    """None where no item has a value in every run."""
    matched = matched_scores([quantity_scores(study, arm, quantity, decoding)])
    if not matched.items:
        return None
    scores = matched.arms[0]
    means_S = scores.scores_SN.mean(axis=1)
    low = high = None
    if scores.trained and len(means_S) > 1:
        found = contrast([1.0], [scores], bounds=KINDS[quantity].bounds).estimate
        low, high = found.low, found.high
    return {
        "level": level,
        "arm": arm,
        "mean": round(float(np.mean(means_S)), _DIGITS),
        "low": None if low is None else round(low, _DIGITS),
        "high": None if high is None else round(high, _DIGITS),
        "runs": [round(float(mean), _DIGITS) for mean in means_S],
    }
