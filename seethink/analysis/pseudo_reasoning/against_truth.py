"""How good are the signs? Precision and recall of each against the truth of steps and answers.

Precision: of what a sign marks, the share that is so. Recall: of what is so, the share that it marks. A precision says
something beside the share that is so anyway, which is given with it. Steps of one trace go together, so the intervals
resample items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from seethink.analysis.compare import LEVEL, RESAMPLES, Interval
from seethink.analysis.pseudo_reasoning.diagnosis import Diagnosis
from seethink.analysis.pseudo_reasoning.signs import Sign, SignedStep

Floats = NDArray[np.float64]


class Target(StrEnum):
    """What a sign may be a sign of."""

    FALSE_STEP = "the step is false"
    EMPTY_STEP = "the step claims nothing"
    FALSE_TRACE = "the trace has a false step"
    WRONG_ANSWER = "the answer is wrong"


@dataclass(frozen=True, slots=True)
class Quality:
    """One sign against one target.

    Attributes:
        marked, so, both: cases that the sign marks, that are so, and both.
        cases: all cases.
        precision, recall: with intervals over items; mean None where nothing is marked, or nothing is so.
    """

    sign: str
    target: Target
    marked: int
    so: int
    both: int
    cases: int
    precision: Interval
    recall: Interval

    @property
    def prevalence(self) -> float:
        return self.so / self.cases


_STEP_TARGETS: dict[Target, Callable[[SignedStep], bool]] = {
    Target.FALSE_STEP: lambda step: step.truth is False,
    Target.EMPTY_STEP: lambda step: step.truth is None,
}

TRACE_SIGNS: dict[str, Callable[[Diagnosis], bool | None]] = {
    **{sign.value: lambda one, sign=sign: one.count(sign) > 0 for sign in Sign},  # type: ignore[misc]
    "overlong": lambda one: one.overlong,
    "answer does not follow": lambda one: None if one.concluded.follows is None else not one.concluded.follows,
    "reflects without consequence": lambda one: bool(one.pseudo),
}
"""Signs of a whole trace: it has a step with the sign, or one of its own."""


def qualities(diagnoses: Sequence[Diagnosis], *, seed: int = 0, resamples: int = RESAMPLES) -> list[Quality]:
    """Every sign against every target, over the traces whose truth is known; a sign without its column is left out."""
    known = [one for one in diagnoses if one.row.truth is not None]
    measured = {Sign.UNINFORMATIVE, Sign.MISLEADING}
    gains = any(one.row.gold_logprobs is not None for one in known)
    found = []
    for sign in Sign:
        if sign in measured and not gains:
            continue
        for target, holds in _STEP_TARGETS.items():
            cases = [(one.row.item, sign in step.signs, holds(step)) for one in known for step in one.steps]
            found.append(_quality(sign.value, target, cases, seed, resamples))
    for name, marks in TRACE_SIGNS.items():
        if name in {sign.value for sign in measured} and not gains:
            continue
        marked = [(one, mark) for one in known if (mark := marks(one)) is not None]
        false = [(one.row.item, mark, any(step.truth is False for step in one.steps)) for one, mark in marked]
        wrong = [(one.row.item, mark, not one.right) for one, mark in marked if one.right is not None]
        found.append(_quality(name, Target.FALSE_TRACE, false, seed, resamples))
        found.append(_quality(name, Target.WRONG_ANSWER, wrong, seed, resamples))
    return [one for one in found if one.cases]


def _quality(sign: str, target: Target, cases: Sequence[tuple[str, bool, bool]], seed: int, resamples: int) -> Quality:
    """Counts by item: [both, marked, so]."""
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for item, marked, so in cases:
        here = counts[item]
        here[0] += marked and so
        here[1] += marked
        here[2] += so
    counts_I3 = np.array(list(counts.values()), dtype=np.float64).reshape(-1, 3)
    both, marked_in_all, so_in_all = (int(total) for total in counts_I3.sum(axis=0))
    return Quality(
        sign,
        target,
        marked_in_all,
        so_in_all,
        both,
        len(cases),
        ratio(counts_I3[:, 0], counts_I3[:, 1], seed=seed, resamples=resamples),
        ratio(counts_I3[:, 0], counts_I3[:, 2], seed=seed, resamples=resamples),
    )


def ratio(part_I: Floats, whole_I: Floats, *, seed: int = 0, resamples: int = RESAMPLES) -> Interval:
    """A share over cases that come in items: total part over total whole, resampling items.

    Items without a case do not count. Where all of them agree, a resample would claim certainty: then the interval is
    Clopper and Pearson's over items.
    """
    part_I, whole_I = part_I[whole_I > 0], whole_I[whole_I > 0]
    n = len(whole_I)
    if n == 0:
        return Interval(None, None, None, 0)
    mean = float(part_I.sum() / whole_I.sum())
    shares = part_I / whole_I
    if n == 1 or np.ptp(shares) == 0:
        if mean not in (0.0, 1.0):
            return Interval(mean, 0.0, 1.0, n)
        exact = stats.binomtest(int(mean) * n, n).proportion_ci(LEVEL, method="exact")
        return Interval(mean, float(exact.low), float(exact.high), n)

    def share(part: Floats, whole: Floats, axis: int = -1) -> Floats:
        return np.asarray(part.sum(axis=axis) / whole.sum(axis=axis))

    found = stats.bootstrap(
        (part_I, whole_I),
        share,
        n_resamples=resamples,
        batch=1_000,
        vectorized=True,
        paired=True,
        confidence_level=LEVEL,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(mean, float(found.low), float(found.high), n)
