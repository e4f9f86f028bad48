"""Imitation beside reinforcement: a weighted SFT term in the GRPO loss, always or only where RL has no signal.

``always`` is a fixed weight in the sense of CHORD (arXiv 2508.11408); ``failed`` imitates an item of the rollout whose
whole group earned nothing, in the step in which it failed (ReLIFT, arXiv 2506.07527, waits until a buffer is full).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, islice
from random import Random
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import Field

from seethink.core.config import Config
from seethink.training.samples import Demonstration

if TYPE_CHECKING:
    from torch import Tensor


class ImitationConfig(Config):
    """All choice: the papers schedule their weights."""

    when: Literal["always", "failed"] = "failed"
    """In every step, or for items whose whole group earned nothing."""
    weight: float = Field(default=0.1, gt=0)
    """Of the term, beside the policy's loss with weight 1."""
    batch: int = Field(default=16, ge=1)
    """Demonstrations of an optimiser step, over all devices; only for ``always``."""


class Imitated(NamedTuple):
    """What a GRPO run imitates, and when."""

    config: ImitationConfig
    demonstrations: Sequence[Demonstration]


def imitation_loss(logps_PT: Tensor, mask_PT: Tensor, of: int) -> Tensor:
    """Negative log-likelihood averaged per response, then over ``of`` prompts; SFT's loss where all of them are here.

    Args:
        logps_PT: of the demonstrations' tokens, at temperature 1, with gradient.
        mask_PT: 1 on tokens of the response, the end of the turn included.
        of: prompts that the mean is over; those that are not imitated count as nought.
    """
    return -((logps_PT * mask_PT).sum(1) / mask_PT.sum(1).clamp(min=1)).sum() / of


def drawn(rows: int, first: int, number: int, seed: int) -> list[int]:
    """``number`` of ``rows`` indices from place ``first`` on, of an endless series of shuffled epochs.

    A function of its arguments: a resumed run draws what an uninterrupted one would have.
    """

    def series() -> Iterator[int]:
        for epoch in count(first // rows):
            order = list(range(rows))
            Random(f"{seed} imitation {epoch}").shuffle(order)
            yield from order[first % rows if epoch == first // rows else 0 :]

    return list(islice(series(), number))
