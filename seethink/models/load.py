"""Loading a checkpoint: weights, processor, and the parts of the model that training may touch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from transformers import AutoModelForImageTextToText, PreTrainedModel
from transformers.utils import logging as transformers_logging

from seethink.core.rejected import InputError
from seethink.models.groups.family import FAMILIES
from seethink.models.processor import ImageTextProcessor, load_processor

BASE = "base"
"""The name of the tiny model shipped with the package."""

DTYPES = ("float32", "bfloat16", "float16")

PARTS = {
    "vision": ("model.visual.blocks.", "model.visual.patch_embed.", "model.visual.pos_embed."),
    "merger": ("model.visual.merger.", "model.visual.deepstack_merger_list."),
    "language": ("model.language_model.", "lm_head."),
}
"""Parameter names by part: the vision tower, the projection into the language model, the language model."""


class Checkpoint(NamedTuple):
    model: PreTrainedModel
    processor: ImageTextProcessor
    folder: Path


def checkpoint_folder(name: str | Path) -> Path:
    """``base`` → the shipped model; anything else is a folder on disk."""
    return Path(str(files("seethink.world").joinpath("base"))) if str(name) == BASE else Path(name)


def weights_hash(name: str | Path) -> str:
    """Twelve hex digits over a checkpoint's weights and tokenizer: two checkpoints with one hash answer alike."""
    folder = checkpoint_folder(name)
    digest = hashlib.sha256()
    found = sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer.json")])
    if not found:
        raise InputError(f"checkpoint {folder}: no weights there; give a folder saved by save_pretrained, or 'base'")
    for path in found:
        with path.open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:12]


def trained_hash(out: Path) -> str | None:
    """``weights_hash`` of what a training left in ``out/model``; None where it left adapters alone."""
    return weights_hash(out / "model") if (out / "model").is_dir() else None


def load_checkpoint(name: str | Path, *, dtype: str = "float32", max_pixels: int | None = None) -> Checkpoint:
    """Load weights (safetensors only) and processor.

    Raises:
        InputError: the folder is no checkpoint, of no supported family, or its weights do not fit its config.
    """
    folder, family = checkpoint_folder(name), read_config(name).get("model_type")
    if family not in FAMILIES:
        raise InputError(
            f"checkpoint {folder}: model_type {family!r} is not supported, only {', '.join(FAMILIES)} (config.json)"
        )
    model = load_weights(AutoModelForImageTextToText, folder, dtype)
    processor = load_processor(folder, max_pixels=max_pixels)
    check_tokenizer(model, processor, folder)
    return Checkpoint(model, processor, folder)


def read_config(name: str | Path) -> dict[str, Any]:
    """The checkpoint's config.json, empty where it is no mapping; InputError where there is no readable one."""
    folder = checkpoint_folder(name)
    config_path = folder / "config.json"
    if not config_path.is_file():
        raise InputError(
            f"checkpoint {folder}: no config.json there; give a folder saved by save_pretrained, or 'base'"
        )
    try:
        config = json.loads(config_path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"checkpoint {folder}: config.json is not JSON ({error}); save the checkpoint again") from None
    return config if isinstance(config, dict) else {}


def load_weights(kind: Any, folder: Path, dtype: str) -> PreTrainedModel:
    """``kind.from_pretrained`` of safetensors on disk; InputError unless it holds every parameter of the model."""
    if dtype not in DTYPES:
        raise InputError(f"dtype {dtype!r}: choose among {', '.join(DTYPES)}")
    # A bar per weight shard says nothing that our own bars do not.
    transformers_logging.disable_progress_bar()
    try:
        model, report = kind.from_pretrained(
            folder,
            dtype=getattr(torch, dtype),
            use_safetensors=True,
            output_loading_info=True,
            local_files_only=True,
            trust_remote_code=False,
        )
    except (OSError, RuntimeError, ValueError, SafetensorError) as error:
        raise InputError(
            f"checkpoint {folder}: its weights do not fit its config ({str(error).splitlines()[0]})"
        ) from None
    missing = {key: sorted(report[key])[:3] for key in ("missing_keys", "mismatched_keys") if report.get(key)}
    if missing:
        raise InputError(f"checkpoint {folder}: its weights do not fit its config ({missing}); save it again whole")
    return model


def check_tokenizer(model: PreTrainedModel, processor: Any, folder: Path) -> None:
    """InputError where the tokenizer knows more tokens than the model embeds."""
    rows = model.get_input_embeddings().num_embeddings
    if len(processor.tokenizer) > rows:
        raise InputError(
            f"checkpoint {folder}: tokenizer has {len(processor.tokenizer)} tokens, the model embeds {rows}; "
            "use the tokenizer saved with these weights"
        )


def freeze(model: PreTrainedModel, parts: Iterable[str]) -> dict[str, int]:
    """Stop gradients for the named parts; returns the number of parameters still trained, by part."""
    frozen = set(parts)
    if unknown := frozen - set(PARTS):
        raise InputError(f"frozen parts {sorted(unknown)}: a model has the parts {sorted(PARTS)}")
    trained = dict.fromkeys(PARTS, 0)
    for name, parameter in model.named_parameters():
        part = next((part for part, prefixes in PARTS.items() if name.startswith(prefixes)), "language")
        parameter.requires_grad_(part not in frozen)
        trained[part] += parameter.numel() if part not in frozen else 0
    return trained


def save_checkpoint(model: Any, processor: ImageTextProcessor, folder: Path) -> Path:
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
