"""Reading prompts before sampling: one packed pass, and the cache that decoding starts from.

Letters: N tokens of a pass, P prompts, L tokens of the longest, V.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from transformers import DynamicCache
from transformers.cache_utils import Cache

from seethink.models.groups.attention import ARGUMENT, install
from seethink.models.groups.features import Features, picture_features
from seethink.models.groups.layout import Packed, pack
from seethink.models.groups.prefix import Prefix, prefix_of
from seethink.models.groups.prompts import PromptBatch
from seethink.models.groups.shared import pictures


class Prefilled(NamedTuple):
    """Prompts that were read: their cache, the logits behind each, and the rotary position of the token that follows.

    On the model's device.
    """

    prefix: Prefix
    logits_PV: Tensor
    following_P: Tensor


def prefill(base: Any, prompts: PromptBatch, features: Features | None) -> Prefilled:
    """Each prompt once, in one pass."""
    row = pack(base, prompts, torch.zeros(len(prompts), 0, 0, dtype=torch.long), [[]] * len(prompts))
    groups = row.layout.groups
    lasts = [group.end - 1 for group in groups]
    cache, logits_PV = read_packed(base, row.ids_1N, row.positions_31N, row.layout, lasts, prompts, features)
    following_P = torch.stack([row.positions_31N[:, 0, group.start : group.end].max() + 1 for group in groups])
    return Prefilled(prefix_of(cache, [group.prefix for group in groups]), logits_PV, following_P)


def read_packed(
    base: Any,
    ids_1N: Tensor,
    positions_31N: Tensor,
    layout: Packed,
    places: Sequence[int],
    shown: PromptBatch,
    features: Features | None = None,
) -> tuple[Cache, Tensor]:
    """One pass: its cache, 1 x heads x N x size per layer, and the logits at ``places`` of the row.

    Args:
        shown: whose pictures the row holds, in order.
        features: of ``picture_features(base, shown)``; computed where None.
    """
    install(base)
    if features is None:
        features = picture_features(base, shown)
    cache = DynamicCache(config=base.config)
    logits = base(
        input_ids=ids_1N,
        attention_mask=None,
        position_ids=positions_31N,
        past_key_values=cache,
        use_cache=True,
        logits_to_keep=torch.tensor(places, device=base.device),
        **{ARGUMENT: layout},
        **pictures(base, shown, features),
    ).logits[0]
    return cache, logits
