"""How well each collector finds the first wrong step, and what it pays for that in tokens.

    python benchmarks/step_labels.py [--solutions N] [--no-model] [--figure FILE]

Problems of 4, 8, 16 and 32 steps with exact step truth (``seethink.world.chains``) and wrong solutions of a simulated
solver that has half of all problems right, whatever their length. Completions are the solver's own: the curves show how
collectors spend tokens, and nothing of how a real policy errs. Tokens are those generated; a label costs nothing else
where a start is read once. The last line is JSON:

- ``tokens_ratio_binary_s16``: tokens of the cheapest exhaustive K in {1, 2, 4, 8, 16} that is at least as accurate as
  binary search at 16 steps, over those of binary search; aim 0.8 * S / ceil(log2 S) = 3.2. Where none is, K = 16.
- ``tokens_ratio_stopping_s16``: the same for a binary search that asks for one completion at a time and for none where
  no outcome could change what a start is taken for.
- ``tokens_ratio_tree_s16``: the same for the tree, as measured.
- ``shared_prefix_ratio``: seconds to complete starts of the tiny base one row per completion by transformers'
  ``generate``, over ours, by turns, on this machine; null with ``--no-model``.
- ``reading_ratio``: tokens of prompt, picture and start in front of all that trees of the tiny base ask for, over those
  that went through the model; null with ``--no-model``.
"""

from __future__ import annotations

import argparse
import json
import math
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.process.collect.completer import Cost, Start
from seethink.process.collect.judged import JudgeOnly, JudgeOnlyConfig
from seethink.process.collect.labels import Collector, Solution, solution
from seethink.process.collect.monte_carlo import (
    Agreement,
    AgreementConfig,
    BinaryConfig,
    BinarySearch,
    Exhaustive,
    ExhaustiveConfig,
)
from seethink.process.collect.simulated import SimulatedSolver, simulated_response
from seethink.process.collect.tree import TreeConfig, TreeSearch, search
from seethink.process.steps import Splitting
from seethink.process.truth import first_false
from seethink.world.chains import ChainTruth, chain, chain_item

LENGTHS = (4, 8, 16, 32)
ROLLOUTS = (1, 2, 4, 8, 16)
ITERATIONS = (32, 128)
THRESHOLDS = (0.0, 0.2)
"""Shares of right completions above which a start counts as sound: any success, or more than luck."""
DRAWS, STARTS, TIMES = 8, 12, 5
TREES = 12


class Curve(NamedTuple):
    """One collector at one setting and length."""

    steps: int
    collector: str
    setting: int
    threshold: float
    accuracy: float
    tokens: float
    prompt_tokens: float
    repeated_tokens: float
    ratings: float


def solver(steps: int) -> SimulatedSolver:
    return SimulatedSolver(error=1 - 0.5 ** (1 / steps))


def wrong_solutions(steps: int, count: int, store: ImageStore) -> list[tuple[Solution, int]]:
    found: list[tuple[Solution, int]] = []
    index = 0
    while len(found) < count:
        item = chain_item(chain(1, index, steps, level=3), store)
        text, right = simulated_response(solver(steps), item, index)
        index += 1
        made = solution(item, text, right, Splitting.LINES)
        place = first_false(ChainTruth().step_truth(item, made.steps))
        if not right and place is not None:
            found.append((made, place))
    return found


def collectors(steps: int) -> list[tuple[str, int, float, Collector]]:
    mine = solver(steps)
    weak = SimulatedSolver(error=1 - 0.3 ** (1 / steps))
    made: list[tuple[str, int, float, Collector]] = []
    for threshold in THRESHOLDS:
        for k in ROLLOUTS:
            made += [
                ("exhaustive", k, threshold, Exhaustive(ExhaustiveConfig(rollouts=k, threshold=threshold), mine)),
                ("binary", k, threshold, BinarySearch(BinaryConfig(rollouts=k, threshold=threshold), mine)),
                ("stopping", k, threshold, BinarySearch(BinaryConfig(rollouts=k, threshold=threshold, wave=1), mine)),
                ("agreement", k, threshold, Agreement(AgreementConfig(rollouts=k, threshold=threshold), weak, mine)),
            ]
        for iterations in ITERATIONS:
            config = TreeConfig(weight=1, iterations=iterations, depth=steps, threshold=threshold)
            made.append(("tree", iterations, threshold, TreeSearch(config, mine)))
    made.append(("judge", 0, 0.5, JudgeOnly(JudgeOnlyConfig(lowest=0, highest=1), NoisyTruth(0.1))))
    return made


