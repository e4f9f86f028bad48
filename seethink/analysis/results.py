"""results.json: what a study found, as one tree of plain JSON (``results.schema.json`` says which).

Made from a study's tables (``study_data``), so that it is the same with the runs at hand or without. Every number that
is an estimate is ``{mean, low, high, n}``; what was not measured is null rather than absent, and nothing is NaN.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from seethink.analysis.arm_results import (
    ACCURACIES,
    BASE,
    Estimates,
    arm_results,
    base_first,
    interval_tree,
    mean_cost,
    sources,
    split,
    verifiers,
)
from seethink.analysis.budgets import Spent
from seethink.analysis.claims import compare_scores
from seethink.analysis.compare import LEVEL, RESAMPLES, Paired, Rule, paired_means
from seethink.analysis.looking import sight, vision_rows
from seethink.analysis.registered import Registration, judge_claims
from seethink.analysis.registered.doses import dose_rows
from seethink.analysis.study_data import ArmRecord, ItemFacts, Run, Study, study_of
from seethink.analysis.subsets import subset_rows
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.item import Verifier
from seethink.core.rejected import InputError

Tree = dict[str, Any]
Responses = Sequence[GradedResponse]

VERSION = 3

FEW_ARMS = 5
"""Arms up to which all pairs are compared where nobody named them; beyond, each is compared with the first. choice."""


def study_results(
    responses_by_arm: Mapping[str, Responses],
    *,
    controls: Sequence[Mapping[str, Any]],
    costs: Mapping[str, Mapping[str, float | None]],
    funnel: Sequence[Mapping[str, Any]],
    seconds: float,
    seed: int,
    stage_seconds: Mapping[str, float] | None = None,
    resamples: int = RESAMPLES,
) -> Tree:
    """``results_of`` a study in which every arm is one checkpoint.

    Args:
        responses_by_arm: all graded responses of every arm, greedy and sampled.
        controls: rows ``{control, <arm>: value, …, matched}``: what was held equal between the arms.
        costs: per arm ``train_tokens, train_seconds, steps, completions, eval_seconds``; unknown ones are null.
        funnel: rows ``{step, kept, reasons: {reason: count}}`` and, where there are several, ``source``.
        seconds, stage_seconds: wall time of the study and of its stages.
        seed: of the resampling.
    """
    study = study_of(
        "study",
        {arm: ArmRecord(trained=arm != BASE) for arm in responses_by_arm},
        [Run(arm, 0, responses, costs.get(arm, {})) for arm, responses in responses_by_arm.items()],
        controls=controls,
        funnel=funnel,
        seconds=seconds,
        stage_seconds=stage_seconds,
    )
    return results_of(study, seed=seed, resamples=resamples)


def results_of(
    study: Study,
    *,
    registration: Registration | None = None,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Tree:
    """The whole tree of results.json, from a study's tables.

    An arm's intervals speak of its checkpoints: an item's value is the mean over the arm's runs, and items are
    resampled. What can be said of recipes stands under ``recipe`` and in ``claims``.

    Args:
        registration: claims that were registered before the runs; their verdicts, the doses, and the family of
            comparisons come from it. Without one the family is what the study set out to compare, else all pairs.
        seed: of the resampling.
    """
    arms = base_first(study.arms)
    told = Estimates(study, seed, resamples)
    named = _named(study, arms, registration)
    family = named or comparisons(arms)
    subsets = {"source": sources(told), "verifier": verifiers(told), "sight": sight(told)}
    return {
        "version": VERSION,
        "title": study.title,
        "claim": _claim(study),
        "studies": list(study.names),
        "code": list(study.code),
        "base": arms[0] if arms else None,
        "arms": {arm: arm_results(told, arm) | {"by_sight": split(told, arm, subsets["sight"])} for arm in arms},
        "pairs": _pairs(told, _chosen_pairs(arms, family)),
        "family": [list(pair) for pair in family],
        "question": list(named[0]) if named else None,
        "claims": _claims(told, family, study.items),
        "without_open": _without_open(told, family),
        "subsets": subset_rows(told, family, subsets),
        "vision": vision_rows(told),
        "registration": registration and {"title": registration.title, "primary": registration.primary},
        "verdicts": judge_claims(registration, study) if registration else [],
        "doses": dose_rows(registration, study) if registration else [],
        "controls": [dict(row) for row in study.controls],
        "funnel": [dict(row) for row in study.funnel],
        "seconds": round(study.seconds, 3),
        "stage_seconds": dict(study.stage_seconds),
        "statistics": {
            "level": LEVEL,
            "resamples": resamples,
            "seed": seed,
            "interval": "percentile bootstrap over items",
            "test": "paired sign-flip permutation over items, two-sided",
        },
    }


def comparisons(arms: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs (a, b) read as a minus b: every arm against the first, then every later arm against each earlier one.

    Of more than ``FEW_ARMS`` arms only the first kind.
    """
    base, others = arms[:1], arms[1:]
    rest = [(later, earlier) for index, later in enumerate(others) for earlier in others[:index]]
    return [(other, first) for first in base for other in others] + (rest if len(arms) <= FEW_ARMS else [])


