"""What the supported families have in common, and where their parts are: Qwen2-VL, Qwen2.5-VL, Qwen3-VL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

FAMILIES = ("qwen2_5_vl", "qwen2_vl", "qwen3_vl")


def bare(model: Any) -> Any:
    """The model inside its wrappers: DDP, FSDP, DeepSpeed, torch.compile, PEFT."""
    while True:
        if hasattr(model, "get_base_model"):
            model = model.get_base_model()
        elif isinstance(getattr(model, "module", None), torch.nn.Module):
            model = model.module
        elif hasattr(model, "_orig_mod"):
            model = model._orig_mod
        else:
            return model


def vision_tokens(model: Any) -> list[int]:
    """Tokens that stand for pictures; sampled into a response they would ask for pictures that are not there."""
    config = bare(model).config
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id", "vision_token_id")
    return [token for name in names if (token := getattr(config, name, None)) is not None]


@contextmanager
def evaluating(model: torch.nn.Module) -> Iterator[None]:
    """Eval mode while open, each module's own mode afterwards: a tower may be frozen in eval mode beside the rest."""
    training = [module for module in model.modules() if module.training]
    model.eval()
    try:
        yield
    finally:
        for module in training:
            module.training = True