class NoisyTruth:
    """A judge of steps that errs on this share of them: true step truth, flipped by a draw of the step's own."""

    def __init__(self, error: float) -> None:
        self.error = error

    def score_steps(self, item: Item, steps: Sequence[str]) -> list[float]:
        from random import Random

        truth = ChainTruth().step_truth(item, steps)
        rng = Random(f"judge {item.id} {len(steps)}")
        return [float((true is not False) ^ (rng.random() < self.error)) for true in truth]


def curve(name: str, setting: int, threshold: float, one: Collector, solutions: list[tuple[Solution, int]]) -> Curve:
    labels = one.label([made for made, _ in solutions])
    hits = sum(told.first_error == place for told, (_, place) in zip(labels, solutions, strict=True))
    cost = sum((told.cost for told in labels), Cost())
    n = len(solutions)
    paid = (cost.tokens, cost.prompt_tokens, cost.repeated_tokens, cost.ratings)
    return Curve(len(solutions[0][0].steps), name, setting, threshold, hits / n, *(part / n for part in paid))


def ratio(curves: list[Curve], name: str, steps: int) -> float:
    """Against the best setting of ``name``: most accurate, then cheapest."""
    ours = max((one for one in curves if (one.collector, one.steps) == (name, steps)), key=best)
    peers = [one for one in curves if (one.collector, one.steps) == ("exhaustive", steps)]
    able = [one.tokens for one in peers if one.accuracy >= ours.accuracy]
    peer = min(able) if able else max(one.tokens for one in peers)
    return round(peer / ours.tokens, 3)


def best(one: Curve) -> tuple[float, float]:
    return one.accuracy, -one.tokens


def shared_prefix_ratio(store: ImageStore) -> list[float]:
    """Once per run, by turns: the peer's seconds over ours for the same number of completions of the same starts."""
    from seethink.core.chat import messages
    from seethink.models.load import load_checkpoint
    from seethink.models.sampling import Prompt, sample
    from seethink.world.questions import question
    from seethink.world.source import WorldConfig, WorldSource
    from seethink.world.traces import true_steps

    checkpoint = load_checkpoint("base")
    items = [one for one in WorldSource(WorldConfig(count=STARTS)).items(store) if isinstance(one, Item)]
    prompts = [Prompt(messages(one), [store.open(digest) for digest in one.images]) for one in items]
    starts = ["<think>" + true_steps(question(int(one.meta["seed"]), int(one.meta["index"])))[0] for one in items]

    def ours() -> None:
        for place, (prompt, start) in enumerate(zip(prompts, starts, strict=True)):
            list(sample(checkpoint, [prompt._replace(started=start)], draws=DRAWS, max_tokens=32, seed=place))

    def peer() -> None:
        for place, (prompt, start) in enumerate(zip(prompts, starts, strict=True)):
            one_row_each(checkpoint, prompt, start, place)

    ours(), peer()
    found = []
    for number in range(TIMES):
        order = (ours, peer) if number % 2 else (peer, ours)
        seconds = {turn: timed(turn) for turn in order}
        found.append(seconds[peer] / seconds[ours])
    return found


