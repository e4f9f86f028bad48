"""Groups in one row: each prompt once, behind it the completions as branches, nothing padded.

    prompt 0 | branch 0 | branch 1 | ... | prompt 1 | branch 0 | ...

A branch holds a completion without its last token, which nothing follows. The state of the prompt's last token predicts
the first token of every branch, and a branch's own states the rest. Letters: N tokens of the row, B of the longest
branch, S scored tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from seethink.models.groups.prompts import PromptBatch


@dataclass(frozen=True)
class Group:
    """Where a prompt and its branches lie in the row.

    Attributes:
        start: first token of the prompt.
        prefix: tokens of the prompt.
        branches: how many there are.
        longest: tokens of the longest.
        gather_GB: place of each branch's tokens behind the prompt, the shorter ones filled up with their last token;
            None where all are of one length.
        scatter_N: places in the flattened gather of the tokens that are no filling.
        past: keys and values of what stands in front of the row's own tokens and was read before, piece behind piece,
            layers x 2 x heads x tokens x size each.
    """

    start: int
    prefix: int
    branches: int
    longest: int
    gather_GB: Tensor | None
    scatter_N: Tensor | None
    past: tuple[Tensor, ...] = ()

    @property
    def end(self) -> int:
        return self.start + self.prefix


@dataclass(frozen=True)
class Packed:
    """The groups of a row: what attention has to know. Tensors are on the model's device."""

    groups: tuple[Group, ...]


@dataclass(frozen=True)
class Row:
    """A row and what is read off it.

    Attributes:
        ids_1N: tokens.
        positions_31N: their rotary positions (time, height, width).
        layout: for attention.
        states_S: places in the row whose state predicts a scored token.
        labels_S: that token.
        places_S: its place in the flattened (P, G, C).
    """

    ids_1N: Tensor
    positions_31N: Tensor
    layout: Packed
    states_S: Tensor
    labels_S: Tensor
    places_S: Tensor


def pack(base: Any, prompts: PromptBatch, ids_PGC: Tensor, lengths_PG: Sequence[Sequence[int]]) -> Row:
    """``ids_PGC`` on the CPU; ``lengths_PG`` counts the tokens of each completion, 0 for one that is not there."""
    device, longest = base.device, ids_PGC.shape[2]
    ids, positions, groups = [], [], []
    states, labels, places = [], [], []
    start = 0
    for prompt, (ids_T, position_3T) in enumerate(zip(prompts.ids_P, positions_of(base, prompts), strict=True)):
        ids.append(ids_T)
        positions.append(position_3T)
        last, following = start + len(ids_T) - 1, position_3T.max() + 1
        behind = last + 1
        branches = []
        for draw, length in enumerate(lengths_PG[prompt]):
            if not length:
                continue
            told_C = ids_PGC[prompt, draw, :length]
            ids.append(told_C[:-1])
            positions.append((following + torch.arange(length - 1)).expand(3, -1))
            states.append(torch.cat([torch.tensor([last]), torch.arange(behind, behind + length - 1)]))
            labels.append(told_C)
            first = (prompt * len(lengths_PG[prompt]) + draw) * longest
            places.append(torch.arange(first, first + length))
            behind += length - 1
            branches.append(length - 1)
        groups.append(_group(start, len(ids_T), [length for length in branches if length], device))
        start = behind
    nothing = torch.zeros(0, dtype=torch.long)
    return Row(
        torch.cat(ids)[None].to(device),
        torch.cat(positions, dim=1)[:, None].to(device),
        Packed(tuple(groups)),
        *(torch.cat(parts or [nothing]).to(device) for parts in (states, labels, places)),
    )


def positions_of(base: Any, prompts: PromptBatch) -> list[Tensor]:
    """Rotary positions of each prompt, 3 x tokens, as its family counts them; those of a text agree in all three."""
    found = []
    for ids_T, pictures in zip(prompts.ids_P, prompts.pictures_P, strict=True):
        if not pictures:
            found.append(torch.arange(len(ids_T)).expand(3, -1))
            continue
        positions_31T, _ = base.model.get_rope_index(
            ids_T[None],
            mm_token_type_ids=(ids_T == base.config.image_token_id).long()[None],
            image_grid_thw=torch.tensor([prompts.grids[place] for place in pictures]),
        )
        found.append(positions_31T[:, 0])
    return found


def _group(start: int, prefix: int, lengths: list[int], device: torch.device) -> Group:
    longest = max(lengths, default=0)
    if all(length == longest for length in lengths):
        return Group(start, prefix, len(lengths), longest, None, None)
    lengths_G = torch.tensor(lengths)
    first_G = lengths_G.cumsum(0) - lengths_G
    within_1B = torch.arange(longest)[None]
    gather_GB = first_G[:, None] + torch.minimum(within_1B, lengths_G[:, None] - 1)
    scatter_N = (within_1B < lengths_G[:, None]).flatten().nonzero().squeeze(1)
    return Group(start, prefix, len(lengths), longest, gather_GB.to(device), scatter_N.to(device))