def find_pair(
    results: Mapping[str, Any], a: str, b: str, decoding: str = Decoding.GREEDY, rule: str = Rule.STRICT
) -> Tree | None:
    """The comparison of a minus b as results.json lists it, None where it does not list that order."""
    wanted = (a, b, decoding, rule)
    found = (pair for pair in results["pairs"] if (pair["a"], pair["b"], pair["decoding"], pair["rule"]) == wanted)
    return next(found, None)


@cache
def results_schema() -> Tree:
    text = files("seethink.analysis").joinpath("results.schema.json").read_text(encoding="utf-8")
    schema: Tree = json.loads(text)
    return schema


def check_results(tree: Any) -> None:
    """InputError naming the field where the tree is not what ``results.schema.json`` says. Needs ``jsonschema``."""
    from jsonschema import Draft202012Validator

    try:
        json.dumps(tree, allow_nan=False)
    except ValueError as error:
        raise InputError(f"results hold a number that JSON does not know ({error})") from None
    errors = sorted(Draft202012Validator(results_schema()).iter_errors(tree), key=lambda error: list(error.path))
    if errors:
        shown = "; ".join(
            f"{'.'.join(map(str, error.path)) or 'results'}: {error.message[:200]}" for error in errors[:5]
        )
        raise InputError(f"{len(errors)} fields of the results are not as the schema asks: {shown}")


def _named(study: Study, arms: Sequence[str], registration: Registration | None) -> list[tuple[str, str]]:
    """The comparisons that were asked for by name, as far as their arms are there; the first is the question."""
    named = registration.pairs if registration else study.compare
    return [pair for pair in named if set(pair) <= set(arms)]


def _chosen_pairs(arms: Sequence[str], family: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs told over items alone: every arm against the first, and the family."""
    usual = comparisons(arms)
    return usual + [(a, b) for a, b in family if (a, b) not in usual and (b, a) not in usual]


def _without_open(told: Estimates, pairs: Sequence[tuple[str, str]]) -> Tree | None:
    """The family on all questions but open ones; None where none or all are open.

    Open answers are graded and not decided by a rule, and whoever imitates terse references loses there first. Both
    claims are corrected over these comparisons alone, and none of them is registered.
    """
    exact = [item for item in told.study.items if item.verifier is not Verifier.OPEN]
    return _claims(told, pairs, exact) if 0 < len(exact) < len(told.study.items) else None


def _claims(told: Estimates, pairs: Sequence[tuple[str, str]], items: Sequence[ItemFacts]) -> Tree | None:
    """Both claims of every pair of the family on greedy accuracy over these items; None without a pair, or without
    greedy answers."""
    if not pairs or not all(_answered(told, arm, Decoding.GREEDY) for pair in pairs for arm in pair):
        return None
    named = dict.fromkeys(arm for pair in pairs for arm in pair)
    spent = {}
    for arm in named:
        costs = [run.cost for run in told.study.runs[arm].values()]
        tokens, completions = (
            mean_cost([cost.get(name) for cost in costs]) for name in ("train_tokens", "completions")
        )
        if tokens is not None and completions is not None:
            spent[arm] = Spent(completions, tokens)
    found = compare_scores(
        {arm: told.scores(arm, Decoding.GREEDY, "strict", items) for arm in named},
        pairs,
        spent=spent,
        seed=told.seed,
        resamples=told.resamples,
    )
    plain: Tree = json.loads(json.dumps(found))
    return plain


def _pairs(told: Estimates, pairs: Sequence[tuple[str, str]]) -> list[Tree]:
    found = []
    for decoding, rule in ACCURACIES.values():
        for a, b in pairs:
            if not all(_answered(told, arm, decoding) for arm in (a, b)):
                continue
            form = (told.means(a, decoding, "readable"), told.means(b, decoding, "readable"))
            paired = paired_means(
                told.means(a, decoding, rule.value),
                told.means(b, decoding, rule.value),
                len(told.study.items),
                form=form if rule is Rule.STRICT else None,
                seed=told.seed,
                resamples=told.resamples,
            )
            found.append(_pair(a, b, decoding, rule, paired))
    return found


def _answered(told: Estimates, arm: str, decoding: Decoding) -> bool:
    return any(f"{decoding.value}_undecided" in run.table.columns for run in told.study.runs[arm].values())


def _pair(a: str, b: str, decoding: Decoding, rule: Rule, paired: Paired) -> Tree:
    difference = interval_tree(paired.difference)
    gain = paired.gain and {
        "format": interval_tree(paired.gain.format),
        "accuracy": interval_tree(paired.gain.accuracy),
    }
    return {
        "a": a,
        "b": b,
        "decoding": decoding.value,
        "rule": rule.value,
        "difference": difference["mean"],
        "low": difference["low"],
        "high": difference["high"],
        "p": paired.p,
        "n": difference["n"],
        "left_out": paired.left_out,
        "gain": gain,
    }


def _claim(study: Study) -> str:
    """What the intervals speak of."""
    runs = [len(study.runs[arm]) for arm, record in study.arms.items() if record.trained] or [1]
    least, most = min(runs), max(runs)
    if most == 1:
        return (
            "Every arm is one training run with one seed. The intervals speak of these checkpoints on questions like "
            "these, not of the recipes that made them."
        )
    count = f"{least}" if least == most else f"{least} to {most}"
    return (
        f"Every trained arm has {count} training runs. The intervals of an arm speak of these checkpoints on questions "
        "like these; where the recipe is spoken of, training runs are drawn as well."
    )
