"""How an evaluation asks, and who judges the responses. No torch."""

from __future__ import annotations

from typing import Literal, NamedTuple

from pydantic import Field

from seethink.core.config import Config
from seethink.core.protocols import Reward
from seethink.evaluation.prompts import PromptStyle


class EvaluationConfig(Config):
    """How responses are drawn."""

    draws: int = Field(default=4, ge=0)
    """Sampled responses per item, beside the greedy one; 0 for greedy only."""
    temperature: float = Field(default=1.0, gt=0)
    max_tokens: int = Field(default=256, ge=1)
    prompt: PromptStyle = PromptStyle.THINKING
    """The system prompt: ``thinking``, ``direct`` or ``none``."""
    blind: bool = False
    """Ask without the pictures: what is right all the same was guessed, or known."""
    batch: int = Field(default=128, ge=1)
    """Completions decoded at a time, by a local checkpoint."""
    part: int = Field(default=64, ge=1)
    """Items per sealed part."""
    dtype: Literal["float32", "bfloat16", "float16"] = "float32"
    max_pixels: int | None = None
    """Bound of a local checkpoint's pictures; an endpoint is sent them as they are."""
    seed: int = 0
    """Of the sampling."""


class Judges(NamedTuple):
    """The same reward read twice: under the tag rule, and on the answer stated anywhere."""

    strict: Reward
    lenient: Reward
