"""What the vision tower makes of a batch's pictures, kept from pass to pass while the tower is frozen."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor

from seethink.models.groups.family import bare, evaluating
from seethink.models.groups.prompts import PromptBatch

PATCHES_PER_PASS = 1 << 16
"""Patches that go through the tower together where no gradient is asked for; choice."""


@dataclass(frozen=True)
class Features:
    """One entry per different picture of a PromptBatch, in the order of its ``pixels``; tokens x hidden each.

    The names are those under which transformers reads them.

    Attributes:
        pooler_output: what stands in the place of a picture's tokens.
        deepstack_features: Qwen3-VL's: for each of the first layers, what is added there, by picture. None elsewhere.
    """

    pooler_output: tuple[Tensor, ...]
    deepstack_features: list[tuple[Tensor, ...]] | None = None


@torch.no_grad()
def picture_features(model: Any, prompts: PromptBatch) -> Features | None:
    """Every different picture of the batch once through the tower, without gradient; None where there is no picture.

    For sampling, and for passes of a model whose tower and merger are frozen. Valid until their weights change.
    """
    if not prompts.pixels:
        return None
    base = bare(model)
    made: list[Features] = []
    with evaluating(base.model.visual):
        for places in _portions(prompts):
            output = base.model.get_image_features(
                torch.cat([prompts.pixels[place] for place in places]).to(base.device),
                torch.tensor([prompts.grids[place] for place in places], device=base.device),
                return_dict=True,
            )
            made.append(Features(tuple(output.pooler_output), getattr(output, "deepstack_features", None)))
    layers = [part.deepstack_features for part in made if part.deepstack_features is not None]
    return Features(
        tuple(chain.from_iterable(part.pooler_output for part in made)),
        [tuple(chain.from_iterable(parts)) for parts in zip(*layers, strict=True)] if layers else None,
    )


def shown(features: Features, prompts: PromptBatch) -> Features:
    """The features in the order in which the prompts show them, a picture as often as it is shown."""
    order = list(chain.from_iterable(prompts.pictures_P))
    stacked = features.deepstack_features
    return Features(
        tuple(features.pooler_output[place] for place in order),
        None if stacked is None else [tuple(layer[place] for place in order) for layer in stacked],
    )


def _portions(prompts: PromptBatch) -> list[list[int]]:
    portions: list[list[int]] = [[]]
    patches = 0
    for place, pixels in enumerate(prompts.pixels):
        if portions[-1] and patches + len(pixels) > PATCHES_PER_PASS:
            portions.append([])
            patches = 0
        portions[-1].append(place)
        patches += len(pixels)
    return portions
