"""One arm of results.json: its estimates over items, averaged over its training runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from seethink.analysis.at_k import Hits, chance_at_k, powers_of_two
from seethink.analysis.compare import Interval, Paired, Rule, interval, paired_means
from seethink.analysis.contrast import contrast
from seethink.analysis.score_matrix import ItemScores, matched_scores, means_over_runs
from seethink.analysis.study_data import ItemFacts, Study
from seethink.analysis.study_data.run_table import majority_ks
from seethink.core.cues import ANALYSIS_CUES
from seethink.core.graded import Decoding

Tree = dict[str, Any]

BASE = "base"

COSTS = ("train_tokens", "train_seconds", "steps", "completions", "eval_seconds")

ACCURACIES = {
    "accuracy": (Decoding.GREEDY, Rule.STRICT),
    "sampled": (Decoding.SAMPLED, Rule.STRICT),
    "lenient": (Decoding.GREEDY, Rule.LENIENT),
    "lenient_sampled": (Decoding.SAMPLED, Rule.LENIENT),
}
"""Headline first; pairs are listed in this order too."""

DIFFICULTIES = ("never", "under half", "half or more", "always")
"""Bands of difficulty: how often the sampled draws of the first arm hit, hardest first."""

_HABITS = {"hesitation_rate": "hesitant", "repetition_rate": "repeated", "false_step_rate": "false", "cue_rate": "cue"}

_DIGITS = 6
"""Decimals kept: far below what any interval resolves, and files stay readable."""


def base_first(arms: Mapping[str, Any]) -> list[str]:
    """Arm names in the order given, the one named "base" moved to the front."""
    return sorted(arms, key=lambda arm: arm != BASE)


@dataclass(frozen=True, slots=True)
class Estimates:
    """A study and how its estimates are made."""

    study: Study
    seed: int
    resamples: int

    def scores(self, arm: str, decoding: Decoding, column: str, items: Sequence[ItemFacts] | None = None) -> ItemScores:
        """One column of all runs of an arm, of these items or of all."""
        kept = None if items is None else {item.id for item in items}
        runs = {}
        for run_seed, run in self.study.runs[arm].items():
            values = run.table[f"{decoding.value}_{column}"]
            runs[run_seed] = {
                item.id: value
                for item, value in zip(self.study.items, values, strict=True)
                if kept is None or item.id in kept
            }
        return ItemScores(arm, runs, self.study.arms[arm].trained)

    def means(
        self, arm: str, decoding: Decoding, column: str, items: Sequence[ItemFacts] | None = None
    ) -> dict[str, float]:
        return means_over_runs(self.scores(arm, decoding, column, items))

    def interval(self, values: Iterable[float], bounds: tuple[float, float] | None = (0.0, 1.0)) -> Tree:
        return interval_tree(interval(values, bounds=bounds, seed=self.seed, resamples=self.resamples))

    def difference(self, a: str, b: str, items: Sequence[ItemFacts] | None = None) -> Paired:
        """a minus b, greedy and strict, over these items or all."""
        asked = self.study.items if items is None else items
        of_a, of_b = (self.means(arm, Decoding.GREEDY, Rule.STRICT.value, asked) for arm in (a, b))
        return paired_means(of_a, of_b, len(asked), seed=self.seed, resamples=self.resamples)

    def total(self, arm: str, decoding: Decoding, column: str) -> int | None:
        """The sum over items and runs; None where no item has a value."""
        found = [value for values in self.scores(arm, decoding, column).runs.values() for value in values.values()]
        known = [value for value in found if value is not None]
        return round(sum(known)) if known else None


def arm_results(told: Estimates, arm: str) -> Tree:
    runs = told.study.runs[arm]
    columns = {name for run in runs.values() for name in run.table.columns}
    shown = Decoding.GREEDY if f"{Decoding.GREEDY.value}_strict" in columns else Decoding.SAMPLED
    true, false = told.total(arm, shown, "steps_true"), told.total(arm, shown, "steps_false")
    ks = majority_ks(columns)
    items = told.study.items
    return {
        **_accuracies(told, arm),
        "recipe": _of_recipe(told.scores(arm, Decoding.GREEDY, "strict")),
        "seeds": {str(seed): _run(told, arm, seed) for seed in sorted(runs)},
        "changes": dict(told.study.arms[arm].changes),
        "stages": list(told.study.arms[arm].stages),
        "pass_at_k": {str(k): told.interval(_pass_at_k(told, arm, k)) for k in _ks(told, arm)},
        "maj_at_k": {str(k): told.interval(told.means(arm, Decoding.SAMPLED, f"maj_{k}").values()) for k in ks},
        "by_verifier": split(told, arm, verifiers(told)),
        "by_dimension": split(told, arm, {item.id: item.dimension for item in items}),
        "by_group": split(told, arm, {item.id: item.group for item in items}),
        "by_difficulty": split(told, arm, _difficulty(told)),
        "by_source": split(told, arm, sources(told)),
        "undecided": {decoding.value: told.total(arm, decoding, "undecided") or 0 for decoding in Decoding},
        "habits_of": shown.value,
        "unparseable_rate": told.interval(told.means(arm, shown, "unparseable").values()),
        "truncated_rate": told.interval(told.means(arm, shown, "truncated").values()),
        "response_tokens": told.interval(told.means(arm, shown, "tokens").values(), None),
        **{name: told.interval(told.means(arm, shown, column).values()) for name, column in _HABITS.items()},
        "cue_counts": {
            cue: sum(run.cues.get(shown.value, {}).get(cue, 0) for run in runs.values()) for cue in ANALYSIS_CUES
        },
        "steps": None if true is None or false is None else {"true": true, "false": false},
        "cost": {name: mean_cost([run.cost.get(name) for run in runs.values()]) for name in COSTS},
    }


def _accuracies(told: Estimates, arm: str, items: Sequence[ItemFacts] | None = None) -> Tree:
    return {
        name: told.interval(told.means(arm, decoding, rule.value, items).values())
        for name, (decoding, rule) in ACCURACIES.items()
    }


def _of_recipe(scores: ItemScores) -> Tree | None:
    """The accuracy of a recipe, training runs and items drawn; None with one run, or without training."""
    matched = matched_scores([scores])
    try:
        return interval_tree(contrast([1.0], matched.arms).estimate)
    except ValueError:
        return None


def _run(told: Estimates, arm: str, seed: int) -> Tree:
    """One training run by itself."""
    alone = replace(told, study=replace(told.study, runs={arm: {seed: told.study.runs[arm][seed]}}))
    cost = told.study.runs[arm][seed].cost
    return {**_accuracies(alone, arm), "cost": {name: cost.get(name) for name in COSTS}}


def mean_cost(values: Sequence[float | None]) -> float | None:
    """Of one run, on the average; None where some run's is not known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known and len(known) == len(values) else None


