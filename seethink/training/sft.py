"""SFT: imitation of traces, vision tower frozen, loss on the response only (VLAA-Thinking section 3.1)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from seethink.core.chat import prompt_hash
from seethink.core.images import ImageStore
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import data_hash, read_manifest, write_rows
from seethink.training.processes import claimed_together, first_process, seal_together
from seethink.training.samples import SPIKED, Demonstration, count_reasons, fitting, tell_aside
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


def train_sft(
    config: SFTConfig, base: str | Path, demonstrations: Sequence[Demonstration], images: ImageStore, out: Path
) -> dict[str, Any]:
    """Train ``base`` on demonstrations; the model lies in ``out/model``, what was not trained on in ``out/set_aside``.
    Finished runs return their manifest at once, killed ones go on from their last checkpoint."""
    from seethink.models.load import checkpoint_folder, read_config, weights_hash
    from seethink.models.processor import load_processor
    from seethink.training.backends.with_trl import run_sft
    from seethink.training.reruns import Watch, train_with_reruns

    if not demonstrations:
        raise InputError("SFT has no demonstrations: every trace was set aside, see the funnel of the data run")
    started = time.time()
    data = {
        "base": weights_hash(base),
        "demonstrations": data_hash((one.item.id, one.item.images, one.response) for one in demonstrations),
        "order": data_hash(one.item.id for one in demonstrations),
        "prompt": prompt_hash(),
    }
    with claimed_together(out, config, data) as finished:
        if finished:
            return read_manifest(out) or {}
        read_config(base)
        processor = load_processor(checkpoint_folder(base), max_pixels=config.max_pixels)
        kept, aside = fitting(processor, demonstrations, images, config.max_tokens)
        steps = config.steps or -(-len(kept) // config.batch)

        def run(order: Sequence[int], watch: Watch) -> Any:
            return run_sft(config, base, [kept[row] for row in order], images, out, watch)

        (log, cost), mended = train_with_reruns(config, len(kept), steps, out / "checkpoints", run)
        aside += [Rejected(SPIKED, f"step {one.spike.step}", kept[row].item.id) for one in mended for row in one.rows]
        if first_process():
            write_rows(out / "set_aside", [row._asdict() for row in aside])
            tell_aside(aside, len(demonstrations), out / "set_aside")
        return seal_together(
            out,
            config,
            seeds={"training": config.seed},
            data=data,
            started=started,
            log=log,
            cost=cost | {"set_aside": float(len(aside)), "reruns": float(len(mended))},
            more={"set_aside": count_reasons(aside), "reruns": [one.record() for one in mended]},
        )
