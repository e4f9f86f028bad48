"""Attention over groups, as an attention function of transformers.

A prompt attends to itself, causally, and to what was read of it before. Its branches are batched: each is one row of
queries over the prompt's keys and its own, causal from the lower right corner. So the work grows with G·C·(P + C) and
not with (P + G·C)², and no mask over the whole row is ever made.

The function stands under a name of its own in front of the one the model had, and hands on whatever is no group. It is
put there once and stays: a layer that is recomputed during the backward pass must find what it found the first time.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn.attention.bias import causal_lower_right
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from seethink.models.groups.layout import Group, Packed
from seethink.models.groups.prefix import Decoding, attend_decoding

ARGUMENT = "shared_prefix"
"""The keyword under which a layout travels through a model's forward to its attention."""

_NAME = "shared_prefix_"


def install(base: Any) -> None:
    """Put the function in front of the attention of ``base``'s language model; harmless where it stands already."""
    config = base.model.language_model.config
    former = config._attn_implementation
    if former.startswith(_NAME):
        return
    name = _NAME + former
    if name not in ALL_ATTENTION_FUNCTIONS:
        AttentionInterface.register(name, _before(former))
        # A name without a mask function would get no mask where it hands on.
        AttentionMaskInterface.register(name, ALL_MASK_ATTENTION_FUNCTIONS[former])
    config._attn_implementation = name


def _before(former: str) -> Any:
    def attention(
        module: Any, query: Tensor, key: Tensor, value: Tensor, attention_mask: Any, **rest: Any
    ) -> tuple[Tensor, Tensor | None]:
        layout = rest.pop(ARGUMENT, None)
        # Under autocast rotated keys and queries are wider than what the layer computes in.
        if isinstance(layout, Packed):
            query, key = query.to(value.dtype), key.to(value.dtype)
            dropout = rest.get("dropout", 0.0)
            return attend_packed(query, key, value, layout, module.layer_idx, rest["scaling"], dropout), None
        if isinstance(layout, Decoding):
            return attend_decoding(query, key, value, layout, module.layer_idx, rest["scaling"]), None
        passed: tuple[Tensor, Tensor | None] = ALL_ATTENTION_FUNCTIONS[former](
            module, query, key, value, attention_mask, **rest
        )
        return passed

    return attention


def attend_packed(
    query: Tensor, key: Tensor, value: Tensor, layout: Packed, layer: int, scaling: float, dropout: float
) -> Tensor:
    """Query, key and value 1 x heads x N x size; returns 1 x N x heads x size."""
    pieces = []
    for group in layout.groups:
        query_1T, key_1T, value_1T = (part[:, :, group.start : group.end] for part in (query, key, value))
        if group.past:
            key_1T, value_1T = (
                torch.cat([*(piece[layer, which][None].to(own.dtype) for piece in group.past), own], dim=2)
                for which, own in enumerate((key_1T, value_1T))
            )
        pieces.append(_lower_right(query_1T, key_1T, value_1T, scaling, dropout).transpose(1, 2).squeeze(0))
        if group.branches:
            query_GB = _branches(query, group)
            key_GS, value_GS = (
                torch.cat([prefix.expand(group.branches, -1, -1, -1), _branches(part, group)], dim=2)
                for prefix, part in ((key_1T, key), (value_1T, value))
            )
            found = _lower_right(query_GB, key_GS, value_GS, scaling, dropout).transpose(1, 2).flatten(0, 1)
            pieces.append(found if group.scatter_N is None else found[group.scatter_N])
    return torch.cat(pieces)[None]


def _branches(part: Tensor, group: Group) -> Tensor:
    """The branches' slice of 1 x heads x N x size as G x heads x B x size."""
    if group.gather_GB is None:
        behind = part[0, :, group.end : group.end + group.branches * group.longest]
        parted: Tensor = behind.unflatten(1, (group.branches, group.longest))
        return parted.transpose(0, 1)
    return part[0, :, group.gather_GB + group.end].transpose(0, 1)


def _lower_right(query: Tensor, key: Tensor, value: Tensor, scaling: float, dropout: float) -> Tensor:
    """Causal attention in which the last query sees the last key."""
    # The kernels that share a key between query heads by themselves are those of CUDA for half precision.
    shared = query.is_cuda and query.dtype != torch.float32
    if not shared and key.shape[1] != query.shape[1]:
        heads = query.shape[1] // key.shape[1]
        key, value = key.repeat_interleave(heads, dim=1), value.repeat_interleave(heads, dim=1)
    queries, keys = query.shape[2], key.shape[2]
    square = queries == keys
    return scaled_dot_product_attention(
        query,
        key,
        value,
        attn_mask=None if square else causal_lower_right(queries, keys),
        is_causal=square,
        dropout_p=dropout,
        scale=scaling,
        enable_gqa=shared,
    )
