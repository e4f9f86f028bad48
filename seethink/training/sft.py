"""SFT: imitation of traces, vision tower frozen, loss on the response only (VLAA-Thinking section 3.1)."""

from __future__ import annotations

from pydantic import Field, model_validator

from seethink.training.settings import PolicyConfig
from seethink.training.spikes import SpikeConfig


class SFTConfig(PolicyConfig):
    """The paper gives global batch 128, one epoch, a frozen vision tower; the rest is unpublished: choice."""

    steps: int | None = Field(default=None, ge=1)
    """Optimiser steps; one epoch where None (the paper's). What the last step lacks is taken from the next epoch."""
    batch: int = Field(default=128, ge=1)
    """Traces per optimiser step, over all devices."""
    learning_rate: float = 1e-5
    minimum_learning_rate: float = 1e-6
    max_tokens: int = Field(default=4_096, ge=1)
    """Budget of a sample, pictures included. Longer ones are set aside whole: ``training.samples`` says why."""
    spikes: SpikeConfig | None = SpikeConfig()
    """When the loss has broken off, and the run goes back to a good checkpoint by itself; never where None."""
    checkpoint_every: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _batches_divide(self) -> SFTConfig:
        if self.device_batch is not None and self.batch % self.device_batch:
            raise ValueError(f"device_batch must divide batch={self.batch}")
        return self
