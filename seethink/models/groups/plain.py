"""The plain path: one row per completion, padded, prompt and pictures in every row.

What every library does, for families whose prompts cannot be shared; and what the shared path is held against.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import GenerationConfig

from seethink.models.groups.family import bare, vision_tokens
from seethink.models.groups.ghost import needs_ghost, with_ghost
from seethink.models.groups.head import Scored, scoring
from seethink.models.groups.prompts import PromptBatch, take
from seethink.models.groups.shared import pictures
from seethink.models.groups.stop import Stop, Stops


def plain_scores(
    model: Any,
    prompts: PromptBatch,
    ids_PGC: Tensor,
    lengths_PG: Sequence[Sequence[int]],
    *,
    temperature: float,
    entropy: bool,
    padding: int = 0,
) -> Tensor:
    """What ``shared_scores`` gives, by one row per completion and one call of ``model``.

    Args:
        padding: pad the prompts by so many tokens more than they need.
    """
    base = bare(model)
    rows = [
        (prompt, draw, length)
        for prompt, lengths_G in enumerate(lengths_PG)
        for draw, length in enumerate(lengths_G)
        if length
    ]
    told = [ids_PGC[prompt, draw, :length] for prompt, draw, length in rows]
    batch = take(prompts, [prompt for prompt, _, _ in rows])
    idle = needs_ghost(batch) or not rows
    if idle:
        batch, told = with_ghost(base, batch), [*told, torch.tensor([0])]
    longest = max(len(ids_T) for ids_T in batch.ids_P) + padding
    inputs = padded(base, batch, told, longest)
    width = inputs["input_ids"].shape[1]
    states_S = torch.cat([row * width + longest - 1 + torch.arange(len(ids_C)) for row, ids_C in enumerate(told)])
    scored = Scored(states_S.to(base.device), torch.cat(told).to(base.device), temperature, entropy)
    with scoring(base, scored):
        scores_S2 = model(**inputs, use_cache=False).logits[0]
    places_S = [
        (prompt * ids_PGC.shape[1] + draw) * ids_PGC.shape[2] + torch.arange(length) for prompt, draw, length in rows
    ]
    places = torch.cat([*places_S, torch.zeros(0, dtype=torch.long)]).to(base.device)
    scores_M2 = scores_S2.new_zeros(ids_PGC.numel(), 2).index_copy(0, places, scores_S2[: len(places)])
    if idle:
        scores_M2 = scores_M2 + 0.0 * scores_S2[len(places) :].sum()
    scores_PGC2: Tensor = scores_M2.view(*ids_PGC.shape, 2)
    return scores_PGC2


def padded(base: Any, prompts: PromptBatch, told: Sequence[Tensor], longest: int) -> dict[str, Any]:
    """A forward's inputs: prompts padded on their left to ``longest`` tokens, what follows them on its right."""
    mark, pad = getattr(base.config, "image_token_id", None), base.config.get_text_config().pad_token_id or 0
    width = longest + max((len(ids_C) for ids_C in told), default=0)
    ids_RT = torch.full((len(prompts), width), pad)
    mask_RT = torch.zeros_like(ids_RT)
    for row, ids_T in enumerate(prompts.ids_P):
        following = told[row] if told else ids_T[:0]
        place = slice(longest - len(ids_T), longest + len(following))
        ids_RT[row, place] = torch.cat([ids_T, following])
        mask_RT[row, place] = 1
    inputs = {"input_ids": ids_RT, "attention_mask": mask_RT}
    if "mm_token_type_ids" in inspect.signature(base.forward).parameters:
        inputs["mm_token_type_ids"] = ((ids_RT == mark) & (mask_RT == 1)).long()
    return {name: part.to(base.device) for name, part in inputs.items()} | pictures(base, prompts, None)


def plain_draws(
    model: Any,
    prompts: PromptBatch,
    *,
    draws: int,
    end: int,
    pad: int,
    temperature: float,
    max_tokens: int,
    stop: Stop | None = None,
) -> Tensor:
    """Sampled ids, P x G x C, right-padded, by transformers' own ``generate`` with every prompt in ``draws`` rows."""
    config = GenerationConfig(
        max_new_tokens=max_tokens,
        do_sample=temperature > 0,
        **({"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature > 0 else {}),
        num_return_sequences=draws,
        # What is left open here comes from the checkpoint's own settings, and would become part of the measure.
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        min_new_tokens=0,
        num_beams=1,
        suppress_tokens=vision_tokens(model),
        eos_token_id=end,
        pad_token_id=pad,
    )
    base = bare(model)
    longest = max(len(ids_T) for ids_T in prompts.ids_P)
    stops = [] if stop is None else [Stops(stop, longest, draws)]
    output: Tensor = base.generate(
        **padded(base, prompts, (), longest), generation_config=config, stopping_criteria=stops
    )
    return output[:, longest:].view(len(prompts), draws, -1)
