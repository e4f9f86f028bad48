"""The cache of a decoding group: keys and values of the prompt once, of the branches each for itself.

Letters: P prompts, G branches side by side, R = P·G rows of a step, L tokens of the longest prompt, T sampled so far.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicLayer

FIRST_TOKENS = 64
"""Tokens that a branch's cache has room for at first; it doubles when full. choice."""


@dataclass(frozen=True)
class Prefix:
    """Keys and values of the prompts, per layer P x heads x L x size, filled up on the right.

    ``mask_PL`` is False on filling; None where there is none.
    """

    keys: tuple[Tensor, ...]
    values: tuple[Tensor, ...]
    mask_PL: Tensor | None


@dataclass(frozen=True)
class Decoding:
    """One step: R rows, those of a prompt next to each other, over their prompts' prefix."""

    prefix: Prefix
    branches: int


def prefix_of(cache: Cache, lengths: list[int]) -> Prefix:
    """The cache of a row of prompts, 1 x heads x N x size per layer, cut into the prompts. Empties ``cache``."""
    device = cache.layers[0].keys.device
    lengths_P = torch.tensor(lengths)
    within_1L = torch.arange(int(lengths_P.max()))[None]
    mask_PL = within_1L < lengths_P[:, None]
    start_P1 = (lengths_P.cumsum(0) - lengths_P)[:, None]
    gather_PL = torch.where(mask_PL, start_P1 + within_1L, start_P1).to(device)
    keys, values = [], []
    for layer in cache.layers:
        values.append(layer.values[0, :, gather_PL].transpose(0, 1).contiguous())
        keys.append(layer.keys[0, :, gather_PL].transpose(0, 1).to(layer.values.dtype).contiguous())
        layer.reset()
    return Prefix(tuple(keys), tuple(values), None if bool(mask_PL.all()) else mask_PL.to(device))


def piece_of(cache: Cache, start: int, end: int) -> Tensor:
    """Keys and values of a part of a row, layers x 2 x heads x tokens x size, in memory of their own."""
    return torch.stack(
        [
            torch.stack([part[0, :, start:end].to(layer.values.dtype) for part in (layer.keys, layer.values)])
            for layer in cache.layers
        ]
    )


def kept(prefix: Prefix, places: Tensor) -> Prefix:
    return Prefix(
        tuple(part[places] for part in prefix.keys),
        tuple(part[places] for part in prefix.values),
        None if prefix.mask_PL is None else prefix.mask_PL[places],
    )


class BranchLayer(DynamicLayer):  # type: ignore[misc]
    """Keys and values of the sampled tokens, R x heads x T x size, in a buffer that doubles when it is full."""

    def update(self, key_states: Tensor, value_states: Tensor, *rest: Any, **named: Any) -> tuple[Tensor, Tensor]:
        if not self.is_initialized:
            self.lazy_initialization(key_states, value_states)
            self.length, self.room = 0, value_states.new_empty(2, *value_states.shape[:2], 0, value_states.shape[3])
        until = self.length + key_states.shape[2]
        if until > self.room.shape[3]:
            grown = self.room.new_empty(*self.room.shape[:3], max(FIRST_TOKENS, 2 * until), self.room.shape[4])
            grown[:, :, :, : self.length] = self.room[:, :, :, : self.length]
            self.room = grown
        self.room[0, :, :, self.length : until] = key_states
        self.room[1, :, :, self.length : until] = value_states
        self.length = until
        self.keys, self.values = self.room[:, :, :, :until]
        return self.keys, self.values

    def batch_select_indices(self, indices: Tensor) -> None:
        if self.is_initialized:
            self.room = self.room[:, indices]
            self.keys, self.values = self.room[:, :, :, : self.length]


def branch_cache(layers: int) -> Cache:
    return Cache(layers=[BranchLayer() for _ in range(layers)])


def attend_decoding(query: Tensor, key: Tensor, value: Tensor, layout: Decoding, layer: int, scaling: float) -> Tensor:
    """One query per row over its prompt and its own branch: R x heads x 1 x size; returns R x 1 x heads x size.

    The queries of a prompt's branches go against its keys together, as one matrix product.
    """
    rows, heads, _, size = query.shape
    key_heads, sampled = key.shape[1], key.shape[2]
    branches, prompts = layout.branches, rows // layout.branches
    each = heads // key_heads
    prefix_keys, prefix_values = layout.prefix.keys[layer], layout.prefix.values[layer]
    query_RK = query.view(rows, key_heads, each, size).to(value.dtype)

    def by_prompt(part: Tensor) -> Tensor:
        return part.view(prompts, branches, key_heads, each, -1).transpose(1, 2).flatten(2, 3)

    def by_row(part: Tensor) -> Tensor:
        parted: Tensor = part.unflatten(2, (branches, each))
        return parted.transpose(1, 2).flatten(0, 1)

    told = _scores(by_prompt(query_RK), prefix_keys)
    if layout.prefix.mask_PL is not None:
        told = told.masked_fill(~layout.prefix.mask_PL[:, None, None], float("-inf"))
    said = by_prompt(_scores(query_RK, key))
    weights = torch.cat([told, said], dim=-1).mul_(scaling).softmax(-1, dtype=torch.float32).to(value.dtype)
    told, said = weights.split([told.shape[-1], sampled], dim=-1)
    found = by_row(told @ prefix_values) + by_row(said) @ value
    return found.reshape(rows, 1, heads, size)


def _scores(query: Tensor, key: Tensor) -> Tensor:
    """Query times transposed key, in full precision on CUDA: half precision cannot hold scores of tens to a tenth."""
    if not query.is_cuda or query.dtype == torch.float32:
        return query @ key.transpose(-1, -2)
    product: Tensor = torch.bmm(query.flatten(0, 1), key.flatten(0, 1).transpose(1, 2), out_dtype=torch.float32)
    return product.view(*query.shape[:3], -1)
