"""Passes without pictures, or without a scored token, in a run of several processes.

There every process has to touch the same weights: where one skips the vision tower, the others wait for it for ever. So
such a pass sees the smallest possible picture, as a prompt of its own, and its score counts zero times.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
import torch.distributed as dist

from seethink.models.groups.prompts import PromptBatch


def needs_ghost(prompts: PromptBatch) -> bool:
    """Whether the other processes may be seeing pictures in this pass while these prompts have none."""
    alone = not dist.is_available() or not dist.is_initialized() or dist.get_world_size() == 1
    return not alone and not any(prompts.pictures_P)


def with_ghost(base: Any, prompts: PromptBatch) -> PromptBatch:
    """One more prompt behind the others: a black picture of one token."""
    vision = base.config.vision_config
    merge, channels = vision.spatial_merge_size, getattr(vision, "in_channels", 3)
    pixels = torch.zeros(merge**2, channels * vision.temporal_patch_size * vision.patch_size**2)
    return replace(
        prompts,
        ids_P=(*prompts.ids_P, torch.tensor([base.config.image_token_id])),
        pixels=(*prompts.pixels, pixels),
        grids=(*prompts.grids, (1, merge, merge)),
        pictures_P=(*prompts.pictures_P, (len(prompts.pixels),)),
    )
