"""Measuring a step scorer step by step: where it sees the first error, whether its scores mean what they say, and what
moves it that should not."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from seethink.analysis.compare import interval
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.core.tables import data_hash
from seethink.process.calibration import calibration
from seethink.process.collect.completer import Cost
from seethink.process.first_error import best_threshold, first_error, first_error_score, step_score
from seethink.process.kept_scores import KeptScores
from seethink.process.probes import Probed, probe
from seethink.process.results import seal_results
from seethink.process.score import Asked, ScoringConfig, sealed_scores
from seethink.process.scorers import ScorerConfig, made_of, opened_scorer, require_steps, scale
from seethink.process.step_benchmarks import LabelledSteps

RESAMPLES = 2_000
"""Of the bootstrap of F1. choice."""


class ErrorsTask(Config):
    """``seethink process errors``."""

    scorers: dict[str, ScorerConfig] = Field(min_length=1)
    tuning: float = Field(default=0.2, gt=0, lt=1)
    """Share of the solutions on which a scorer's threshold is chosen; it is measured on the others. choice."""
    threshold: float | None = None
    """A step that scores at or below this is wrong; chosen on the tuning share where None."""
    scoring: ScoringConfig = ScoringConfig()
    seed: int = 0
    """Of the tuning share and of the intervals."""


class ProbeTask(Config):
    """``seethink process probe``."""

    scorers: dict[str, ScorerConfig] = Field(min_length=1)
    scoring: ScoringConfig = ScoringConfig()


def measure_errors(
    task: ErrorsTask, solutions: Sequence[LabelledSteps], images: ImageStore, out: Path
) -> dict[str, Any]:
    """First-error and step metrics of every scorer; ``out/results.json`` holds them.

    Raises:
        InputError: too few solutions for a tuning share and a rest, or a scorer that has no scores of steps.
    """
    started = time.time()
    _require_steps(task)
    order = [int(place) for place in np.random.default_rng(task.seed).permutation(len(solutions))]
    tuned = max(1, round(task.tuning * len(solutions)))
    if len(solutions) - tuned < 1:
        raise InputError(f"{len(solutions)} solutions: a threshold needs some to be chosen on and others to be told of")
    asked = [Asked(one.item, one.steps, {"item_id": one.item.id, "maker": one.maker}) for one in solutions]
    data = {"solutions": data_hash([one.item.id, one.steps, one.first_error] for one in solutions)}
    told, costs = {}, dict[str, Cost | None]()
    for name, config in task.scorers.items():
        with opened_scorer(config, images, out / "ledger") as scorer:
            made = {**data, **made_of(config)}
            scores, costs[name] = sealed_scores(task.scoring, name, scorer, asked, out / "scores" / name, data=made)
        told[name] = _measured(task, config, solutions, scores, order[:tuned], order[tuned:])
    results = {"solutions": len(solutions), "tuning": tuned, "scorers": told}
    seal_results(out, task, results, costs, seeds={"tuning and intervals": task.seed}, data=data, started=started)
    return results


def measure_probes(task: ProbeTask, traces: Sequence[Probed], images: ImageStore, out: Path) -> dict[str, Any]:
    """What moves every scorer that should not; ``out/results.json`` holds it, in shares of the scorer's scale.

    Raises:
        InputError: a scorer has no scores of steps.
    """
    started = time.time()
    _require_steps(task)
    data = {"traces": data_hash([one.item.id, one.steps, one.false] for one in traces)}
    told, costs = {}, {}
    for name, config in task.scorers.items():
        low, high = scale(config)
        with opened_scorer(config, images, out / "ledger") as scorer:
            kept = KeptScores(task.scoring, name, scorer, out / "scores" / name, {**data, **made_of(config)})
            found = probe(kept, traces)
        costs[name] = kept.cost
        told[name] = {
            field: value if field == "position" else _interval(value, 1.0 if field == "positive" else high - low)
            for field, value in found._asdict().items()
        }
    results = {"traces": len(traces), "scorers": told}
    seal_results(out, task, results, costs, seeds={}, data=data, started=started)
    return results


def _require_steps(task: ErrorsTask | ProbeTask) -> None:
    for name, config in task.scorers.items():
        require_steps(config, f"scorers.{name}")


def _measured(
    task: ErrorsTask,
    config: ScorerConfig,
    solutions: Sequence[LabelledSteps],
    scores: Sequence[Sequence[float]],
    tuning: Sequence[int],
    rest: Sequence[int],
) -> dict[str, Any]:
    true = [one.first_error for one in solutions]
    threshold = task.threshold
    if threshold is None:
        threshold = best_threshold([scores[k] for k in tuning], [true[k] for k in tuning])
    told = [first_error(scores[k], threshold) for k in rest]
    mine = [true[k] for k in rest]
    found = first_error_score(told, mine)
    steps = step_score([scores[k] for k in rest], [solutions[k].truth for k in rest], threshold)
    low, high = scale(config)
    known = [
        ((score - low) / (high - low), None if truth is None else float(truth))
        for k in rest
        for score, truth in zip(scores[k], solutions[k].truth, strict=True)
    ]
    fit = calibration([score for score, _ in known], [truth for _, truth in known])
    hits = {
        kind: [float(said == place) for said, place in zip(told, mine, strict=True) if (place is not None) is wrong]
        for kind, wrong in (("wrong", True), ("sound", False))
    }
    return {
        "threshold": threshold,
        "first_error": {
            "f1": _number(found.f1),
            "f1_interval": _f1_interval(told, mine, task.seed),
            **{kind: _interval(interval(values, seed=task.seed)) for kind, values in hits.items()},
        },
        "steps": {name: _number(value) for name, value in steps._asdict().items()},
        "unscored_steps": sum(math.isnan(score) for k in rest for score in scores[k]),
        "calibration": {
            "error": _number(fit.error),
            "brier": _number(fit.brier),
            "n": fit.n,
            "bins": [one._asdict() for one in fit.bins],
        },
    }


def _f1_interval(told: Sequence[int | None], true: Sequence[int | None], seed: int) -> list[float | None]:
    """Percentile bootstrap over solutions, 95 %."""
    rng = np.random.default_rng(seed)
    wrong = np.array([place is not None for place in true])
    hit = np.array([said == place for said, place in zip(told, true, strict=True)], dtype=float)
    found = []
    for _ in range(RESAMPLES):
        rows = rng.integers(0, len(hit), len(hit))
        a, b = hit[rows][wrong[rows]], hit[rows][~wrong[rows]]
        if len(a) and len(b):
            shares = a.mean(), b.mean()
            found.append(2 * shares[0] * shares[1] / sum(shares) if sum(shares) else 0.0)
    return [float(value) for value in np.percentile(found, (2.5, 97.5))] if found else [None, None]


def _interval(found: Any, by: float = 1.0) -> dict[str, Any]:
    mean, low, high = (None if value is None else value / by for value in (found.mean, found.low, found.high))
    return {"mean": mean, "low": low, "high": high, "n": found.n}


def _number(value: float) -> float | None:
    return None if value != value else value
