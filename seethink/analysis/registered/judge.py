"""The verdict of every registered claim, computed from the tables of a study and from nothing else.

A claim predicts a direction and names the smallest effect of interest. Its effect is a contrast of arms (``contrast``).

supported  it differs from 0 (corrected p below the level), as predicted, and is no smaller than the smallest effect
refuted    the smallest effect is excluded: the estimate lies on the near side of it and differs from it (corrected p)
open       everything else, too few runs included

The two tests are corrected apart, each over the claims of one family. A survival is the contrast of the later series
against 0, and of "later minus smallest times planted" against 0; it is open where nothing was shown to be planted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np

from seethink.analysis.contrast import Contrast, contrast
from seethink.analysis.detectable import POWER, detectable
from seethink.analysis.family import holm
from seethink.analysis.registered.form import (
    AnyClaim,
    DifferenceClaim,
    Direction,
    Dose,
    Registration,
    SlopeClaim,
    SurvivalClaim,
)
from seethink.analysis.registered.quantity import KINDS, quantity_scores
from seethink.analysis.score_matrix import matched_scores
from seethink.analysis.study_data import Study
from seethink.core.rejected import InputError

Tree = dict[str, Any]
Weights = dict[str, float]
"""By arm."""

_DIGITS = 6


class Verdict(StrEnum):
    SUPPORTED = "supported"
    REFUTED = "refuted"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class _Tested:
    """A claim after its tests, before correction. ``None`` in place of a contrast: not tested, ``why`` says why."""

    claim: AnyClaim
    effect: Contrast | None
    beyond: Contrast | None = None
    """The same less the smallest effect, for a survival; others are tested against a number."""
    planted: Contrast | None = None
    runs: tuple[int, ...] = ()
    left_out: int = 0
    why: str | None = None

    @property
    def p(self) -> float | None:
        return None if self.effect is None else self.effect.p

    @property
    def p_smallest(self) -> float | None:
        """Of "the effect is exactly the smallest one of interest"."""
        if self.effect is None:
            return None
        if self.beyond is not None:
            return self.beyond.p
        return self.effect.p_against(_sign(self.claim) * self.claim.smallest)


def judge_claims(registration: Registration, study: Study) -> list[Tree]:
    """One row per claim, in the order of the registration.

    Raises InputError where an arm of a dose declares another level than the registration, or changes more than that.
    """
    for dose in registration.doses:
        _check_dose(dose, study)
    tested = [_test(claim, registration, study) for claim in registration.claims]
    rows = []
    corrected = {
        name: _by_family({one.claim.name: (one.claim.family, getattr(one, name)) for one in tested})
        for name in ("p", "p_smallest")
    }
    sizes = {
        one.claim.family: sum(other.p is not None for other in tested if other.claim.family == one.claim.family)
        for one in tested
    }
    for one in tested:
        p, p_smallest = (corrected[name][one.claim.name] for name in ("p", "p_smallest"))
        verdict, why = _verdict(one, p, p_smallest, registration)
        rows.append(_row(one, registration, verdict, why, p, p_smallest, sizes[one.claim.family]))
    return rows


def slope_weights(levels: Mapping[float, str]) -> Weights:
    """Weights of the arms for the least-squares line over the levels, as its change from the lowest to the highest."""
    at_A = np.array(sorted(levels))
    centred_A = at_A - at_A.mean()
    weights_A = centred_A / float(centred_A @ centred_A) * float(at_A[-1] - at_A[0])
    return {levels[float(level)]: float(weight) for level, weight in zip(at_A, weights_A, strict=True)}


def _test(claim: AnyClaim, registration: Registration, study: Study) -> _Tested:
    weights, beyond, planted = _weights(claim, registration)
    named = {arm for part in (weights, beyond, planted) for arm in part or {}}
    if missing := sorted(named - study.runs.keys()):
        return _Tested(claim, None, why=f"no runs of {', '.join(missing)}")
    of_trained = [len(study.runs[arm]) for arm in sorted(named) if study.arms[arm].trained]
    if of_trained and min(of_trained) < registration.least_runs:
        why = f"{min(of_trained)} training runs, the registration asks for {registration.least_runs} of every arm"
        return _Tested(claim, None, runs=tuple(of_trained), why=why)
    try:
        effect, left_out = _contrast(claim, weights, study)
        return _Tested(
            claim,
            effect,
            None if beyond is None else _contrast(claim, beyond, study)[0],
            None if planted is None else _contrast(claim, planted, study)[0],
            runs=tuple(of_trained),
            left_out=left_out,
        )
    except ValueError as error:
        return _Tested(claim, None, runs=tuple(of_trained), why=str(error))


def _weights(claim: AnyClaim, registration: Registration) -> tuple[Weights, Weights | None, Weights | None]:
    """Of the effect; of a survival also of the effect less the smallest one, and of what was planted."""
    match claim:
        case DifferenceClaim():
            return {claim.a: 1.0, claim.b: -1.0}, None, None
        case SlopeClaim():
            return slope_weights(registration.dose(claim.dose).series[claim.series]), None, None
        case SurvivalClaim():
            series = registration.dose(claim.dose).series
            later, planted = slope_weights(series[claim.later]), slope_weights(series[claim.planted])
            beyond = dict(later)
            for arm, weight in planted.items():
                beyond[arm] = beyond.get(arm, 0.0) - claim.smallest * weight
            return later, beyond, planted


def _contrast(claim: AnyClaim, weights: Weights, study: Study) -> tuple[Contrast, int]:
    used = {arm: weight for arm, weight in weights.items() if abs(weight) > 1e-12}
    matched = matched_scores([quantity_scores(study, arm, claim.quantity, claim.decoding) for arm in used])
    found = contrast(list(used.values()), matched.arms, bounds=KINDS[claim.quantity].bounds)
    return found, matched.left_out


def _by_family(p_values: Mapping[str, tuple[str, float | None]]) -> dict[str, float | None]:
    found: dict[str, float | None] = {}
    for family in dict.fromkeys(family for family, _ in p_values.values()):
        found |= holm({name: p for name, (of, p) in p_values.items() if of == family})
    return found


def _sign(claim: AnyClaim) -> int:
    return 1 if claim.direction is Direction.RISES else -1


def _verdict(
    one: _Tested, p: float | None, p_smallest: float | None, registration: Registration
) -> tuple[Verdict, str]:
    """The verdict, and why in a few words."""
    if one.effect is None or p is None or p_smallest is None:
        return Verdict.OPEN, f"not tested: {one.why}"
    sign, level = _sign(one.claim), registration.level
    effect = sign * (one.effect.estimate.mean or 0.0)
    if one.planted is not None:
        planted = sign * (one.planted.estimate.mean or 0.0)
        if planted <= 0 or one.planted.p >= level:
            return Verdict.OPEN, "SFT was not shown to plant it, so nothing could survive"
    near = sign * (one.beyond.estimate.mean or 0.0) if one.beyond is not None else effect - one.claim.smallest
    if p < level and effect > 0 and near >= 0:
        return Verdict.SUPPORTED, "it differs from zero, and is no smaller than the smallest effect of interest"
    if p_smallest < level and near < 0:
        away = p < level and effect < 0
        return Verdict.REFUTED, (
            "it differs from zero in the other direction" if away else "an effect as large as the smallest is excluded"
        )
    if p < level and effect > 0:
        return Verdict.OPEN, "an effect is there, and may be smaller than matters"
    if p < level:
        return Verdict.OPEN, "an effect is there in the other direction, and one of interest is not excluded"
    return Verdict.OPEN, "neither zero nor an effect of interest is excluded"


def _row(
    one: _Tested,
    registration: Registration,
    verdict: Verdict,
    why: str,
    p: float | None,
    p_smallest: float | None,
    size: int,
) -> Tree:
    claim, effect = one.claim, one.effect
    known = effect is not None and effect.freedom is not None
    alpha = registration.level / max(1, size)
    row: Tree = {
        "name": claim.name,
        "kind": claim.kind,
        "family": claim.family,
        "family_size": size,
        "primary": claim.name == registration.primary,
        "statement": claim.statement,
        "quantity": claim.quantity.value,
        "decoding": claim.decoding.value,
        "effect": _told_effect(claim, registration),
        "direction": claim.direction.value,
        "smallest": claim.smallest,
        "mean": effect.estimate.mean if effect else None,
        "low": effect.estimate.low if effect else None,
        "high": effect.estimate.high if effect else None,
        "n": effect.estimate.n if effect else 0,
        "left_out": one.left_out,
        "p": one.p,
        "p_holm": p,
        "p_smallest": one.p_smallest,
        "p_smallest_holm": p_smallest,
        "from_runs": effect.from_runs if effect else None,
        "detectable": detectable(effect.error, effect.freedom or 1.0, alpha=alpha) if effect and known else None,
        "power": POWER,
        "runs": list(one.runs),
        "headline": bool(one.effect and one.runs and min(one.runs) >= registration.headline_runs),
        "planted": one.planted.estimate.mean if one.planted else None,
        "verdict": verdict.value,
        "why": why,
    }
    for name in ("mean", "low", "high", "from_runs", "detectable", "planted"):
        if row[name] is not None:
            row[name] = round(row[name], _DIGITS)
    return row


def _told_effect(claim: AnyClaim, registration: Registration) -> str:
    told = KINDS[claim.quantity].told
    match claim:
        case DifferenceClaim():
            return f"{told}, {claim.a} − {claim.b}"
        case SlopeClaim():
            dose = registration.dose(claim.dose)
            return f"{told} of {claim.series} over {dose.dial}, {_range(dose.series[claim.series])}"
        case SurvivalClaim():
            dose = registration.dose(claim.dose)
            return f"{told} of {claim.later} over {dose.dial}, {_range(dose.series[claim.later])}"


def _range(levels: Mapping[float, str]) -> str:
    return f"{min(levels):g} to {max(levels):g}"


def _check_dose(dose: Dose, study: Study) -> None:
    """InputError where the arms of a dose are not what the registration takes them for.

    An arm that declares nothing of the dial stands at the centre, whose level the tables keep (``ArmRecord.dials``);
    of tables made before they did, the study alone knows it.
    """
    for series, levels in dose.series.items():
        present = {level: study.arms[arm] for level, arm in levels.items() if arm in study.arms}
        for level, record in present.items():
            arm = levels[level]
            said = record.changes.get(dose.dial, record.dials.get(dose.dial))
            if said is not None and said != level:
                raise InputError(f"arm {arm} has {dose.dial}={said}; the registration counts it as {level:g}")
        besides = [
            {path: value for path, value in record.changes.items() if path != dose.dial} for record in present.values()
        ]
        if any(other != besides[0] for other in besides[1:]):
            arms = ", ".join(levels[level] for level in present)
            raise InputError(
                f"dose {dose.name}, series {series}: arms {arms} differ in more than {dose.dial}; a dose moves one dial"
            )
