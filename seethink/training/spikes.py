"""Loss spikes: a training curve that breaks off, seen while it runs, and where to take it up again.

The paper saw spikes and collapses in SFT and ran again until the curve was normal (VLAA-Thinking B.1). Here the run
goes back to the last checkpoint from before the break by itself, leaves out the rows that it broke on, shuffles those
that follow, and goes on; PaLM did the same by hand (Chowdhery et al. 2022, section 5.1). All thresholds are choice.
"""

from __future__ import annotations

import math
import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from pydantic import Field

from seethink.core.config import Config


class SpikeConfig(Config):
    """What counts as a break, and how often it is mended."""

    window: int = Field(default=20, ge=4)
    """Losses that a new one is held against."""
    first: int = Field(default=8, ge=4)
    """Losses before which only one that is not finite is a break."""
    deviations: float = Field(default=8.0, gt=0)
    """A loss farther above the window's median than this many deviations (1.4826 times the median absolute one) has
    jumped, where it also rose by ``share``."""
    share: float = Field(default=0.25, gt=0)
    """A rise by less than this share of the median is none."""
    nats: float = Field(default=0.1, gt=0)
    """Nor is a rise by less than this. A whole window whose median lies ``share`` and ``nats`` above the lowest median
    of the run has collapsed."""
    reruns: int = Field(default=3, ge=0)
    """How often a run goes back before it gives up."""


@dataclass(frozen=True, slots=True)
class Spike:
    """Where a curve broke.

    Attributes:
        step: the optimiser step whose loss showed it; the first is 1.
        loss: of that step.
        expected: median of the losses before it.
        why: "not finite", "jump" or "collapse".
        sound: the last step whose weights are above suspicion; a checkpoint of it or an earlier one is good.
        suspects: steps whose rows are to be left out.
    """

    step: int
    loss: float
    expected: float
    why: str
    sound: int
    suspects: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Rerun:
    """One return: after which step's checkpoint the run went on (0 is the start), and which steps' rows it left out."""

    back_to: int
    left_out: tuple[int, ...]


class Curve:
    """Losses of a run, each judged by those before it.

    A jump at step t is the fault of t's rows, or of the update that t-1's rows made, so both are suspects and the
    weights after t-2 are the last that are above suspicion.
    """

    def __init__(self, config: SpikeConfig) -> None:
        self.config = config
        self._recent: deque[float] = deque(maxlen=config.window)
        self._lowest, self._lowest_step = math.inf, 0

    def see(self, step: int, loss: float) -> Spike | None:
        """The break that this loss shows, None where it goes on as before."""
        known, expected = len(self._recent), median(self._recent) if self._recent else math.nan
        suspects = tuple(range(max(1, step - 1), step + 1))
        if not math.isfinite(loss):
            return Spike(step, loss, expected, "not finite", max(0, step - 2), suspects)
        if known >= self.config.first:
            spread = 1.4826 * median(abs(one - expected) for one in self._recent)
            if loss - expected > max(self.config.deviations * spread, self._least(expected)):
                return Spike(step, loss, expected, "jump", max(0, step - 2), suspects)
        self._recent.append(loss)
        if len(self._recent) < self.config.window:
            return None
        present = median(self._recent)
        if present < self._lowest:
            # The median is that of the window's middle.
            self._lowest, self._lowest_step = present, step - self.config.window // 2
        elif present - self._lowest > self._least(self._lowest):
            return Spike(step, loss, self._lowest, "collapse", self._lowest_step, ())
        return None

    def _least(self, expected: float) -> float:
        """The smallest rise above ``expected`` that counts."""
        return max(self.config.share * abs(expected), self.config.nats)


class Order(NamedTuple):
    """Rows in the order of training, the first batch first, and the rows that a rerun gave up."""

    rows: list[int]
    left_out: frozenset[int]


def row_order(rows: int, batch: int, steps: int, seed: int, reruns: Sequence[Rerun] = ()) -> Order:
    """``batch`` rows for each of ``steps``; every row once before any comes again.

    A function of its arguments alone, so a resumed run and every process of a launcher find the same order. A rerun
    keeps what the checkpoint it goes back to has seen, leaves the rows of its suspects out from there on, and shuffles
    the others anew. No rows where all were left out.
    """
    left_out: set[int] = set()
    order = _continued([], range(rows), steps * batch, f"rows {seed}")
    for number, rerun in enumerate(reruns, 1):
        left_out |= {row for step in rerun.left_out for row in order[(step - 1) * batch : step * batch]}
        kept = [row for row in range(rows) if row not in left_out]
        order = _continued(order[: rerun.back_to * batch], kept, steps * batch, f"rows {seed} {number}") if kept else []
    return Order(order, frozenset(left_out))


def _continued(head: list[int], kept: Sequence[int], length: int, seed: str) -> list[int]:
    """``head`` and then rows of ``kept`` up to ``length``, those that were seen least often first."""
    order, shuffle = list(head), random.Random(seed)
    seen = Counter(head)
    while len(order) < length:
        least = min(seen[row] for row in kept)
        waiting = [row for row in kept if seen[row] == least]
        shuffle.shuffle(waiting)
        order += waiting
        seen.update(waiting)
    return order[:length]


def finite(value: float) -> float | None:
    """The number, None for what JSON has no number for."""
    return value if math.isfinite(value) else None
