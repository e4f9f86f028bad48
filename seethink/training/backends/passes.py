"""Log-probabilities of a rollout's groups: which of them are read, and how the rest is filled in.

Letters as in ``rollouts``: P groups, G completions of one, B = P · G rows, T tokens of the longest completion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seethink.models.groups import Features, PromptBatch, group_logps, take
from seethink.models.load import PARTS


class Read(NamedTuple):
    """Log-probabilities and, where asked for, entropies of the completions' tokens."""

    logps_BT: Tensor
    entropies_BT: Tensor | None


def tower_is_frozen(model: Any) -> bool:
    """Whether nothing of the vision tower and the merger is trained, adapters included."""
    prefixes = PARTS["vision"] + PARTS["merger"]
    return not any(
        parameter.requires_grad and name.removeprefix("base_model.model.").startswith(prefixes)
        for name, parameter in model.named_parameters()
    )


def read_groups(
    model: Any,
    prompts: PromptBatch,
    ids_BT: Tensor,
    mask_BT: Tensor,
    *,
    group: int,
    temperature: float,
    entropy: bool = False,
    features: Features | None = None,
    groups_at_once: int | None = None,
) -> Read:
    """Every group of a batch.

    Args:
        features: of the batch's pictures, where tower and merger are frozen; computed with gradient where None.
        groups_at_once: of one forward; all where None.
    """
    count = len(prompts)
    size = groups_at_once or count
    ids_PGT, mask_PGT = ids_BT.view(count, group, -1), mask_BT.view(count, group, -1)
    logps, entropies = [], []
    for start in range(0, count, size):
        end = min(start + size, count)
        part = prompts if size >= count else take(prompts, range(start, end))
        found = group_logps(
            model,
            part,
            ids_PGT[start:end],
            mask_PGT[start:end],
            temperature=temperature,
            entropy=entropy,
            features=features,
        )
        logps.append(found.logps_PGC.flatten(0, 1))
        if found.entropies_PGC is not None:
            entropies.append(found.entropies_PGC.flatten(0, 1))
    return Read(torch.cat(logps), torch.cat(entropies) if entropy else None)


def read_busy_groups(
    model: Any,
    prompts: PromptBatch,
    ids_BT: Tensor,
    mask_BT: Tensor,
    *,
    idle_P: Sequence[bool],
    known_BT: Tensor | None,
    alone: bool,
    group: int,
    temperature: float,
    features: Features | None = None,
) -> Read:
    """``read_groups`` with entropies, but for the idle groups, which are passed over.

    An idle group has no advantage in any completion. Without a KL or an entropy term its gradient is exactly nought,
    whatever its log-probabilities are; the rows stay, so that every mean keeps its denominator.

    Args:
        known_BT: log-probabilities that the idle rows are compared with in the loss, and are given; zeros where None.
        alone: no other process waits for this one's forward. Where one does, one completion is read in any case.
    """
    rows_P = torch.arange(len(ids_BT), device=ids_BT.device).view(len(idle_P), group)
    busy = [place for place, idle in enumerate(idle_P) if not idle]
    filled_BT = torch.zeros(ids_BT.shape, device=ids_BT.device) if known_BT is None else known_BT
    if not busy and alone:
        # Gradients of nought rather than none: an optimiser passes over parameters that have none.
        anchor = sum(one.flatten()[0].float() for one in model.parameters() if one.requires_grad)
        return Read(filled_BT + 0 * anchor, torch.full_like(filled_BT, float("nan")))
    read, mask = busy or [0], mask_BT
    if not busy:
        mask = mask_BT.clone()
        mask[1:group] = 0
    rows_B = rows_P[read].flatten()
    found = read_groups(
        model,
        take(prompts, read),
        ids_BT[rows_B],
        mask[rows_B],
        group=group,
        temperature=temperature,
        entropy=True,
        features=features,
    )
    assert found.entropies_BT is not None
    # The mean that is logged is that of the rows that were read.
    typical = (found.entropies_BT * mask[rows_B]).sum() / mask[rows_B].sum().clamp(min=1)
    entropies_BT = typical.detach().expand(ids_BT.shape)
    if not busy:
        return Read(filled_BT + 0 * found.logps_BT.sum(), entropies_BT)
    return Read(
        filled_BT.index_copy(0, rows_B, found.logps_BT),
        entropies_BT.index_copy(0, rows_B, found.entropies_BT.detach()),
    )
