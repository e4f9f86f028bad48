"""What all trainings but the base's set alike: the schedule, what is frozen, the arithmetic, the checkpoints."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from seethink.core.config import Config


class TrainingConfig(Config):
    """Base of ``SFTConfig``, ``GRPOConfig`` and ``PreferenceConfig``."""

    device_batch: int | None = Field(default=None, ge=1)
    """Rows per forward, a divisor of an optimiser step's; a whole step where None."""
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
