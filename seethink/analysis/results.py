"""results.json: what a study found, as one tree of plain JSON (``results.schema.json`` says which).

Built from graded responses and a few facts the study knows (controls, costs, funnel, times). Every number that is an
estimate is ``{mean, low, high, n}``; what was not measured is null rather than absent, and nothing is NaN.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

from seethink.analysis.at_k import maj_at_k, pass_at_k
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
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome

Tree = dict[str, Any]
Responses = Sequence[GradedResponse]

VERSION = 1
BASE = "base"

CLAIM = (
    "Every arm is one training run with one seed. The intervals speak of these checkpoints on questions like these, "
    "not of the recipes that made them."
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
    resamples: int = RESAMPLES,
) -> Tree:
    """The whole tree of results.json.

    Args:
        responses_by_arm: all graded responses of every arm, greedy and sampled; the arm named "base", else the first,
            is the one that others are compared with.
        controls: rows ``{control, <arm>: value, …, matched}``: what was held equal between the arms.
        costs: per arm ``train_tokens, train_seconds, steps, eval_seconds``; unknown ones are null in the tree.
        funnel: rows ``{step, kept, reasons: {reason: count}}`` and, where there are several, ``source``.
        seconds, stage_seconds: wall time of the study and of its stages.
        seed: of the resampling.

    Raises InputError where two arms did not answer the same items.
    """
    arms = base_first(responses_by_arm)
    return {
        "version": VERSION,
        "claim": CLAIM,
        "base": arms[0] if arms else None,
        "arms": {arm: _arm(responses_by_arm[arm], costs.get(arm, {}), seed, resamples) for arm in arms},
        "pairs": _pairs(responses_by_arm, arms, seed, resamples),
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


def _arm(responses: Responses, cost: Mapping[str, float | None], seed: int, resamples: int) -> Tree:
    by_decoding = {decoding: [one for one in responses if one.decoding is decoding] for decoding in Decoding}
    shown = Decoding.GREEDY if by_decoding[Decoding.GREEDY] else Decoding.SAMPLED
    usual = by_decoding[shown]
    sampled = by_decoding[Decoding.SAMPLED]
    habits = summarise_habits(usual, seed=seed, resamples=resamples)

    def share(holds: Callable[[GradedResponse], bool]) -> Tree:
        means = item_means(usual, lambda response: float(holds(response)))
        return interval_tree(interval(means.values(), seed=seed, resamples=resamples))

    return {
        **_accuracies(responses, seed, resamples),
        "pass_at_k": {
            str(k): interval_tree(pass_at_k(sampled, k, seed=seed, resamples=resamples)) for k in _ks(sampled)
        },
        "maj_at_k": {str(k): interval_tree(maj_at_k(sampled, k, seed=seed, resamples=resamples)) for k in _ks(sampled)},
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


def _ks(sampled: Responses) -> list[int]:
    return powers_of_two(1 + max((response.draw for response in sampled), default=-1))


def powers_of_two(draws: int) -> list[int]:
    """1, 2, 4, … and the number of draws itself: the k of pass@k and maj@k."""
    return sorted(
        {2**power for power in range(draws.bit_length()) if 2**power <= draws} | ({draws} if draws else set())
    )


def _pairs(by_arm: Mapping[str, Responses], arms: Sequence[str], seed: int, resamples: int) -> list[Tree]:
    found = []
    for decoding, rule in _ACCURACIES.values():
        chosen = {arm: [one for one in by_arm[arm] if one.decoding is decoding] for arm in arms}
        for a, b in comparisons(arms):
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
