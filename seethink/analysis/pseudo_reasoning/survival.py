"""How much of an SFT style survives reinforcement: each habit's rate at every step of RL, between two poles.

At the one pole is the model that SFT left, at the other the model before SFT. Survival is the share of the way between
them at which RL has arrived: 1 is the SFT model's habit whole, 0 is the habit gone, negative is past it. RL samples, so
both poles are sampled as well (``sampled_traces``): a model's greedy responses have other rates, and RL would begin
somewhere else than at 1.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from seethink.analysis.compare import LEVEL, RESAMPLES, Interval
from seethink.analysis.pseudo_reasoning.diagnosis import Diagnosis, measure
from seethink.core.rejected import InputError

Floats = NDArray[np.float64]

STYLE = ("curation_cue", "hesitant", "repeated", "reflections", "without_consequence", "words")
"""The measures that make up a style, of ``diagnosis.MEASURES``. choice."""


@dataclass(frozen=True, slots=True)
class Survival:
    """One habit at one step of RL.

    Attributes:
        measure: its name in ``diagnosis.MEASURES``.
        step: of RL; 0 is the model that SFT left.
        rate, at_sft, at_base: the measure there and at both poles, means over items.
        survives: (rate - at_base) / (at_sft - at_base), with an interval that resamples each of the three sets of
            items; None where the interval of the poles' difference holds 0, for there is then no style to survive.
    """

    measure: str
    step: float
    rate: float
    at_sft: float
    at_base: float
    survives: Interval | None


def survival(
    by_step: Mapping[str, Sequence[Diagnosis]],
    sft: Sequence[Diagnosis],
    base: Sequence[Diagnosis],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[Survival]:
    """Every habit at every step, steps in their order.

    Args:
        by_step: traces sampled during RL, by optimiser step.
        sft, base: traces of the model that RL began with, and of the one before SFT, sampled like those.

    Raises InputError where a step is no number, or a pole has no trace.
    """
    if not sft or not base:
        raise InputError("survival needs traces of the SFT model and of the base: one of the two has none")
    try:
        steps = sorted((float(step), traces) for step, traces in by_step.items())
    except ValueError:
        raise InputError(
            f"steps of RL are numbers, found {', '.join(list(by_step)[:5])}: group the file by its step"
        ) from None
    found = []
    for name in STYLE:
        poles = _values(sft, name), _values(base, name)
        if not all(len(pole) for pole in poles):
            continue
        rng = np.random.default_rng(seed)
        drawn_sft_R, drawn_base_R = (_means(pole, rng, resamples) for pole in poles)
        low, high = np.percentile(drawn_sft_R - drawn_base_R, [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
        for step, traces in steps:
            values = _values(traces, name)
            if not len(values):
                continue
            at_sft, at_base, rate = (float(one.mean()) for one in (*poles, values))
            survives = None
            if low > 0 or high < 0:
                drawn_R = _means(values, rng, resamples)
                share_R = (drawn_R - drawn_base_R) / (drawn_sft_R - drawn_base_R)
                bounds = np.percentile(share_R, [100 * (1 - LEVEL) / 2, 100 * (1 + LEVEL) / 2])
                share = (rate - at_base) / (at_sft - at_base)
                survives = Interval(share, float(bounds[0]), float(bounds[1]), len(values))
            found.append(Survival(name, step, rate, at_sft, at_base, survives))
    return found


def _values(diagnoses: Sequence[Diagnosis], name: str) -> Floats:
    """One value per item, the mean over its traces."""
    by_item: defaultdict[str, list[float]] = defaultdict(list)
    for one in diagnoses:
        value = measure(one, name)
        if value is not None:
            by_item[one.row.item].append(value)
    return np.array([sum(values) / len(values) for values in by_item.values()])


def _means(values: Floats, rng: np.random.Generator, resamples: int) -> Floats:
    batch = max(1, 2_000_000 // len(values))
    drawn = [
        values[rng.integers(len(values), size=(min(batch, resamples - start), len(values)))].mean(axis=1)
        for start in range(0, resamples, batch)
    ]
    return np.concatenate(drawn)
