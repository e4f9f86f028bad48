"""The pass in which groups share their prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from seethink.models.groups.attention import ARGUMENT, install
from seethink.models.groups.family import bare
from seethink.models.groups.features import Features, shown
from seethink.models.groups.ghost import needs_ghost, with_ghost
from seethink.models.groups.head import Scored, scoring
from seethink.models.groups.layout import Row, pack
from seethink.models.groups.prompts import PromptBatch


def shared_scores(
    model: Any,
    prompts: PromptBatch,
    ids_PGC: Tensor,
    lengths_PG: Sequence[Sequence[int]],
    *,
    temperature: float,
    entropy: bool,
    features: Features | None,
) -> Tensor:
    """Log-probability and entropy, P x G x C x 2, float32, 0 behind a completion's end; one call of ``model``.

    Args:
        ids_PGC: on the CPU.
        lengths_PG: tokens of each completion; 0 for one that is not there.
    """
    base = bare(model)
    install(base)
    ghost = features is None and needs_ghost(prompts)
    seen = with_ghost(base, prompts) if ghost else prompts
    row = pack(base, seen, ids_PGC, [*lengths_PG, [0]] if ghost else lengths_PG)
    # Where nothing is scored, a score of no weight keeps the result in the graph: the other processes' backward waits.
    idle = ghost or not len(row.states_S)
    states_S, labels_S = row.states_S, row.labels_S
    if idle:
        states_S = torch.cat([states_S, states_S.new_tensor([row.ids_1N.shape[1] - 1])])
        labels_S = torch.cat([labels_S, labels_S.new_zeros(1)])
    with scoring(base, Scored(states_S, labels_S, temperature, entropy)):
        scores_S2 = model(**_inputs(base, seen, row, features)).logits[0]
    count = len(row.states_S)
    scores_M2 = scores_S2.new_zeros(ids_PGC.numel(), 2).index_copy(0, row.places_S, scores_S2[:count])
    if idle:
        scores_M2 = scores_M2 + 0.0 * scores_S2[count:].sum()
    scores_PGC2: Tensor = scores_M2.view(*ids_PGC.shape, 2)
    return scores_PGC2


def _inputs(base: Any, prompts: PromptBatch, row: Row, features: Features | None) -> dict[str, Any]:
    inputs = {
        "input_ids": row.ids_1N,
        "attention_mask": None,
        "position_ids": row.positions_31N,
        "use_cache": False,
        ARGUMENT: row.layout,
    }
    return inputs | pictures(base, prompts, features)


def pictures(base: Any, prompts: PromptBatch, features: Features | None) -> dict[str, Any]:
    """What a forward is told of the prompts' pictures: their patches, or what the tower has made of them already."""
    order = [place for shown_by_one in prompts.pictures_P for place in shown_by_one]
    if not order:
        return {}
    if features is not None:
        return {"mm_encoder_outputs": {"image": shown(features, prompts)}}
    return {
        "pixel_values": torch.cat([prompts.pixels[place] for place in order]).to(base.device),
        "image_grid_thw": torch.tensor([prompts.grids[place] for place in order], device=base.device),
    }
