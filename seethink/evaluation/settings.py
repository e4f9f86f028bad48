"""How an evaluation draws its responses, and who judges them. No torch."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from seethink.core.config import Config
from seethink.core.protocols import Reward


class EvaluationConfig(Config):
    """How responses are drawn."""

    draws: int = Field(default=4, ge=0)
    """Sampled responses per item, beside the greedy one; 0 for greedy only."""
    temperature: float = Field(default=1.0, gt=0)
    max_tokens: int = Field(default=256, ge=1)
    batch: int = Field(default=128, ge=1)
    """Completions decoded at a time."""
    part: int = Field(default=64, ge=1)
    """Items per sealed part."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = None
    seed: int = 0
    """Of the sampling."""


class Judges(NamedTuple):
    """The same reward read twice: under the tag rule, and on the answer stated anywhere."""

    strict: Reward
    lenient: Reward