def one_row_each(checkpoint: Any, prompt: Any, start: str, seed: int) -> None:
    """Every completion a row of its own with its own copy of prompt and picture, as a plain batch is sampled."""
    import torch

    from seethink.models.sampling import vision_token_ids

    processor = checkpoint.processor
    tokenizer = processor.tokenizer
    text = processor.apply_chat_template(prompt.messages, add_generation_prompt=True, tokenize=False) + start
    inputs = processor(text=[text] * DRAWS, images=list(prompt.images) * DRAWS, return_tensors="pt", padding=True)
    torch.manual_seed(seed)
    checkpoint.model.eval().generate(
        **inputs,
        max_new_tokens=32,
        do_sample=True,
        temperature=1.0,
        top_k=0,
        suppress_tokens=vision_token_ids(checkpoint),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def reading_ratio(store: ImageStore) -> float:
    """Over trees of 32 rounds for chains of 8 steps, one after another."""
    from seethink.models.groups.attention import ARGUMENT
    from seethink.models.groups.layout import Packed
    from seethink.models.load import load_checkpoint
    from seethink.process.collect.policy import Policy, PolicyConfig
    from seethink.rewards import mixed

    checkpoint, read = load_checkpoint("base"), []
    policy = Policy(PolicyConfig(max_tokens=96, step_tokens=64, temperature=1.0), checkpoint, store, mixed())
    # Its first use compares with the plain path, which is no part of a tree.
    policy.complete([Start(chain_item(chain(0, TREES, 8), store), "")], 1, 0)

    def count(module: Any, given: Any, named: dict[str, Any]) -> None:
        # Prompts and starts are read in packed rows, completions decoded without.
        if isinstance(named.get(ARGUMENT), Packed):
            read.append(named["input_ids"].numel())

    handle = checkpoint.model.register_forward_pre_hook(count, with_kwargs=True)
    trees = [
        search(chain_item(chain(0, index, 8), store), policy, None, TreeConfig(weight=1)) for index in range(TREES)
    ]
    handle.remove()
    return sum(tree.cost.prompt_tokens for tree in trees) / sum(read)


def timed(turn: Any) -> float:
    started = time.perf_counter()
    turn()
    return time.perf_counter() - started


def shown(curves: list[Curve]) -> Table:
    table = Table(title="first-error accuracy and generated tokens per solution")
    for name in ("steps", "collector", "K or iterations", "threshold", "accuracy", "tokens", "read once", "ratings"):
        table.add_column(name, justify="left" if name == "collector" else "right")
    for one in curves:
        table.add_row(
            str(one.steps),
            one.collector,
            str(one.setting),
            f"{one.threshold:g}",
            f"{one.accuracy:.3f}",
            f"{one.tokens:.0f}",
            f"{one.prompt_tokens:.0f}",
            f"{one.ratings:.0f}",
        )
    return table


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--solutions", type=int, default=100, help="wrong solutions per length")
    asked.add_argument("--no-model", action="store_true", help="leave out the tiny base")
    asked.add_argument("--figure", type=Path, help="SVG to write")
    told = asked.parse_args()
    curves: list[Curve] = []
    with tempfile.TemporaryDirectory() as folder:
        store = ImageStore(Path(folder))
        for steps in LENGTHS:
            solutions = wrong_solutions(steps, told.solutions, store)
            curves += [curve(*one, solutions) for one in collectors(steps)]
        ratios = [] if told.no_model else shared_prefix_ratio(store)
        read = None if told.no_model else round(reading_ratio(store), 3)
    Console(width=120).print(shown(curves))
    if told.figure:
        from seethink.analysis.figures import step_labels_figure

        told.figure.write_text(step_labels_figure([one._asdict() for one in curves]).svg, encoding="utf-8")
    found = {
        f"tokens_ratio_{name}_s{steps}": ratio(curves, name, steps)
        for name in ("binary", "stopping", "tree")
        for steps in LENGTHS
    }
    aims = {f"aim_binary_s{steps}": round(0.8 * steps / math.ceil(math.log2(steps)), 2) for steps in LENGTHS}
    shared = round(median(ratios), 3) if ratios else None
    print(json.dumps(found | aims | {"shared_prefix_ratio": shared, "reading_ratio": read}))


if __name__ == "__main__":
    main()
