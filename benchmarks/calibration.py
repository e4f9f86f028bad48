"""How often each test flags a difference that is not there.

    python benchmarks/calibration.py [--study FOLDER [--arms NAME ...]] [--decoding greedy] [--sims 2000]

FOLDER holds the tables of a study (``tables/`` of a finished one, ``data`` of a committed one). What verdicts vary by
is fitted to the runs of its arms (``seethink.analysis.variance``), and studies that vary in the same way, but in which
both recipes are exactly equally good, are simulated. Without ``--study`` the shares are those of ``FITTED``, fitted to
docs/study/arms and recorded in ``docs/log.md``.

Each row: of how many simulated studies p lay below 0.05, with the 95 % Clopper-Pearson interval of that rate. A test
that keeps its word has 5 % within the interval or above it. Beside the tests that the report uses stand the ones that
were not chosen, and, last, how often a true difference of the stated detectable size is found (80 % is promised). The
last line is JSON.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from scipy import stats

from seethink.analysis.compare import LEVEL, interval, sign_flip_p
from seethink.analysis.detectable import POWER, detectable
from seethink.analysis.family import holm
from seethink.analysis.recipe import recipe_difference
from seethink.analysis.score_matrix import Scores
from seethink.analysis.study_data import read_study_data
from seethink.analysis.study_data.run_table import RunTable
from seethink.analysis.variance import Fitted, Varies, fit_variance, simulate
from seethink.core.graded import Decoding
from seethink.core.rejected import InputError

Floats = NDArray[np.float64]

ALPHA = 1 - LEVEL
RESAMPLES = 1_000
HIT = 0.5
"""A strict score from which an answer counts as right: boxes and open answers have shares, all others 0 or 1."""
OTHERS = 8
"""The tests that were not chosen are run on every eighth study: they are slow, and miss by more."""

FITTED = Fitted(
    {"rl": 0.762, "sft+rl": 0.594, "sft-format+rl": 0.656},
    {
        "rl": Varies(item=0.463, fit=0.290, run=0.0014),
        "sft+rl": Varies(item=0.463, fit=0.246, run=0.0018),
        "sft-format+rl": Varies(item=0.463, fit=0.349, run=0.0007),
    },
    {"rl": ("quirk",), "sft+rl": ("quirk",), "sft-format+rl": ("quirk",)},
)
"""Greedy verdicts of three runs of each arm of docs/study/arms on 800 held-out questions."""


@dataclass(frozen=True)
class Design:
    """A study of two arms that are equally good.

    Attributes:
        runs: training runs of a and of b.
        given: b is a start that is not trained.
        together: correlation of runs that share a seed.
        collapses: chance that a run loses half of its accuracy, a failure that a normal distribution does not have.
    """

    name: str
    accuracy: float
    varies: tuple[Varies, Varies]
    runs: tuple[int, int] = (5, 5)
    items: int = 800
    draws: int = 1
    given: bool = False
    together: float = 0.0
    collapses: float = 0.0


class Rate(NamedTuple):
    """How many of ``n`` simulated studies were flagged, with the 95 % interval of that rate."""

    flagged: int
    n: int
    low: float
    high: float


def rate(flags: Sequence[bool]) -> Rate:
    found = stats.binomtest(sum(flags), len(flags)).proportion_ci(LEVEL, method="exact")
    return Rate(sum(flags), len(flags), float(found.low), float(found.high))


def drawn(design: Design, rng: np.random.Generator, lead: float = 0.0) -> tuple[Scores, Scores]:
    """One simulated study; ``lead`` is added to a's expected accuracy."""
    accuracy = (min(0.999, design.accuracy + lead), design.accuracy)
    matrices = simulate(
        accuracy, design.varies, design.runs, design.items, rng, draws=design.draws, together=design.together
    )
    if design.collapses:
        for scores_SN in matrices:
            for row_N in scores_SN[rng.random(len(scores_SN)) < design.collapses]:
                row_N *= rng.random(design.items) < 0.5
    return Scores(matrices[0]), Scores(matrices[1], trained=not design.given)


def recipe_p(a: Scores, b: Scores, rng: np.random.Generator) -> float:
    return recipe_difference(a, b).p


