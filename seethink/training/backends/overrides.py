"""Everything private of TRL that we rely on, in one table, with its signature in the release we are pinned to.

TRL's internals move: the arguments of ``_get_per_token_logps_and_entropies`` changed five times in a year. Where a
signature is not the one below, what we put in its place would be called wrongly, or not at all: the trainer then takes
TRL's own path, with one warning.
"""

from __future__ import annotations

import inspect
from typing import Any

RELEASE = "1.16.0"

SHARED = {
    # Order of the prompts as a function of seed and epoch, so that a resumed run goes on with the right ones.
    "_get_train_sampler": "(self, dataset=None)",
    # Groups are shuffled whole, and handed out whole.
    "_prepare_inputs": "(self, generation_batch)",
    # Every prompt is encoded once, pictures included; TRL is shown none and processes none.
    "_tokenize_prompts": "(self, prompts)",
    "_generate": "(self, prompts)",
    # The prompt is read once per group, then its completions are decoded side by side.
    "_generate_single_turn": "(self, prompt_ids, images, multimodal_fields, num_generations, has_tool_images=False)",
    # Policy, old policy and reference all come through here.
    "_get_per_token_logps_and_entropies": (
        "(self, model, input_ids, attention_mask, logits_to_keep, batch_size=None, compute_entropy=False,"
        " compute_aux_loss=False, pixel_values=None, image_grid_thw=None, num_images=None,"
        " pixel_attention_mask=None, spatial_shapes=None, num_tiles=None, image_sizes=None, token_type_ids=None,"
        " mm_token_type_ids=None, image_position_ids=None)"
    ),
    # Which prompts a micro-batch is about, and which of its groups need no pass.
    "_compute_loss": "(self, model, inputs)",
}
"""What the shared-prefix path replaces."""

ADVANTAGES = {
    # What TRL judged, before it makes advantages of it.
    "_calculate_rewards": "(self, inputs, prompts, completions, completion_ids_list)",
    # Advantages by dimension, exact zeros, other prompts in the place of groups that teach nothing.
    "_generate_and_score_completions": "(self, inputs)",
}
"""What advantages of our own need, on either path."""

ENGINE = {
    # A server has processed the pictures by itself: how many tokens it gives them.
    "_place_features": "(self, features, prompt_ids)",
    "generate": "(self, prompts, images, num_generations, profiler=None)",
}
"""What the comparison with vLLM replaces in TRL's engine."""

CALLED = {
    "unwrap_model_for_generation": (
        "(model, accelerator, gather_deepspeed3_params=True, generation_kwargs=None,"
        " gradient_checkpointing_kwargs=None)"
    ),
    "profiling_context": "(trainer, name)",
}
"""Functions of TRL outside its interface that we call."""


def signature_of(function: Any) -> str:
    """Names and defaults of a function's parameters, without annotations."""
    found = inspect.signature(function)
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in found.parameters.values()]
    return str(found.replace(parameters=bare, return_annotation=inspect.Signature.empty))


def differing(owner: Any, table: dict[str, str]) -> list[str]:
    """Names of ``table`` that ``owner`` lacks, or has with another signature."""
    return [name for name, pinned in table.items() if _differs(getattr(owner, name, None), pinned)]


def _differs(function: Any, pinned: str) -> bool:
    return not callable(function) or signature_of(function) != pinned
