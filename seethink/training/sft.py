"""SFT: imitation of traces, vision tower frozen, loss on the response only (VLAA-Thinking section 3.1)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field, model_validator

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.core.tables import claim, data_hash, read_manifest, write_manifest, write_rows
from seethink.training.settings import TrainingConfig


class Demonstration(NamedTuple):
    """An item and the response to imitate."""

    item: Item
    response: str


class SFTConfig(TrainingConfig):
    """The paper gives global batch 128, one epoch, a frozen vision tower; the rest is unpublished: choice."""

    steps: int | None = Field(default=None, ge=1)
    """Optimiser steps; one epoch where None (the paper's)."""
    batch: int = Field(default=128, ge=1)
    """Traces per optimiser step, over all devices."""
    learning_rate: float = 1e-5
    minimum_learning_rate: float = 1e-6
    max_tokens: int = 4_096
    """Longer samples are set aside whole: cutting one could cut through a picture's tokens."""
    checkpoint_every: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _batches_divide(self) -> SFTConfig:
        if self.device_batch is not None and self.batch % self.device_batch:
            raise ValueError(f"device_batch must divide batch={self.batch}")
        return self


def train_sft(
    config: SFTConfig, base: str | Path, demonstrations: Sequence[Demonstration], images: ImageStore, out: Path
) -> dict[str, Any]:
    """Train ``base`` on demonstrations; the model lies in ``out/model``. Finished runs return their manifest at once,
    killed ones go on from their last checkpoint."""
    from seethink.models.load import weights_hash
    from seethink.training.backends.with_trl import run_sft

    if not demonstrations:
        raise InputError("SFT has no demonstrations: every trace was set aside, see the funnel of the data run")
    started = time.time()
    data = {
        "base": weights_hash(base),
        "demonstrations": data_hash(
            (demonstration.item.id, demonstration.response) for demonstration in demonstrations
        ),
    }
    if claim(out, config, data):
        return read_manifest(out) or {}
    log, cost = run_sft(config, base, demonstrations, images, out)
    write_rows(out / "log", log)
    return write_manifest(out, config, seeds={"training": config.seed}, data=data, started=started, cost=cost)
