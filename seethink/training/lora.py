"""Low-rank adapters: which layers get them, and what is written at the end."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_manifest
from seethink.models.load import PARTS, Checkpoint, load_checkpoint, weights_hash
from seethink.models.saving import save_trained
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


def load_merged(adapter: str | Path, base: str | Path | None = None, *, dtype: str = "float32") -> Checkpoint:
    """``base`` with the adapter added to its weights, in memory, on the CPU.

    Args:
        base: the checkpoint that the adapter was trained beside; where its own settings found it if None.

    Raises:
        InputError: the adapter is no safetensors file.
    """
    from peft import PeftModel

    if not (Path(adapter) / "adapter_model.safetensors").is_file():
        raise InputError(f"adapter {adapter}: no adapter_model.safetensors there; other formats are not read")
    checkpoint = load_checkpoint(base or _start(Path(adapter)), dtype=dtype)
    merged = PeftModel.from_pretrained(checkpoint.model, str(adapter)).merge_and_unload()
    return checkpoint._replace(model=merged)


def merge_adapter(base: str | Path, adapter: Path, folder: Path, *, dtype: str = "float32") -> Path:
    """``base`` with the adapter added to its weights, as a checkpoint that any stock loader reads; on the CPU."""
    checkpoint = load_merged(adapter, base, dtype=dtype)
    return save_trained(checkpoint.model, checkpoint.folder, folder)


def merge_run(run: Path, base: str | Path | None = None) -> Path:
    """Write ``run/model`` of a training that left only ``run/adapter``.

    Args:
        base: the checkpoint that it started from; where the run found it if None.

    Raises:
        InputError: there is no adapter, or its start is no longer where it was.
    """
    adapter = run / "adapter"
    if not (adapter / "adapter_config.json").is_file():
        raise InputError(f"{run} holds no adapter: merging is for runs trained with lora and merged: false")
    manifest = read_manifest(run)
    if manifest is None:
        raise InputError(f"{run} is not finished: train it to its end first")
    start = base or _start(adapter)
    if weights_hash(start) != manifest["data"]["base"]:
        raise InputError(f"{start} is not the checkpoint that {run} started from: name that one with --model")
    merged = merge_adapter(start, adapter, run / "model", dtype=manifest["config"]["lora"]["base_dtype"])
    heads = list(adapter.glob("step_head.*"))
    # A process reward model is nothing without its head, nor that without the size that pictures had for it.
    for path in [*heads, adapter / "preprocessor_config.json"] if heads else ():
        shutil.copyfile(path, merged / path.name)
    return merged


def _start(adapter: Path) -> str:
    return str(read_json(adapter / "adapter_config.json").get("base_model_name_or_path") or "")
