"""What a process reward model is made with: how its scores are read, and how it is trained. No torch."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field, model_validator

from seethink.core.config import Config
from seethink.training.settings import PolicyConfig


class HeadKind(StrEnum):
    LINEAR = "linear"
    """A linear unit on the mark's state."""
    TOKENS = "tokens"
    """The log-odds of one word against another at the mark; no new weights."""


class HeadConfig(Config):
    """How scores are read; kept beside the weights."""

    kind: HeadKind = HeadKind.LINEAR
    mark: str = Field(default="\n", min_length=1)
    """What ends a step. Words of the vocabulary, so that any family can be taken as it is. choice."""
    plus: str = "+"
    minus: str = "-"
    """The two words of a ``tokens`` head; each has to be one token."""
    max_tokens: int = Field(default=4096, ge=1)
    """Tokens of a trace that are read; a step that ends behind them has no score. choice."""


class PRMConfig(PolicyConfig):
    """A process reward model; all choice (reference 8.3). Adapters, checkpointing and arithmetic are those of SFT."""

    head: HeadConfig = HeadConfig()
    loss: Literal["mse", "bce", "pairs"] = "mse"
    """Squared error of the score, cross-entropy with the value as a soft target, or a comparison of every two steps of
    one question in a forward whose values differ (Bradley and Terry): a ranking, whose scores mean nothing by
    themselves until they are calibrated."""
    hard: float | None = Field(default=None, ge=0, lt=1)
    """Targets are 1 above this and 0 up to it; the values themselves where None."""
    first_error: float | None = Field(default=None, ge=0, lt=1)
    """A step whose value is at or below this is an error, and steps behind the first one teach nothing. Every label
    teaches where None."""
    held_back: float = Field(default=0.0, ge=0, lt=1)
    """Share of the questions that is kept from training, for the calibration of the scores; none where 0."""
    epochs: int = Field(default=2, ge=1)
    batch: int = Field(default=64, ge=1)
    """Traces per optimiser step, over all devices; ``device_batch`` counts traces as well."""
    learning_rate: float = 1e-5
    head_learning_rate: float = 1e-4
    minimum_learning_rate: float = 0.0
    seed: int = 0
    checkpoint_every: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _batches_divide(self) -> PRMConfig:
        if self.device_batch is not None and self.batch % self.device_batch:
            raise ValueError(f"device_batch must divide batch={self.batch}")
        return self
