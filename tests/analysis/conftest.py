"""Graded responses made up for the tests: a small study whose arms differ in skill, form and length."""

from __future__ import annotations

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from seethink.analysis.results import study_results
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
