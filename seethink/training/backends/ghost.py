"""Batches without pictures in a run of several processes.

Where one process passes the vision tower by, the others wait for it for ever: a sharded tower is gathered by all or by
none. So such a batch gets one more row, a black picture of one token that nothing is asked about.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from seethink.training.processes import processes

Collate = Callable[[Sequence[Any]], dict[str, Any]]


def seen_by_all(collate: Collate, config: Any) -> Collate:
    """``collate`` whose batches all go through the vision tower; the same where one process trains alone.

    Args:
        config: of the model.
    """
    if processes() == 1:
        return collate
    return lambda rows: _with_ghost(collate(rows), config)


def _with_ghost(batch: dict[str, Any], config: Any) -> dict[str, Any]:
    if batch.get("pixel_values") is not None:
        return batch
    vision = config.vision_config
    merge, channels = vision.spatial_merge_size, getattr(vision, "in_channels", 3)
    # Of the row's one token, and of the padding behind it.
    told = {
        "input_ids": (config.image_token_id, 0),
        "attention_mask": (1, 0),
        "labels": (-100, -100),
        "mm_token_type_ids": (1, 0),
    }
    found = dict(batch)
    for name, (first, padding) in told.items():
        rows_BT = batch[name] if name in batch else torch.zeros_like(batch["input_ids"])
        ghost_1T = torch.full_like(rows_BT[:1], padding)
        ghost_1T[:, 0] = first
        found[name] = torch.cat([rows_BT, ghost_1T])
    found["pixel_values"] = torch.zeros(merge**2, channels * vision.temporal_patch_size * vision.patch_size**2)
    found["image_grid_thw"] = torch.tensor([[1, merge, merge]])
    return found
