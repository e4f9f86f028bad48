"""Low-rank adapters: which layers get them, and what is written at the end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from seethink.core.rejected import InputError
from seethink.models.load import PARTS, load_checkpoint, save_checkpoint
from seethink.training.settings import LoRA


def adapter_config(model: Any, lora: LoRA) -> Any:
    """PEFT's settings for ``model``: every linear layer of the named parts but the head over the vocabulary.

    Raises:
        InputError: a part that no model has.
    """
    import torch
    from peft import LoraConfig

    if unknown := set(lora.parts) - set(PARTS):
        raise InputError(f"lora.parts {sorted(unknown)}: a model has the parts {sorted(PARTS)}")
    prefixes = tuple(prefix for part in lora.parts for prefix in PARTS[part] if prefix != "lm_head.")
    targets = [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and name.startswith(prefixes)
    ]
    return LoraConfig(r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=targets)


def trained_by_part(model: Any) -> dict[str, int]:
    """Trainable parameters by part, of a model with adapters or without."""
    counts = dict.fromkeys(PARTS, 0)
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            bare = name.removeprefix("base_model.model.")
            part = next((part for part, prefixes in PARTS.items() if bare.startswith(prefixes)), "language")
            counts[part] += parameter.numel()
    return counts


def merge_adapter(base: str | Path, adapter: Path, folder: Path, *, dtype: str = "float32") -> Path:
    """``base`` with the adapter added to its weights, as a checkpoint that any stock loader reads; on the CPU."""
    from peft import PeftModel

    checkpoint = load_checkpoint(base, dtype=dtype)
    merged = PeftModel.from_pretrained(checkpoint.model, str(adapter)).merge_and_unload()
    return save_checkpoint(merged, checkpoint.processor, folder)