def welch_p(a: Scores, b: Scores, rng: np.random.Generator) -> float:
    """Welch's t test over run means: items are held fixed."""
    means = [arm.scores_SN.mean(axis=1) for arm in (a, b)]
    with np.errstate(all="ignore"):
        found = stats.ttest_ind(*means, equal_var=False) if b.trained else stats.ttest_1samp(means[0], means[1][0])
    return float(found.pvalue) if np.isfinite(found.pvalue) else 1.0


def paired_p(a: Scores, b: Scores, rng: np.random.Generator) -> float:
    """A paired t test over the run means of equal seeds."""
    runs = min(len(a.scores_SN), len(b.scores_SN))
    apart_S = a.scores_SN[:runs].mean(axis=1) - b.scores_SN[:runs].mean(axis=1)
    return float(stats.ttest_1samp(apart_S, 0.0).pvalue) if np.ptp(apart_S) else 1.0


def hierarchical_p(a: Scores, b: Scores, rng: np.random.Generator) -> float:
    """A bootstrap over runs and items: twice the share of resampled differences beyond zero."""
    items = a.scores_SN.shape[1]
    weights_RN = rng.multinomial(items, np.full(items, 1 / items), size=RESAMPLES) / items
    means = []
    for arm in (a, b):
        runs = len(arm.scores_SN)
        weights_RS = rng.multinomial(runs, np.full(runs, 1 / runs), size=RESAMPLES) / runs
        means.append(((weights_RN @ arm.scores_SN.T) * weights_RS).sum(axis=1))
    apart_R = means[0] - means[1]
    return float(min(1.0, 2 * min((apart_R <= 0).mean(), (apart_R >= 0).mean())))


def checkpoint_p(a: Scores, b: Scores, rng: np.random.Generator) -> float:
    """The sign-flip test of ``compare`` over items, runs averaged."""
    apart_N = a.scores_SN.mean(axis=0) - b.scores_SN.mean(axis=0)
    return sign_flip_p(apart_N, seed=int(rng.integers(2**31)), resamples=RESAMPLES) or 1.0


def checkpoint_interval_p(a: Scores, b: Scores, rng: np.random.Generator) -> float:
    """0 where the bootstrap interval of ``compare`` leaves out zero, else 1."""
    apart_N = a.scores_SN.mean(axis=0) - b.scores_SN.mean(axis=0)
    found = interval(apart_N, bounds=(-1.0, 1.0), seed=int(rng.integers(2**31)), resamples=RESAMPLES)
    assert found.low is not None and found.high is not None
    return 0.0 if found.low > 0 or found.high < 0 else 1.0


Test = Callable[[Scores, Scores, np.random.Generator], float]

CHOSEN = ("t over runs and items", "sign flip of items", "interval leaves out zero")
RECIPE_TESTS: dict[str, Test] = {
    CHOSEN[0]: recipe_p,
    "Welch over run means": welch_p,
    "paired t over run means": paired_p,
    "bootstrap over runs and items": hierarchical_p,
    "sign flip of items, runs averaged": checkpoint_p,
}
CHECKPOINT_TESTS: dict[str, Test] = {CHOSEN[1]: checkpoint_p, CHOSEN[2]: checkpoint_interval_p}


def recipe_designs(fitted: Fitted) -> Iterator[Design]:
    """As fitted first, then every assumption strained in turn."""
    arms = [arm for arm, varies in fitted.varies.items() if "run" not in fitted.unknown.get(arm, ())]
    if not arms:
        raise InputError("no arm has two runs or more: what runs differ by cannot be fitted")
    for arm in arms:
        plain = Design(arm, fitted.accuracy[arm], (fitted.varies[arm],) * 2)
        for runs in (3, 5, 10):
            yield replace(plain, name=f"{arm}, {runs} runs", runs=(runs, runs))
    arm = max(arms, key=lambda name: fitted.varies[name].run)
    varies, plain = fitted.varies[arm], Design(arm, fitted.accuracy[arm], (fitted.varies[arm],) * 2)
    other = fitted.varies[min(arms, key=lambda name: fitted.varies[name].run)]
    steady, unsteady = replace(varies, run=0.0), _with_run(varies, 0.05)
    yield replace(plain, name="runs alike", varies=(steady, steady))
    yield replace(plain, name="runs far apart", varies=(unsteady, unsteady))
    yield replace(plain, name="runs far apart, 3 runs", varies=(unsteady, unsteady), runs=(3, 3))
    yield replace(plain, name="two different arms", varies=(varies, replace(other, item=varies.item)))
    yield replace(plain, name="one arm unsteady", varies=(unsteady, steady))
    yield replace(plain, name="one arm unsteady, 3 and 10 runs", varies=(unsteady, steady), runs=(3, 10))
    given = replace(plain, varies=(varies, steady), given=True)
    yield replace(given, name="against a given start", runs=(5, 1))
    yield replace(given, name="against a given start, 3 runs", runs=(3, 1))
    yield replace(plain, name="seeds shared, correlation 0.5", together=0.5)
    yield replace(plain, name="100 items", items=100)
    yield replace(plain, name="sampled, 4 draws", draws=4)
    yield replace(plain, name="one run in ten collapses", collapses=0.1)
    yield replace(plain, name="one run in ten collapses, 3 runs", collapses=0.1, runs=(3, 3))


