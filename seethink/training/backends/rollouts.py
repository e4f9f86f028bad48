"""What happens to a rollout between sampling and learning, group by group; tensors only, no trainer.

A rollout is a dict as TRL builds it: tensors with one row per completion, the G rows of a group together, and scalars
that speak of the whole. Letters: P groups, G completions of one, B = P · G rows, T tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seethink.models.groups import Features, PromptBatch, take

Rollout = dict[str, Any]
PROMPTS = "prompts"
"""The key under which a rollout carries its ``PromptBatch``."""

_LEFT_PADDED = ("prompt_ids", "prompt_mask")


def told_apart(rewards_PG: Tensor) -> Tensor:
    """bool_P: whether a group has two completions with different rewards; NaN, where nobody decided, is no reward."""
    lowest_P = torch.where(rewards_PG.isnan(), torch.inf, rewards_PG).amin(1)
    highest_P = torch.where(rewards_PG.isnan(), -torch.inf, rewards_PG).amax(1)
    return highest_P > lowest_P


def of_groups(rollout: Rollout, places: Sequence[int], group: int) -> Rollout:
    """The groups at these places, in this order."""
    rows_B = (torch.tensor(places)[:, None] * group + torch.arange(group)).flatten()
    taken = {name: _rows(value, rows_B) for name, value in rollout.items() if name != PROMPTS}
    return taken | {PROMPTS: take(rollout[PROMPTS], places)}


def in_micro_batches(rollout: Rollout, count: int, group: int) -> list[Rollout]:
    """``count`` parts of as many whole groups each, in random order.

    TRL shuffles rows, and a group's rows end up in different forwards, each with the prompt and the picture again.
    """
    groups = len(rollout[PROMPTS])
    order = torch.randperm(groups).tolist()
    size = groups // count
    return [of_groups(rollout, order[start : start + size], group) for start in range(0, size * count, size)]


def replaced(rollout: Rollout, places: Sequence[int], fresh: Rollout, chosen: Sequence[int], group: int) -> Rollout:
    """``rollout`` with its groups at ``places`` given up for those of ``fresh`` at ``chosen``, one for one."""
    if not places:
        return rollout
    groups = len(rollout[PROMPTS])
    both = joined(rollout, fresh)
    order = list(range(groups))
    for place, new in zip(places, chosen, strict=True):
        order[place] = groups + new
    return of_groups(both, order, group)


def joined(first: Rollout, second: Rollout) -> Rollout:
    """The groups of both, padded to the longer of each."""
    rows = {
        name: _stacked(value, second[name], left=name in _LEFT_PADDED)
        for name, value in first.items()
        if name != PROMPTS
    }
    return rows | {PROMPTS: together(first[PROMPTS], second[PROMPTS])}


def together(first: PromptBatch, second: PromptBatch) -> PromptBatch:
    """The prompts of both batches, the pictures of the second behind those of the first."""
    behind = len(first.pixels)
    moved_P = tuple(tuple(place + behind for place in places) for places in second.pictures_P)
    return PromptBatch(
        ids_P=first.ids_P + second.ids_P,
        pixels=first.pixels + second.pixels,
        grids=first.grids + second.grids,
        pictures_P=first.pictures_P + moved_P,
    )


def features_together(first: Features | None, second: Features | None) -> Features | None:
    """What a tower made of the pictures of both batches."""
    if first is None or second is None:
        return first or second
    layers = None
    if first.deepstack_features is not None and second.deepstack_features is not None:
        layers = [a + b for a, b in zip(first.deepstack_features, second.deepstack_features, strict=True)]
    return Features(first.pooler_output + second.pooler_output, layers)


def _rows(value: Any, rows_B: Tensor) -> Any:
    if not isinstance(value, Tensor) or value.ndim == 0:
        return value
    return value[rows_B.to(value.device)]


def _stacked(first: Any, second: Any, *, left: bool) -> Any:
    if not isinstance(first, Tensor) or first.ndim == 0:
        return first
    if first.ndim == 1:
        return torch.cat([first, second])
    width = max(first.shape[1], second.shape[1])
    return torch.cat([_widened(first, width, left=left), _widened(second, width, left=left)])


def _widened(value_BT: Tensor, width: int, *, left: bool) -> Tensor:
    # Masks are 0 there, so what stands in padding has no meaning.
    missing = width - value_BT.shape[1]
    return torch.nn.functional.pad(value_BT, (missing, 0) if left else (0, missing))
