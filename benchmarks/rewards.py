"""How fast rewards are, and what share of a training step they take.

    python benchmarks/rewards.py EXTRACTS [--no-step]

EXTRACTS is a folder of extracts as ``extracts.py`` reads them. The last line is JSON:

- ``digit_per_s``, ``mcq_per_s``, ``iou_per_s``: whole responses through the reward, tags included, on one core; aim
  10,000.
- ``math_ratio_to_direct``: all different real free-form pairs once, nothing remembered, one worker of ours against one
  process that calls math-verify as its documentation does, by turns; 1 is as fast, aim 0.9.
- ``math_ratio_where_compared``: the same over the pairs that our reader hands to math-verify at all.
- ``share_of_grpo_step``: scoring over the whole of a GRPO step of the tiny base on the embedded world; aim 0.01. null
  with ``--no-step``.

Every figure is the median of five; the line before says how far the five lay apart.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import pairwise
from pathlib import Path
from statistics import median

from extracts import real_responses
from rich.console import Console

from seethink.answers import grade, use_workers
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, make_item
from seethink.core.protocols import Reward
from seethink.core.trace import last_answer, write_tags
from seethink.core.verdict import Outcome, Verdict
from seethink.rewards import mixed

RUNS = 5
COUNT = 5_000
STEPS = 6
THINKING = "I look at the picture row by row.\nRow 1: a red circle, a blue square.\nRow 2: a green star.\n" * 4

# What models write where an answer belongs, right and wrong, terse and chatty.
GOLDS = {"digit": "3", "mcq": "B", "iou": "[10, 20, 60, 80]"}
ANSWERS = {
    "digit": ["3", "three", "There are 3 objects.", "4", "3 or 4", "The answer is 12", "none", "3.0"],
    "mcq": ["B", "(b)", "B: 30", "option C", "The answer is B.", "A or B", "a dog", "I would say (D)"],
    "iou": ["[10, 20, 60, 80]", "(12, 18), (61, 79)", "0.1 0.2 0.6 0.8", "top left", "[1, 2, 3]"],
}


def rule_speed(verifier: str) -> list[float]:
    """Responses a second, once per run; every response differs from every other."""
    item = make_item(source="speed", question="?", gold=GOLDS[verifier], verifier=verifier, size=(100, 100))
    items, answers, reward, speeds = [item] * COUNT, ANSWERS[verifier], mixed(), []
    for run in range(RUNS):
        responses = [write_tags(f"{THINKING}{run} {number}", answers[number % len(answers)]) for number in range(COUNT)]
        started = time.perf_counter()
        reward(items, responses)
        speeds.append(COUNT / (time.perf_counter() - started))
    return speeds


def math_ratio(pairs: Sequence[tuple[Item, str]]) -> list[float]:
    """Seconds of the direct caller over ours, once per run, each in a process that has compared nothing yet."""
    ratios = []
    for run in range(RUNS):
        turns = (our_seconds, direct_seconds) if run % 2 == 0 else (direct_seconds, our_seconds)
        seconds = {turn: turn(pairs) for turn in turns}
        ratios.append(seconds[direct_seconds] / seconds[our_seconds])
    return ratios


def compared(pairs: Sequence[tuple[Item, str]]) -> list[tuple[Item, str]]:
    """The pairs in which both sides can be read."""
    verdicts = grade([item for item, _ in pairs], [answer for _, answer in pairs])
    reads = (Outcome.CORRECT, Outcome.WRONG)
    return [pair for pair, verdict in zip(pairs, verdicts, strict=True) if verdict.outcome in reads]


def our_seconds(pairs: Sequence[tuple[Item, str]]) -> float:
    use_workers(size=1)
    warm = make_item(source="speed", question="?", gold="y = x + 1", verifier=Verifier.MATH)
    grade([warm], ["y = 1 + x"])
    started = time.perf_counter()
    grade([item for item, _ in pairs], [answer for _, answer in pairs])
    return time.perf_counter() - started


def direct_seconds(pairs: Sequence[tuple[Item, str]]) -> float:
    texts = [(item.gold, answer) for item, answer in pairs]
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(call_math_verify, texts).result()


def call_math_verify(texts: Sequence[tuple[str, str]]) -> float:
    """Seconds of math-verify's own calls, its deadlines included, in this process."""
    from math_verify import parse, verify

    verify(parse("$y = x + 1$"), parse("$y = 1 + x$"))
    started = time.perf_counter()
    for gold, answer in texts:
        verify(parse(f"${gold.strip('$')}$"), parse(answer))
    return time.perf_counter() - started


class Timed:
    """A reward that keeps when it was called and how long it took."""

    def __init__(self, reward: Reward) -> None:
        self.reward, self.calls = reward, list[tuple[float, float]]()

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        started = time.perf_counter()
        verdicts = self.reward(items, responses)
        self.calls.append((started, time.perf_counter() - started))
        return verdicts


def step_shares() -> list[float]:
    """Scoring over the step it belongs to, for every step but the first, which also starts the math worker."""
    from seethink.study.rewards import training_reward
    from seethink.training.grpo import GRPOConfig
    from seethink.training.train import train_grpo
    from seethink.world.source import WorldConfig, WorldSource

    config = GRPOConfig(
        completions=64 * (STEPS + 1),
        group=8,
        prompts_per_step=8,
        learning_rate=1e-4,
        temperature=1.0,
        max_completion_tokens=128,
        kl=0.0,
    )
    with tempfile.TemporaryDirectory() as folder:
        store = ImageStore(Path(folder) / "images")
        items = [item for item in WorldSource(WorldConfig(count=200)).items(store) if isinstance(item, Item)]
        timed = Timed(training_reward(items))
        train_grpo(config, "base", items, store, timed, Path(folder) / "grpo")
    return [took / (after - started) for (started, took), (after, _) in pairwise(timed.calls[1:])]


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("extracts", type=Path, help="folder with logicvista, mathvision and mathvista")
    asked.add_argument("--no-step", action="store_true", help="leave out the GRPO steps")
    told = asked.parse_args()
    found = [(one.item, last_answer(one.text)) for one in real_responses(told.extracts)]
    free = [(item, answer) for item, answer in found if item and answer and item.verifier is not Verifier.MCQ]
    pairs = list({(item.gold, answer): (as_math(item), answer) for item, answer in free}.values())
    runs = {f"{verifier}_per_s": rule_speed(verifier) for verifier in ANSWERS}
    runs["math_ratio_to_direct"] = math_ratio(pairs)
    runs["math_ratio_where_compared"] = math_ratio(compared(pairs))
    runs["share_of_grpo_step"] = [] if told.no_step else step_shares()
    console = Console()
    console.print(f"{len(pairs)} different free-form pairs of {len(free)}")
    console.print(*(f"{name} {min(of):.4g} to {max(of):.4g}  " for name, of in runs.items() if of))
    print(json.dumps({name: round(median(of), 4) if of else None for name, of in runs.items()}))


def as_math(item: Item) -> Item:
    """Whole numbers are free-form as well: here they are compared like any expression."""
    if item.verifier is Verifier.MATH:
        return item
    return make_item(source=item.source, question=item.question, gold=item.gold, verifier=Verifier.MATH)


if __name__ == "__main__":
    main()