def checkpoint_designs(fitted: Fitted) -> Iterator[Design]:
    """Single checkpoints, equally good over all items: what runs differ by is part of them and not drawn."""
    for arm, varies in fitted.varies.items():
        settled = replace(varies, run=0.0)
        yield Design(f"{arm}, one run each", fitted.accuracy[arm], (settled, settled), runs=(1, 1))
    plain = Design(arm, fitted.accuracy[arm], (settled, settled), runs=(1, 1))
    yield replace(plain, name="100 items", items=100)
    yield replace(plain, name="5 runs each, averaged", runs=(5, 5))
    yield replace(plain, name="5 runs against one", runs=(5, 1))
    yield replace(plain, name="sampled, 4 draws", draws=4)


def _with_run(varies: Varies, run: float) -> Varies:
    """The same shares with another one for runs; the draw, then the quirk, make room."""
    quirk = min(varies.quirk, 1 - varies.item - varies.fit - run)
    return replace(varies, run=run, quirk=max(0.0, quirk))


def false_flags(designs: Sequence[Design], tests: dict[str, Test], sims: int, seed: int, bar: Progress) -> list[Any]:
    rows = []
    task = bar.add_task("simulated studies", total=len(designs) * sims)
    for number, design in enumerate(designs):
        rng = np.random.default_rng([seed, number])
        flags: dict[str, list[bool]] = {name: [] for name in tests}
        for study in range(sims):
            a, b = drawn(design, rng)
            for name, test in tests.items():
                if name in CHOSEN or study % OTHERS == 0:
                    flags[name].append(test(a, b, rng) < ALPHA)
            bar.advance(task)
        rows += [{"design": design.name, "test": name, **rate(found)._asdict()} for name, found in flags.items()]
    return rows


def family_flags(design: Design, arms: int, sims: int, seed: int) -> dict[str, Any]:
    """Studies of several arms that are all alike, each compared with the first: how often is any difference claimed?"""
    rng = np.random.default_rng([seed, 77])
    flags: dict[str, list[bool]] = {"uncorrected": [], "Holm": []}
    for _ in range(sims):
        matrices = simulate(
            [design.accuracy] * arms, [design.varies[0]] * arms, [design.runs[0]] * arms, design.items, rng
        )
        scores = [Scores(matrix) for matrix in matrices]
        p_values = {number: recipe_difference(scores[number], scores[0]).p for number in range(1, arms)}
        flags["uncorrected"].append(min(p_values.values()) < ALPHA)
        flags["Holm"].append(min(p for p in holm(p_values).values() if p is not None) < ALPHA)
    return {name: rate(found)._asdict() for name, found in flags.items()}


def power_at_detectable(design: Design, sims: int, seed: int) -> dict[str, Any]:
    """How often a true difference of the detectable size is found, the size taken from the design's mean error."""
    rng = np.random.default_rng([seed, 78])
    found = [recipe_difference(*drawn(design, rng)) for _ in range(sims)]
    sizes = [detectable(one.error, one.freedom) for one in found if one.freedom is not None]
    size = float(np.median(sizes))
    hits = [recipe_p(*drawn(design, rng, lead=size), rng) < ALPHA for _ in range(sims)]
    low, high = np.percentile(sizes, [5, 95])
    return {"size": size, "stated_low": float(low), "stated_high": float(high), **rate(hits)._asdict()}


