"""Graded responses made up for the tests: a small study whose arms differ in skill, form and length."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.stats import norm

from seethink.analysis.results import study_results
from seethink.analysis.study_data import ArmRecord, ItemFacts, RunData, RunTable, Study
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.item import Verifier
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome, Verdict, correct, graded, undecided, unparseable, wrong

RESAMPLES = 500

SKILL = {"base": 0.4, "sft": 0.35, "grpo": 0.75, "sft_grpo": 0.55}
FORM = {"base": 0.8, "sft": 1.0, "grpo": 1.0, "sft_grpo": 0.95}
TEMPLATES = {
    "count": Verifier.DIGIT,
    "option": Verifier.MCQ,
    "mean": Verifier.MATH,
    "locate": Verifier.IOU,
    "describe": Verifier.OPEN,
}


def response(
    item: str = "i0",
    verdict: Verdict | None = None,
    *,
    arm: str = "base",
    decoding: Decoding = Decoding.GREEDY,
    draw: int = 0,
    text: str | None = None,
    lenient: Verdict | None = None,
    **fields: Any,
) -> GradedResponse:
    """One response; without a text it is well-formed where its strict verdict could be read."""
    strict = verdict or correct("3")
    form = strict.outcome is not Outcome.UNPARSEABLE
    plain: dict[str, Any] = {
        "source": "world",
        "group": "count",
        "verifier": Verifier.DIGIT,
        "question": "How many red circles?",
        "gold": "3",
        "images": ("p0",),
        "prompt_tokens": 100,
        "completion_tokens": 20,
        "truncated": False,
    }
    return GradedResponse(
        item_id=item,
        arm=arm,
        decoding=decoding,
        draw=draw,
        response=text if text is not None else write_tags("I look.", strict.extracted or "?") if form else "no tags",
        strict=strict,
        lenient=lenient or strict,
        **(plain | fields),
    )


def _answered(rng: random.Random, arm: str, number: int, decoding: Decoding, draw: int) -> GradedResponse:
    template = list(TEMPLATES)[number % len(TEMPLATES)]
    verifier = TEMPLATES[template]
    right, form = rng.random() < SKILL[arm], rng.random() < FORM[arm]
    said = str(number % 7 if right else number % 7 + 1)
    if verifier is Verifier.OPEN and rng.random() < 0.05:
        lenient = undecided(Outcome.TIMEOUT, "the judge did not answer")
    elif verifier in (Verifier.OPEN, Verifier.IOU):
        lenient = graded(rng.uniform(0.6, 1.0) if right else rng.uniform(0.0, 0.4), said)
    else:
        lenient = correct(said) if right else wrong(said)
    think = "Row 1: a red circle.\n" + ("Wait, maybe I look again.\n" if "sft" in arm else "") + f"So {said}."
    return response(
        f"w{number:03d}",
        lenient if form else unparseable("no answer block"),
        arm=arm,
        decoding=decoding,
        draw=draw,
        text=write_tags(think, said) if form else f"{think} The answer is {said}",
        lenient=lenient,
        group=template,
        verifier=verifier,
        question=f"Question {number}: how many?",
        gold=str(number % 7),
        images=(f"p{number % 4}",),
        completion_tokens=rng.randint(20, 60),
        steps_true=rng.randint(0, 2),
        steps_false=rng.randint(0, 2),
    )


@pytest.fixture(scope="session")
def respond() -> Callable[..., GradedResponse]:
    return response


@pytest.fixture(scope="session")
def study() -> dict[str, list[GradedResponse]]:
    """Four arms on sixty items, greedy and four draws each."""
    arms = {}
    for arm in SKILL:
        rng = random.Random(arm)
        arms[arm] = [
            _answered(rng, arm, number, decoding, draw)
            for number in range(60)
            for decoding, draws in ((Decoding.GREEDY, 1), (Decoding.SAMPLED, 4))
            for draw in range(draws)
        ]
    return arms


@pytest.fixture(scope="session")
def results(study: dict[str, list[GradedResponse]]) -> dict[str, Any]:
    arms = dict.fromkeys(study, 1000)
    return study_results(
        study,
        controls=[
            {"control": "training questions", **arms, "matched": True},
            {"control": "optimiser steps", **arms, "sft_grpo": 2_000, "matched": False},
        ],
        costs={"grpo": {"train_tokens": 1.2e6, "train_seconds": 200.0, "steps": 160, "eval_seconds": 12.5}},
        funnel=[
            {"source": "scenes", "step": "collect", "kept": 900, "reasons": {}},
            {"source": "scenes", "step": "verify", "kept": 700, "reasons": {"wrong answer": 150, "empty": 50}},
        ],
        seconds=321.0,
        seed=7,
        stage_seconds={"train": 200.0, "evaluate": 50.0},
        resamples=RESAMPLES,
    )


@pytest.fixture(scope="session")
def picture() -> Callable[[str], bytes]:
    def read(digest: str) -> bytes:
        buffer = io.BytesIO()
        Image.new("RGB", (84, 84), (200, 40 * int(digest[1:]), 60)).save(buffer, "PNG")
        return buffer.getvalue()

    return read


ITEMS = tuple(
    ItemFacts(f"w{number:03d}", list(TEMPLATES.values())[number % 5], list(TEMPLATES)[number % 5])
    for number in range(200)
)


def made_study(accuracy: Any, hesitation: Any = None, *, runs: int = 3, seed: int = 0, changes: Any = None) -> Study:
    """A study made up of numbers: every arm's accuracy and share of hesitant steps, the same for all its runs but for
    chance. The arm ``base`` is not trained."""
    rng = np.random.default_rng(seed)
    hard_N = rng.normal(size=len(ITEMS))
    arms, found = {}, {}
    for arm, skill in accuracy.items():
        trained = arm != "base"
        arms[arm] = ArmRecord(
            trained=trained,
            stages=tuple(part.split("-")[0] for part in arm.split("+")) if trained else (),
            changes=(changes or {}).get(arm, {}),
        )
        found[arm] = {}
        for run in range(runs if trained else 1):
            latent_N = norm.ppf(skill) + 0.6 * hard_N + 0.8 * rng.normal(size=len(ITEMS)) + 0.03 * rng.normal()
            hits_N = (latent_N > 0).astype(float)
            says_N = np.clip((hesitation or {}).get(arm, 0.05) + 0.05 * rng.normal(size=len(ITEMS)), 0, 1).round(4)
            draws_N = rng.binomial(4, norm.cdf(latent_N)).astype(float)
            ones = (1.0,) * len(ITEMS)
            columns = {
                "greedy_strict": tuple(hits_N.tolist()),
                "greedy_lenient": tuple(hits_N.tolist()),
                "greedy_readable": ones,
                "greedy_unparseable": (0.0,) * len(ITEMS),
                "greedy_truncated": (0.0,) * len(ITEMS),
                "greedy_undecided": (0.0,) * len(ITEMS),
                "greedy_tokens": tuple((40 + 20 * says_N).round(2).tolist()),
                "greedy_hesitant": tuple(says_N.tolist()),
                "greedy_false": tuple((0.2 + 0.1 * says_N).round(4).tolist()),
                "sampled_strict": tuple((draws_N / 4).tolist()),
                "sampled_lenient": tuple((draws_N / 4).tolist()),
                "sampled_readable": ones,
                "sampled_undecided": (0.0,) * len(ITEMS),
                "sampled_hesitant": tuple(np.clip(says_N + 0.1, 0, 1).round(4).tolist()),
                "sampled_draws": (4.0,) * len(ITEMS),
                "sampled_hits": tuple(draws_N.tolist()),
            }
            curves = {
                stage: [
                    {
                        "step": float(step), "reward": round(skill * step / 40, 4), "entropy": round(1 / step, 4),
                        "completions/mean_length": 60.0 - step, "frac_reward_zero_std": step / 80,
                        "mixed/digit": round(skill * step / 50, 4), "mixed/unparseable": round(0.5 / step, 4),
                    }
                    for step in range(1, 41)
                ]
                for stage in arms[arm].stages
                if stage == "rl"
            }  # fmt: skip
            cost = {"train_tokens": 1e6, "completions": 640.0, "train_seconds": 60.0, "steps": 40.0}
            found[arm][run] = RunData(RunTable(arm, run, columns), cost if trained else {}, {}, curves)
    return Study(
        names=("made up",),
        items=ITEMS,
        arms=arms,
        runs=found,
        controls=[{"control": "RL items", "matched": True, **dict.fromkeys(arms, "5f2c")}],
        code=("test",),
    )


@pytest.fixture(scope="session")
def make_study() -> Callable[..., Study]:
    return made_study
