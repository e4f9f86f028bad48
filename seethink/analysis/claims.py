"""What a study may say of two arms: two claims, each tested, corrected for the family, and put into words.

*These checkpoints* holds the weights fixed and asks about other items (``compare``); *this recipe* asks about another
training run as well (``recipe``). A study claims a difference only where its p-value, corrected over all comparisons of
the family, lies below the level. Everywhere else it says "no difference shown" and how large a difference it would have
found, and never that two arms are equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import Any

import numpy as np

from seethink.analysis.budgets import Spent, shared_budgets
from seethink.analysis.compare import LEVEL, RESAMPLES, Interval, Rule, interval, sign_flip_p
from seethink.analysis.detectable import POWER, detectable
from seethink.analysis.family import holm
from seethink.analysis.recipe import HEADLINE_RUNS, RecipeDifference, recipe_difference
from seethink.analysis.score_matrix import ArmRuns, ItemScores, item_scores, matched_scores, means_over_runs
from seethink.core.rejected import InputError

Tree = dict[str, Any]
Pair = tuple[str, str]

ALPHA = 1 - LEVEL

_DIGITS = 6


class Claim(StrEnum):
    CHECKPOINTS = "checkpoints"
    RECIPE = "recipe"


class Finding(StrEnum):
    ABOVE = "above"
    BELOW = "below"
    NOT_SHOWN = "no difference shown"
    NOT_TESTED = "not tested"


def compare_arms(
    arms: Mapping[str, ArmRuns],
    pairs: Sequence[Pair],
    *,
    rule: Rule = Rule.STRICT,
    spent: Mapping[str, Spent] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Tree:
    """``compare_scores`` of graded responses under one rule."""
    scores = {name: item_scores(arm, rule) for name, arm in arms.items()}
    return compare_scores(scores, pairs, rule=rule, spent=spent, seed=seed, resamples=resamples)


def compare_scores(
    arms: Mapping[str, ItemScores],
    pairs: Sequence[Pair],
    *,
    rule: Rule = Rule.STRICT,
    spent: Mapping[str, Spent] | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Tree:
    """Both claims for every pair, read as a minus b, as one tree of plain JSON.

    The pairs are the family: name those that the study set out to compare, under one decoding and one rule, for each
    further one makes all of them harder to show. The two claims are two families.

    Args:
        rule: what the scores were found under; said in the tree.
        spent: by arm; a pair of which both are known also says which budgets it shares.
        seed, resamples: of the bootstrap and the permutation of the first claim.

    Raises InputError where a pair names an unknown arm, or two runs did not answer the same items.
    """
    if unknown := sorted({arm for pair in pairs for arm in pair} - arms.keys()):
        raise InputError(f"arms {', '.join(unknown)} are compared and have no responses: evaluate them first")
    spent = spent or {}
    rows: dict[Pair, Tree] = {}
    for a, b in pairs:
        rows[a, b] = {
            "a": a,
            "b": b,
            "budgets": asdict(shared_budgets(spent[a], spent[b])) if a in spent and b in spent else None,
            Claim.CHECKPOINTS.value: _checkpoints(arms[a], arms[b], seed, resamples),
            Claim.RECIPE.value: _recipe(arms[a], arms[b]),
        }
    families = {claim: _close(rows, claim) for claim in Claim}
    return {
        "rule": rule.value,
        "level": LEVEL,
        "power": POWER,
        "correction": "Holm",
        "headline_runs": HEADLINE_RUNS,
        "family": {claim.value: size for claim, size in families.items()},
        "comparisons": list(rows.values()),
    }


def _checkpoints(a: ItemScores, b: ItemScores, seed: int, resamples: int) -> Tree:
    means_a, means_b = means_over_runs(a), means_over_runs(b)
    items = sorted(means_a.keys() & means_b.keys())
    apart_N = np.array([means_a[item] - means_b[item] for item in items])
    asked = len(next(iter(a.runs.values()), {}))
    n = len(apart_N)
    error = float(apart_N.std(ddof=1)) / float(np.sqrt(n)) if n > 1 else None
    return {
        **_interval(interval(apart_N, bounds=(-1.0, 1.0), seed=seed, resamples=resamples)),
        "p": sign_flip_p(apart_N, seed=seed, resamples=resamples),
        "error": error,
        "freedom": None if error is None else n - 1,
        "runs": [len(a.runs), len(b.runs)],
        "left_out": asked - n,
        "why_not": None if n else "no item was decided in both arms",
    }


def _recipe(a: ItemScores, b: ItemScores) -> Tree:
    matched = matched_scores([a, b])
    found: RecipeDifference | None = None
    why = None
    try:
        found = recipe_difference(*matched.arms)
    except ValueError as error:
        why = str(error)
    return {
        **_interval(found.difference if found else Interval(None, None, None, len(matched.items))),
        "p": found.p if found else None,
        "error": found.error if found else None,
        "freedom": found.freedom if found else None,
        "from_runs": found.from_runs if found else None,
        "runs": [len(a.runs), len(b.runs)],
        "headline": bool(found and found.headline),
        "left_out": matched.left_out,
        "why_not": why,
    }


def _close(rows: Mapping[Pair, Tree], claim: Claim) -> int:
    """Correct the family, and add to every row what follows; returns the size of the family."""
    corrected = holm({pair: row[claim]["p"] for pair, row in rows.items()})
    size = sum(p is not None for p in corrected.values())
    for pair, row in rows.items():
        told, p = row[claim], corrected[pair]
        told["p_holm"] = p
        told["finding"] = _finding(told["mean"], p).value
        for name, alpha in (("detectable", ALPHA), ("detectable_holm", ALPHA / max(1, size))):
            known = told["error"] is not None and told["freedom"] is not None
            told[name] = min(1.0, detectable(told["error"], told["freedom"], alpha=alpha)) if known else None
        for name, value in told.items():
            # A p-value keeps its digits: rounded to 0 it would claim certainty.
            if isinstance(value, float) and name not in ("p", "p_holm"):
                told[name] = round(value, _DIGITS)
    return size


def _finding(difference: float | None, p: float | None) -> Finding:
    if p is None or difference is None:
        return Finding.NOT_TESTED
    if p >= ALPHA or difference == 0:
        return Finding.NOT_SHOWN
    return Finding.ABOVE if difference > 0 else Finding.BELOW


def _interval(found: Interval) -> Tree:
    return asdict(found)