def fit(folder: Path, arms: Sequence[str], decoding: Decoding) -> Fitted:
    """The shares of the arms, all where none is named, over the items of which every run decided every draw."""
    study = read_study_data([folder])
    asked = list(arms or study.runs)
    if unknown := sorted(set(asked) - set(study.runs)):
        raise InputError(f"--arms {', '.join(unknown)}: {folder} has {', '.join(study.runs)}")
    hits = {arm: [_hits(run.table, decoding) for run in study.runs[arm].values()] for arm in asked}
    every = [items for runs in hits.values() for items in runs]
    draws = max(len(one) for items in every for one in items)
    kept = [n for n in range(len(study.items)) if all(len(items[n]) == draws for items in every)]
    if not draws or not kept:
        raise InputError(f"{folder} has no item of which every run decided every {decoding} draw")
    return fit_variance({arm: np.array([[items[n] for n in kept] for items in runs]) for arm, runs in hits.items()})


def _hits(table: RunTable, decoding: Decoding) -> list[list[bool]]:
    """By item whether each decided draw is a hit; their order is not kept."""
    if decoding is Decoding.GREEDY:
        return [[] if value is None else [value >= HIT] for value in table["greedy_strict"]]
    counts = zip(table["sampled_hits"], table["sampled_draws"], strict=True)
    return [[place < (hits or 0) for place in range(int(draws or 0))] for hits, draws in counts]


def flags_table(title: str, rows: Sequence[dict[str, Any]]) -> Table:
    tests = list(dict.fromkeys(row["test"] for row in rows))
    table = Table(title=title, title_justify="left")
    table.add_column("design")
    for name in tests:
        table.add_column(name, justify="right")
    for design in dict.fromkeys(row["design"] for row in rows):
        cells = {row["test"]: row for row in rows if row["design"] == design}
        table.add_row(design, *(_cell(cells[name]) for name in tests))
    return table


def _cell(row: dict[str, Any]) -> str:
    mark = "" if row["low"] <= ALPHA else " !"
    return f"{row['flagged'] / row['n']:.1%} ({row['low']:.1%} to {row['high']:.1%}){mark}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--study", type=Path, help="folder of a study's tables")
    parser.add_argument("--arms", nargs="+", default=[], help="arms whose runs are fitted; all where none is named")
    parser.add_argument("--decoding", type=Decoding, default=Decoding.GREEDY, choices=list(Decoding))
    parser.add_argument("--sims", type=int, default=2_000, help="simulated studies per design")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    console, started = Console(), time.time()
    fitted = fit(asked.study, asked.arms, asked.decoding) if asked.study else FITTED
    for arm, varies in fitted.varies.items():
        console.print(f"{arm}: accuracy {fitted.accuracy[arm]:.3f}, {varies}, unknown {fitted.unknown.get(arm, ())}")
    with Progress(console=console) as bar:
        recipe = false_flags(list(recipe_designs(fitted)), RECIPE_TESTS, asked.sims, asked.seed, bar)
        checkpoint = false_flags(list(checkpoint_designs(fitted)), CHECKPOINT_TESTS, asked.sims, asked.seed + 1, bar)
    console.print(flags_table("this recipe: false flags at p < 0.05 (! = the interval lies above 5 %)", recipe))
    console.print(flags_table("these checkpoints: false flags at p < 0.05", checkpoint))
    plain = next(design for design in recipe_designs(fitted) if design.runs == (5, 5))
    family = family_flags(plain, 6, asked.sims, asked.seed)
    console.print("any of 5 comparisons claimed: " + ", ".join(f"{name} {_cell(row)}" for name, row in family.items()))
    power = {design.name: power_at_detectable(design, asked.sims, asked.seed) for design in _for_power(fitted)}
    for name, row in power.items():
        console.print(
            f"{name}: {100 * row['size']:.1f} points, stated as {100 * row['stated_low']:.1f} to "
            f"{100 * row['stated_high']:.1f}, found {_cell(row).rstrip(' !')} ({POWER:.0%} promised)"
        )
    kept = {
        "recipe": all(row["low"] <= ALPHA for row in recipe if row["test"] in CHOSEN),
        "checkpoints": all(row["low"] <= ALPHA for row in checkpoint if row["test"] in CHOSEN),
    }
    console.print(f"{time.time() - started:.0f} s")
    print(
        json.dumps(
            {
                "sims": asked.sims,
                "kept": kept,
                "recipe": recipe,
                "checkpoints": checkpoint,
                "family": family,
                "power": power,
            }
        )
    )


def _for_power(fitted: Fitted) -> list[Design]:
    return [design for design in recipe_designs(fitted) if design.name.endswith(("3 runs", "5 runs"))][:4]


if __name__ == "__main__":
    main()
