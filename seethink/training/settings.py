"""What trainings set alike: the schedule, what is trained, the arithmetic, the checkpoints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seethink.core.config import Config


class TrainingConfig(Config):
    """Base of all trainings but that of the tiny base."""

    device_batch: int | None = Field(default=None, ge=1)
    """Rows per forward on one device, a divisor of an optimiser step's; a device's share of a step where None."""
    learning_rate: float
    """Peak of a cosine schedule."""
    minimum_learning_rate: float
    """Where the cosine ends."""
    warmup: float = 0.03
    """Share of the steps."""
    weight_decay: float = 0.0
    frozen: tuple[str, ...] = ("vision",)
    """Parts without gradient: vision, merger, language."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Of the arithmetic; weights and optimiser stay float32, or small steps would round away."""
    max_pixels: int | None = None
    """Larger pictures are shrunk to this area; the checkpoint's own bound where None."""
    seed: int = 0
    checkpoint_every: int = Field(ge=1)
    """Optimiser steps between two checkpoints."""


class LoRA(Config):
    """Low-rank adapters beside frozen weights (PEFT). All choice."""

    rank: int = Field(default=32, ge=1)
    alpha: int = Field(default=64, ge=1)
    """The adapters' output is multiplied by alpha / rank."""
    dropout: float = Field(default=0.0, ge=0, lt=1)
    parts: tuple[str, ...] = ("language",)
    """Whose linear layers get adapters: vision, merger, language. The head over the vocabulary gets none."""
    base_dtype: Literal["float32", "bfloat16"] = "bfloat16"
    """Of the frozen weights; the adapters stay float32."""
    merged: bool = True
    """Write ``model/`` with the adapters added to the weights; without, only ``adapter/`` is written."""


class PolicyConfig(TrainingConfig):
    """Base of ``SFTConfig``, ``GRPOConfig`` and ``PRMConfig``: trainings of a checkpoint that writes."""

    lora: LoRA | None = None
    """Adapters in place of full training; ``frozen`` then has nothing to say."""
    gradient_checkpointing: bool | None = None
    """Recompute activations in the backward pass: a third more time, far less memory. Where None: on an accelerator."""
    report_to: tuple[str, ...] = ()
    """Experiment trackers, by the names that transformers and accelerate know: wandb, tensorboard, mlflow, trackio …"""
    run_name: str | None = None
    """What the trackers call the run; the output folder's name where None."""
