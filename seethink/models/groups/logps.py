"""Log-probabilities and entropies of G completions per prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seethink.models.groups.check import Compared, agrees
from seethink.models.groups.family import bare
from seethink.models.groups.features import Features
from seethink.models.groups.plain import plain_scores
from seethink.models.groups.prompts import PromptBatch, take
from seethink.models.groups.shared import shared_scores

CHECKED_TOKENS = 32
"""Tokens of a completion that the first use compares with the plain path; choice."""


class GroupLogps(NamedTuple):
    """Natural logarithms, float32, 0 where there is no token. ``entropies_PGC`` in nats, None unless asked for."""

    logps_PGC: Tensor
    entropies_PGC: Tensor | None


def group_logps(
    model: Any,
    prompts: PromptBatch,
    ids_PGC: Tensor,
    mask_PGC: Tensor,
    *,
    temperature: float = 1.0,
    entropy: bool = False,
    features: Features | None = None,
) -> GroupLogps:
    """How likely ``model`` finds each completion's tokens; with gradients where they are enabled.

    The model is called as it is given (DDP, FSDP, PEFT or bare), and once, so that its wrappers' hooks run. For less
    memory ``take`` some groups at a time.
    On first use of a model the result of a small batch is compared with the plain path, in eval mode and without
    gradient; where they differ, and for families that ``supports`` refuses, one warning and the plain path from then
    on. Under torch.distributed every process takes the same way.

    Args:
        ids_PGC: sampled tokens, right-padded.
        mask_PGC: 1 on tokens of the completion; what lies between two of them is scored as well. A row of zeros stands
            for no completion and costs nothing.
        temperature: logits are divided by it, as when the tokens were sampled.
        entropy: also the entropy of each next-token distribution; it has its gradient.
        features: of ``picture_features(model, prompts)``, for a frozen tower; the tower is not run then.

    Raises:
        ValueError: a completion holds a token that stands for a picture.
    """
    ids, lengths_PG = ids_PGC.cpu(), _lengths(mask_PGC)
    config = bare(model).config
    marks = torch.tensor([getattr(config, name, -1) for name in ("image_token_id", "video_token_id")])
    if bool((mask_PGC.cpu().bool() & torch.isin(ids, marks)).any()):
        raise ValueError("a completion holds a token that stands for a picture: suppress those tokens while sampling")
    asked: dict[str, Any] = {"temperature": temperature, "entropy": entropy}
    if agrees(model, "log-probabilities", lambda: _compared(model, prompts, ids, lengths_PG), together=True):
        scores_PGC2 = shared_scores(model, prompts, ids, lengths_PG, **asked, features=features)
    else:
        scores_PGC2 = plain_scores(model, prompts, ids, lengths_PG, **asked)
    logps_PGC, entropies_PGC = scores_PGC2.unbind(-1)
    return GroupLogps(logps_PGC, entropies_PGC if entropy else None)


def _lengths(mask_PGC: Tensor) -> list[list[int]]:
    """Tokens of each completion up to its last one."""
    counted = torch.arange(1, mask_PGC.shape[2] + 1, device=mask_PGC.device)
    lengths: list[list[int]] = (mask_PGC.bool() * counted).amax(2).tolist()
    return lengths


def _compared(model: Any, prompts: PromptBatch, ids_PGC: Tensor, lengths_PG: Sequence[Sequence[int]]) -> Compared:
    """One prompt with pictures and one without, as far as there are such, two completions each."""
    told = [place for place, lengths_G in enumerate(lengths_PG) if any(lengths_G)]
    with_pictures = [place for place in told if prompts.pictures_P[place]]
    without = [place for place in told if not prompts.pictures_P[place]]
    places = [*with_pictures[:1], *without[:1]] or [0]
    longest = [sorted(range(len(lengths_PG[place])), key=lambda draw: -lengths_PG[place][draw])[:2] for place in places]
    ids = torch.stack([ids_PGC[place, draws, :CHECKED_TOKENS] for place, draws in zip(places, longest, strict=True)])
    lengths = [
        [min(lengths_PG[place][draw], CHECKED_TOKENS) for draw in draws]
        for place, draws in zip(places, longest, strict=True)
    ]
    chosen = take(prompts, places)
    asked: dict[str, Any] = {"temperature": 1.0, "entropy": False}
    scored = torch.tensor([[[place < n for place in range(ids.shape[2])] for n in row] for row in lengths])
    return Compared(
        *(
            scores[..., 0].cpu()[scored]
            for scores in (
                shared_scores(model, chosen, ids, lengths, **asked, features=None),
                plain_scores(model, chosen, ids, lengths, **asked),
                plain_scores(model, chosen, ids, lengths, **asked, padding=8),
            )
        )
    )