def split(told: Estimates, arm: str, part_of: Mapping[str, str]) -> dict[str, Tree]:
    """The accuracies of an arm on every part of the items; items without a part are left out."""
    parts: defaultdict[str, list[ItemFacts]] = defaultdict(list)
    for item in told.study.items:
        if item.id in part_of:
            parts[part_of[item.id]].append(item)
    return {part: _accuracies(told, arm, parts[part]) for part in sorted(parts)}


def verifiers(told: Estimates) -> dict[str, str]:
    """The verifier of every item."""
    return {item.id: item.verifier.value for item in told.study.items}


def sources(told: Estimates) -> dict[str, str]:
    """The source of every item: domains of the world, benchmarks."""
    return {item.id: item.source for item in told.study.items if item.source}


def _difficulty(told: Estimates) -> dict[str, str]:
    """How often the first arm's sampled draws hit, by item: a band of difficulty. Empty where it has no draws."""
    arms = base_first(told.study.arms)
    if not arms:
        return {}
    draws, hits = (told.means(arms[0], Decoding.SAMPLED, column) for column in ("draws", "hits"))
    found = {}
    for item, drawn in draws.items():
        if drawn:
            share = hits[item] / drawn
            found[item] = DIFFICULTIES[0 if share == 0 else 1 if share < 0.5 else 2 if share < 1 else 3]
    return found


def _ks(told: Estimates, arm: str) -> list[int]:
    draws = [run.table[f"{Decoding.SAMPLED.value}_draws"] for run in told.study.runs[arm].values()]
    known = [int(count) for values in draws for count in values if count is not None]
    return powers_of_two(max(known, default=0))


def _pass_at_k(told: Estimates, arm: str, k: int) -> list[float]:
    """Per item the mean over runs of the chance that one of k draws is a hit; items with fewer draws are left out."""
    draws, hits = (told.scores(arm, Decoding.SAMPLED, column) for column in ("draws", "hits"))
    runs: dict[int, dict[str, float | None]] = {}
    for seed, counts in draws.runs.items():
        runs[seed] = {
            item: chance_at_k(Hits(int(count), int(hits.runs[seed][item] or 0)), k) if count and count >= k else None
            for item, count in counts.items()
        }
    return list(means_over_runs(ItemScores(arm, runs, draws.trained)).values())


def interval_tree(found: Interval) -> Tree:
    """``{mean, low, high, n}``, rounded."""
    return {name: round(value, _DIGITS) if isinstance(value, float) else value for name, value in asdict(found).items()}
