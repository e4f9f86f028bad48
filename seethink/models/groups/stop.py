"""Ending completions before their end token: where a step ends, say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria

Stop = Callable[[int, list[int]], bool]
"""Whether a completion goes no further: which prompt of the batch it belongs to, and the tokens drawn so far."""


def stopped(stop: Stop, prompts_R: Tensor, ids_RC: Tensor, live_R: Tensor) -> Tensor:
    """Which of the rows that write go no further."""
    rows = zip(prompts_R.tolist(), ids_RC.tolist(), live_R.tolist(), strict=True)
    return torch.tensor([live and stop(prompt, ids) for prompt, ids, live in rows], device=live_R.device)


def stopped_mask(stop: Stop, ids_PGC: Tensor, mask_PGC: Tensor) -> Tensor:
    """The mask of sampled tokens without what stands behind the token that a completion stops at."""
    shortened_PGC = mask_PGC.clone()
    for prompt, rows in enumerate(ids_PGC.tolist()):
        for draw, ids in enumerate(rows):
            length = int(mask_PGC[prompt, draw].sum())
            last = next((count for count in range(1, length) if stop(prompt, ids[:count])), length)
            shortened_PGC[prompt, draw, last:] = 0
    return shortened_PGC


class Stops(StoppingCriteria):  # type: ignore[misc]
    """The same for transformers' ``generate``, whose rows hold a prompt of ``longest`` tokens, ``draws`` times each."""

    def __init__(self, stop: Stop, longest: int, draws: int) -> None:
        self.stop, self.longest, self.draws = stop, longest, draws

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
        rows = enumerate(input_ids[:, self.longest :].tolist())
        return torch.tensor([self.stop(row // self.draws, ids) for row, ids in rows], device=input_ids.device)
