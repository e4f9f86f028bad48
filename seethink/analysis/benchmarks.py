"""Results of one model on one benchmark: the harness's headline and everything that belongs beside it.

Built from graded responses that hold the harness's verdict as well as ours, and from the harness's figures, each the
mean over its units (rows, or questions whose variants stand or fall together). Every estimate is
``{mean, low, high, n}`` in [0, 1]; what was not measured is null rather than absent.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from seethink.analysis.arm_results import Tree, interval_tree
from seethink.analysis.at_k import maj_at_k, pass_at_k, powers_of_two
from seethink.analysis.compare import RESAMPLES, Rule, accuracy, interval, item_means, verdict_of
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.verdict import Outcome, is_hit

VERSION = 1

RULES = (Rule.HARNESS, Rule.LENIENT, Rule.STRICT)
"""In the order in which they are shown."""

AGREEMENT = ("both right", "only the harness", "only ours", "both wrong", "left open")


def benchmark_results(
    about: Mapping[str, Any],
    graded: Sequence[GradedResponse],
    figures: Iterable[Mapping[str, Any]],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Tree:
    """The whole tree.

    Args:
        about: what was asked of whom and scored how, kept as it is.
        graded: all responses; every one has a harness verdict.
        figures: rows ``{decoding, draw, figure, unit, value}``, the headline's figure first.
        seed: of the resampling.
    """
    by_decoding = {decoding: [one for one in graded if one.decoding is decoding] for decoding in Decoding}
    sampled = by_decoding[Decoding.SAMPLED]
    ks = powers_of_two(1 + max((one.draw for one in sampled), default=-1))

    def at_k(measure: Callable[..., Any]) -> Tree:
        return {
            rule.value: {
                str(k): interval_tree(measure(sampled, k, rule=rule, seed=seed, resamples=resamples)) for k in ks
            }
            for rule in RULES
        }

    # Of predictions in a file nobody knows whether they were cut.
    rates = {name: holds for name, holds in _RATES.items() if name != "truncated" or "predictions" not in about}
    return {
        "version": VERSION,
        **about,
        "figures": _figures(figures, seed, resamples),
        "accuracy": {
            decoding.value: {
                rule.value: interval_tree(accuracy(chosen, rule=rule, seed=seed, resamples=resamples)) for rule in RULES
            }
            for decoding, chosen in by_decoding.items()
        },
        "pass_at_k": at_k(pass_at_k),
        "maj_at_k": at_k(maj_at_k),
        "rates": {
            decoding.value: {name: _share(chosen, holds, seed, resamples) for name, holds in rates.items()}
            for decoding, chosen in by_decoding.items()
        },
        "response_tokens": {
            decoding.value: interval_tree(
                interval(
                    item_means(chosen, lambda one: one.completion_tokens).values(),
                    bounds=None,
                    seed=seed,
                    resamples=resamples,
                )
            )
            for decoding, chosen in by_decoding.items()
        },
        "agreement": {
            decoding.value: {name: counts.get(name, 0) for name in AGREEMENT}
            for decoding, chosen in by_decoding.items()
            for counts in [Counter(map(agreement, chosen))]
        },
    }


def agreement(response: GradedResponse) -> str:
    """How the harness's verdict and our lenient one stand to each other, one of ``AGREEMENT``."""
    theirs, ours = verdict_of(response, Rule.HARNESS), response.lenient
    if theirs.score is None or ours.score is None:
        return "left open"
    right = theirs.score > 0, is_hit(ours, response.verifier)
    return {
        (True, True): "both right",
        (True, False): "only the harness",
        (False, True): "only ours",
        (False, False): "both wrong",
    }[right]


def headline_span(headline: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """In per cent, what to print beside a headline: its 95 % interval, or, where rows have no verdict, all of them
    wrong to all of them right. The figure itself is of the others, and those are the easy ones to read."""
    bounds = headline["bounds"]
    if bounds is not None and bounds[0] != bounds[1]:
        return bounds[0], bounds[1]
    low, high = (None if headline[name] is None else 100 * headline[name] for name in ("low", "high"))
    return low, high


def figure_units(figures: Iterable[Mapping[str, Any]], decoding: str) -> dict[str, dict[str, float]]:
    """Per figure its units' values under a decoding, each the mean over the draws; the headline's figure first."""
    values: defaultdict[str, defaultdict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in figures:
        if row["decoding"] == decoding:
            values[row["figure"]][row["unit"]].append(row["value"])
    return {
        figure: {unit: sum(found) / len(found) for unit, found in units.items()} for figure, units in values.items()
    }


def _figures(figures: Iterable[Mapping[str, Any]], seed: int, resamples: int) -> Tree:
    rows = list(figures)
    return {
        decoding.value: {
            figure: interval_tree(interval(units.values(), seed=seed, resamples=resamples))
            for figure, units in figure_units(rows, decoding.value).items()
        }
        for decoding in Decoding
    }


_RATES: Mapping[str, Callable[[GradedResponse], bool]] = {
    "unparseable": lambda one: one.lenient.outcome is Outcome.UNPARSEABLE,
    # Models that were not asked for tags have all of their responses here.
    "outside the tags": lambda one: one.strict.outcome is Outcome.UNPARSEABLE,
    "truncated": lambda one: one.truncated,
    "unscored by the harness": lambda one: verdict_of(one, Rule.HARNESS).score is None,
    "judge failed": lambda one: verdict_of(one, Rule.HARNESS).outcome is Outcome.ERROR,
    "undecided by ours": lambda one: one.lenient.score is None,
}


def _share(
    responses: Sequence[GradedResponse], holds: Callable[[GradedResponse], bool], seed: int, resamples: int
) -> Tree:
    means = item_means(responses, lambda one: float(holds(one)))
    return interval_tree(interval(means.values(), seed=seed, resamples=resamples))
