"""A simulated solver of the world's chains: a completer with known error rates, for measuring collectors.

It writes true steps but for its errors, so how often a start can be completed is known, and thousands of completions
cost seconds. It is no model: it shows how collectors spend tokens, and nothing about a real policy's mistakes.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from seethink.core.item import Item
from seethink.core.trace import THINK_CLOSE, THINK_OPEN, line_steps, write_tags
from seethink.process.collect.completer import Completion, Proposal, Start
from seethink.world.chains import START, Chain, chain_response, item_chain, sum_step, totals
from seethink.world.grammar import read_claim

_TOKEN = re.compile(r"\w+|[^\w\s]")


def count_tokens(text: str) -> int:
    """Words, numbers and signs: near enough to a tokenizer's count for a ratio."""
    return len(_TOKEN.findall(text))


@dataclass(frozen=True, slots=True)
class SimulatedSolver:
    """Completer of chains.

    Attributes:
        error: chance that a step misreads its bar, as any other height. A later misreading can undo an earlier one by
            luck, so a few wrong starts are completed to the right answer, as with real policies.
        recovery: chance that a step after an error goes on from the true total again.
    """

    error: float
    recovery: float = 0.0

    def complete(self, starts: Sequence[Start], count: int, seed: int) -> list[list[Completion]]:
        return [self._complete(*start, count, seed) for start in starts]

    def _complete(self, item: Item, started: str, count: int, seed: int) -> list[Completion]:
        rng = random.Random(f"complete {seed} {item.id} {started}")
        asked, said = item_chain(item), [step.text for step in line_steps(started)]
        gold, found = item.gold, []
        for _ in range(count):
            more = self._go_on(asked, said, rng, len(asked.moves))
            whole = [*said, *more]
            claim = read_claim(whole[-1]) if whole else None
            answer = claim.words[-1] if claim else ""
            text = chain_response(whole)[len(_opened(said)) :] if whole else write_tags("", "")
            found.append(Completion(text, answer == gold, count_tokens("\n".join(more)) + 2))
        return found

    def propose(self, starts: Sequence[Start], count: int, seed: int) -> list[list[Proposal]]:
        return [self._propose(*start, count, seed) for start in starts]

    def _propose(self, item: Item, started: str, count: int, seed: int) -> list[Proposal]:
        rng = random.Random(f"propose {seed} {item.id} {started}")
        asked, said = item_chain(item), [step.text for step in line_steps(started)]
        found = []
        for _ in range(count):
            [step] = self._go_on(asked, said, rng, len(said) + 1) or [""]
            ends = len(said) + 1 >= len(asked.moves)
            claim = read_claim(step)
            right = bool(claim and claim.words[-1] == item.gold) if ends else None
            found.append(Proposal(("\n" if said else THINK_OPEN) + step, ends, right, count_tokens(step)))
        return found

    def prompt_tokens(self, item: Item, started: str) -> int:
        # A picture of the world's first level takes nine tokens.
        return count_tokens(item.question) + count_tokens(started) + 9

    def _go_on(self, asked: Chain, said: list[str], rng: random.Random, until: int) -> list[str]:
        true = totals(asked)
        heights = {bar.colour: bar.height for bar in asked.chart.bars}
        claim = read_claim(said[-1]) if said else None
        total = int(claim.words[-1]) if claim else START
        written = []
        for place in range(len(said), until):
            adds, colour = asked.moves[place]
            if total != true[place] and rng.random() < self.recovery:
                total = true[place]
            height = heights[colour]
            if rng.random() < self.error:
                height = rng.choice([other for other in range(1, 3 * asked.chart.n + 1) if other != height])
            step = sum_step(total, adds, height)
            claim = read_claim(step)
            total = int(claim.words[-1]) if claim else total
            written.append(step)
        return written


def _opened(said: list[str]) -> str:
    return THINK_OPEN + "\n".join(said) if said else ""


def simulated_response(solver: SimulatedSolver, item: Item, seed: int) -> tuple[str, bool]:
    """A whole response of the solver, and whether it is right."""
    [[one]] = solver.complete([Start(item, "")], 1, seed)
    assert THINK_CLOSE in one.text
    return one.text, bool(one.right)
