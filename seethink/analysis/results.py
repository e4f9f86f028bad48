"""results.json: what a study found, as one tree of plain JSON (``results.schema.json`` says which).

Built from graded responses and a few facts the study knows (controls, costs, funnel, times). Every number that is an
estimate is ``{mean, low, high, n}``; what was not measured is null rather than absent, and nothing is NaN.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from seethink.analysis.at_k import item_maj_at_k, item_pass_at_k
from seethink.analysis.budgets import Spent
from seethink.analysis.claims import compare_arms
from seethink.analysis.compare import (
    LEVEL,
    RESAMPLES,
    Interval,
    Paired,
    Rule,
    accuracy,
    count_undecided,
    interval,
    item_means,
    paired_difference,
)
from seethink.analysis.pseudo_reasoning import summarise_habits
from seethink.analysis.score_matrix import ArmRuns
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome

Tree = dict[str, Any]
Responses = Sequence[GradedResponse]

VERSION = 2
BASE = "base"

CLAIM = (
    "Every arm is one training run with one seed. The intervals speak of these checkpoints on questions like these, "
    "not of the recipes that made them."
)

RECIPES_CLAIM = (
    "Every trained arm has {count} training runs. Intervals and pairs speak of these checkpoints on questions like "
    "these; what holds of the recipes that made them stands under claims."
)

COSTS = ("train_tokens", "train_seconds", "steps", "eval_seconds")

_ACCURACIES = {
    "accuracy": (Decoding.GREEDY, Rule.STRICT),
    "sampled": (Decoding.SAMPLED, Rule.STRICT),
    "lenient": (Decoding.GREEDY, Rule.LENIENT),
    "lenient_sampled": (Decoding.SAMPLED, Rule.LENIENT),
}
"""Headline first; pairs are listed in this order too."""

_DIGITS = 6
"""Decimals kept: far below what any interval resolves, and files stay readable."""

K = TypeVar("K", bound=Hashable)


def study_results(
    responses_by_arm: Mapping[str, Responses],
    *,
    controls: Sequence[Mapping[str, Any]],
    costs: Mapping[str, Mapping[str, float | None]],
    funnel: Sequence[Mapping[str, Any]],
    seconds: float,
    seed: int,
    stage_seconds: Mapping[str, float] | None = None,
    runs: Mapping[str, Mapping[int, Responses]] | None = None,
    untrained: Collection[str] = (BASE,),
    run_costs: Mapping[str, Mapping[int, Mapping[str, float | None]]] | None = None,
    compare: Sequence[tuple[str, str]] = (),
    spent: Mapping[str, Spent] | None = None,
    resamples: int = RESAMPLES,
) -> Tree:
    """The whole tree of results.json.

    Args:
        responses_by_arm: all graded responses of every arm, greedy and sampled, of all its training runs; the arm named
            "base", else the first, is the one that others are compared with.
        controls: rows ``{control, <arm>: value, …, matched}``: what was held equal between the arms.
        costs: per arm ``train_tokens, train_seconds, steps, eval_seconds``; unknown ones are null in the tree.
        funnel: rows ``{step, kept, reasons: {reason: count}}`` and, where there are several, ``source``.
        seconds, stage_seconds: wall time of the study and of its stages.
        seed: of the resampling.
        runs: the same responses by arm and training seed; one run per arm where None.
        untrained: arms without a training, which have one checkpoint and no seeds.
        run_costs: as ``costs``, by arm and training seed.
        compare: the family of comparisons; every arm with every other where empty.
        spent: what a training run of each arm took, for the budgets of a comparison.

    Raises InputError where two arms did not answer the same items.
    """
    arms = base_first(responses_by_arm)
    runs = runs or {arm: {0: responses} for arm, responses in responses_by_arm.items()}
    family = list(compare) or comparisons(arms)
    count = max((len(by_seed) for by_seed in runs.values()), default=0)
    pairs = list(dict.fromkeys([*(pair for pair in comparisons(arms) if arms[0] in pair), *family]))
    return {
        "version": VERSION,
        "claim": RECIPES_CLAIM.format(count=count) if count > 1 else CLAIM,
        "base": arms[0] if arms else None,
        "arms": {
            arm: _arm(responses_by_arm[arm], costs.get(arm, {}), seed, resamples, list(runs[arm].values()))
            | {"seeds": _by_seed(runs[arm], (run_costs or {}).get(arm, {}), seed, resamples)}
            for arm in arms
        },
        "pairs": _pairs(responses_by_arm, pairs, seed, resamples),
        "family": [list(pair) for pair in family],
        "claims": _claims(runs, untrained, family, spent, seed, resamples),
        "controls": [dict(row) for row in controls],
        "funnel": [dict(row) for row in funnel],
        "seconds": round(seconds, 3),
        "stage_seconds": dict(stage_seconds or {}),
        "statistics": {
            "level": LEVEL,
            "resamples": resamples,
            "seed": seed,
            "interval": "percentile bootstrap over items",
            "test": "paired sign-flip permutation over items, two-sided",
        },
    }


def base_first(arms: Mapping[str, Any]) -> list[str]:
    """Arm names in the order given, the one named "base" moved to the front."""
    return sorted(arms, key=lambda arm: arm != BASE)


def comparisons(arms: Sequence[str]) -> list[tuple[str, str]]:
    """Pairs (a, b) read as a minus b: every arm against the first, then every later arm against each earlier one."""
    base, others = arms[:1], arms[1:]
    rest = [(later, earlier) for index, later in enumerate(others) for earlier in others[:index]]
    return [(other, first) for first in base for other in others] + rest


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


def _claims(
    runs: Mapping[str, Mapping[int, Responses]],
    untrained: Collection[str],
    family: Sequence[tuple[str, str]],
    spent: Mapping[str, Spent] | None,
    seed: int,
    resamples: int,
) -> Tree | None:
    """Both claims over the family, greedy and strict; None where an arm has no greedy responses."""
    greedy = {
        arm: {
            seed: [one for one in responses if one.decoding is Decoding.GREEDY] for seed, responses in runs[arm].items()
        }
        for arm in runs
    }
    if not family or not all(responses for by_seed in greedy.values() for responses in by_seed.values()):
        return None
    arms = {arm: ArmRuns(arm, by_seed, trained=arm not in untrained) for arm, by_seed in greedy.items()}
    return compare_arms(arms, family, spent=spent, seed=seed, resamples=resamples)


def _by_seed(
    by_seed: Mapping[int, Responses], costs: Mapping[int, Mapping[str, float | None]], seed: int, resamples: int
) -> Tree:
    """Every training run by itself."""
    return {
        str(run): _accuracies(responses, seed, resamples)
        | {"cost": {name: costs.get(run, {}).get(name) for name in COSTS}}
        for run, responses in sorted(by_seed.items())
    }


def _arm(
    responses: Responses, cost: Mapping[str, float | None], seed: int, resamples: int, runs: Sequence[Responses]
) -> Tree:
    by_decoding = {decoding: [one for one in responses if one.decoding is decoding] for decoding in Decoding}
    shown = Decoding.GREEDY if by_decoding[Decoding.GREEDY] else Decoding.SAMPLED
    usual = by_decoding[shown]
    sampled = [[one for one in run if one.decoding is Decoding.SAMPLED] for run in runs]
    habits = summarise_habits(usual, seed=seed, resamples=resamples)

    def share(holds: Callable[[GradedResponse], bool]) -> Tree:
        means = item_means(usual, lambda response: float(holds(response)))
        return interval_tree(interval(means.values(), seed=seed, resamples=resamples))

    return {
        **_accuracies(responses, seed, resamples),
        "pass_at_k": _at_k(item_pass_at_k, sampled, seed, resamples),
        "maj_at_k": _at_k(item_maj_at_k, sampled, seed, resamples),
        "by_verifier": _split(responses, lambda one: one.verifier.value, seed, resamples),
        "by_dimension": _split(responses, lambda one: one.dimension.value, seed, resamples),
        "by_group": _split(responses, lambda one: one.group, seed, resamples),
        "undecided": {decoding.value: count_undecided(chosen) for decoding, chosen in by_decoding.items()},
        "habits_of": shown.value,
        "unparseable_rate": share(lambda one: one.strict.outcome is Outcome.UNPARSEABLE),
        "truncated_rate": share(lambda one: one.truncated),
        "response_tokens": interval_tree(habits.response_tokens),
        "cue_rate": interval_tree(habits.cue_rate),
        "cue_counts": habits.cue_counts,
        "hesitation_rate": interval_tree(habits.hesitation_rate),
        "repetition_rate": interval_tree(habits.repetition_rate),
        "false_step_rate": interval_tree(habits.false_step_rate),
        "steps": habits.steps._asdict() if habits.steps else None,
        "cost": {name: cost.get(name) for name in COSTS},
    }


def _accuracies(responses: Responses, seed: int, resamples: int) -> Tree:
    return {
        name: interval_tree(
            accuracy([one for one in responses if one.decoding is decoding], rule=rule, seed=seed, resamples=resamples)
        )
        for name, (decoding, rule) in _ACCURACIES.items()
    }


def _split(responses: Responses, key: Callable[[GradedResponse], K], seed: int, resamples: int) -> dict[K, Tree]:
    parts: defaultdict[K, list[GradedResponse]] = defaultdict(list)
    for response in responses:
        parts[key(response)].append(response)
    return {part: _accuracies(parts[part], seed, resamples) for part in sorted(parts, key=str)}


def _at_k(
    of_items: Callable[[Responses, int], Mapping[str, float]], runs: Sequence[Responses], seed: int, resamples: int
) -> Tree:
    """By k: k draws are draws of one model, so every run is asked by itself, and an item's value is the runs' mean."""
    found: Tree = {}
    for k in _ks([one for run in runs for one in run]):
        values: defaultdict[str, list[float]] = defaultdict(list)
        for run in runs:
            for item, value in of_items(run, k).items():
                values[item].append(value)
        means = [sum(each) / len(each) for each in values.values()]
        found[str(k)] = interval_tree(interval(means, seed=seed, resamples=resamples))
    return found


def _ks(sampled: Responses) -> list[int]:
    return powers_of_two(1 + max((response.draw for response in sampled), default=-1))


def powers_of_two(draws: int) -> list[int]:
    """1, 2, 4, … and the number of draws itself: the k of pass@k and maj@k."""
    return sorted(
        {2**power for power in range(draws.bit_length()) if 2**power <= draws} | ({draws} if draws else set())
    )


def _pairs(by_arm: Mapping[str, Responses], pairs: Sequence[tuple[str, str]], seed: int, resamples: int) -> list[Tree]:
    found = []
    for decoding, rule in _ACCURACIES.values():
        chosen = {arm: [one for one in responses if one.decoding is decoding] for arm, responses in by_arm.items()}
        for a, b in pairs:
            if chosen[a] and chosen[b]:
                paired = paired_difference(chosen[a], chosen[b], rule=rule, seed=seed, resamples=resamples)
                found.append(_pair(a, b, decoding, rule, paired))
    return found


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


def interval_tree(found: Interval) -> Tree:
    """``{mean, low, high, n}``, rounded."""
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in asdict(found).items()}
