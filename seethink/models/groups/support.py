"""Which models can share a prefix."""

from __future__ import annotations

from typing import Any

from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from seethink.models.groups.family import FAMILIES, bare


def supports(model: Any) -> str | None:
    """None where groups of this model share their prompt, else the reason why they do not."""
    base = bare(model)
    family = str(base.config.model_type)
    if family not in FAMILIES:
        return f"{family} is none of the families that share a prompt ({', '.join(FAMILIES)})"
    text = base.config.get_text_config()
    if "sliding_attention" in (getattr(text, "layer_types", None) or ()):
        return f"this {family} has layers with sliding-window attention (use_sliding_window in its config)"
    attention = base.model.language_model.config._attn_implementation
    if attention not in ALL_ATTENTION_FUNCTIONS:
        return f"its attention is {attention!r}: load the model with attn_implementation='sdpa'"
    if len(set(getattr(base, "hf_device_map", {}).values())) > 1:
        return "its layers lie on several devices (device_map)"
    for adapter in getattr(model, "peft_config", {}).values():
        if getattr(adapter, "is_prompt_learning", False):
            return f"its adapter ({adapter.peft_type}) puts learnt tokens in front of the prompt"
    return None
