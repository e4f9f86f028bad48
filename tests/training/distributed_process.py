"""Two optimiser steps of SFT and of GRPO with the gradients of each, and a rerun: distributed_process.py BASE OUT.

Run by itself or under ``accelerate launch``. What is sampled is a function of the prompt, or every process would draw
otherwise than the one that trains alone.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from transformers import TrainerCallback
from transformers import trainer as transformers_trainer

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.verdict import Verdict, graded
from seethink.models.groups import GroupDraws, PromptBatch
from seethink.training.backends import shared_prefix
from seethink.training.grpo import GRPOConfig
from seethink.training.processes import first_process
from seethink.training.samples import Demonstration
from seethink.training.sft import SFTConfig
from seethink.training.spikes import SpikeConfig, row_order
from seethink.training.train import train_grpo, train_sft
from seethink.world.questions import as_item, question
from seethink.world.traces import response

STEPS = 2


class Gradients(TrainerCallback):  # type: ignore[misc]
    """Writes what every optimiser step is about to apply."""

    folder: Path

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, model: Any = None, **kwargs: Any) -> None:
        if first_process():
            bare = getattr(model, "module", model)
            found = {name: one.grad for name, one in bare.named_parameters() if one.grad is not None}
            self.folder.mkdir(parents=True, exist_ok=True)
            save_file(found, self.folder / f"{state.global_step}.safetensors")


def recorded(model: Any, prompts: PromptBatch, *, draws: int, max_tokens: int, **_: Any) -> GroupDraws:
    """Completions of different lengths, the same ones for a prompt wherever it is asked."""
    ids_PGC = torch.zeros(len(prompts), draws, max_tokens, dtype=torch.int64)
    mask_PGC = torch.zeros_like(ids_PGC)
    for place, ids_T in enumerate(prompts.ids_P):
        generator = torch.Generator().manual_seed(int(ids_T.sum()))
        for draw in range(draws):
            length = 3 + (int(ids_T.sum()) + draw) % (max_tokens - 3)
            ids_PGC[place, draw, :length] = torch.randint(20, 300, (length,), generator=generator)
            mask_PGC[place, draw, :length] = 1
    return GroupDraws(ids_PGC, mask_PGC, torch.ones(len(prompts), draws, dtype=torch.bool))


def checksum(items: list[Item], responses: list[str]) -> list[Verdict]:
    return [graded(sum(map(ord, text)) % 11 / 10, text) for text in responses]


def main(base: Path, out: Path) -> None:
    transformers_trainer.DEFAULT_CALLBACKS.append(Gradients)
    shared_prefix.sample_groups = recorded
    images = ImageStore(out / "images")
    asked = [question(1, index) for index in range(18)]
    items = [as_item(one, images) for one in asked]
    shown = [Demonstration(item, response(one, right=True)) for item, one in zip(items, asked, strict=True)]
    # Every process reads some batches without a picture while the other sees one.
    shown[::3] = [one._replace(item=replace(one.item, images=())) for one in shown[::3]]
    Gradients.folder = out / "sft" / "gradients"
    sft = SFTConfig(steps=STEPS, batch=4, device_batch=1, learning_rate=1e-4, warmup=0.0)
    train_sft(sft, base, shown[:8], images, out / "sft")
    Gradients.folder = out / "grpo" / "gradients"
    grpo = GRPOConfig(
        completions=4 * 3 * STEPS,
        prompts_per_step=4,
        group=3,
        device_batch=3,
        max_completion_tokens=10,
        learning_rate=1e-4,
        warmup=0.0,
    )
    train_grpo(grpo, base, items[:8], images, checksum, out / "grpo")
    Gradients.folder = out / "spiked" / "gradients"
    # A run whose loss jumps: what it shows at its seventh step is no language.
    spiked = SFTConfig(
        steps=9, batch=2, learning_rate=1e-4, warmup=0.0, checkpoint_every=2, spikes=SpikeConfig(first=4, nats=1.0)
    )
    for row in row_order(len(shown), 2, 9, spiked.seed).rows[12:14]:
        shown[row] = shown[row]._replace(response="}~^|" * 40)
    train_sft(spiked, "base", shown, images, out / "spiked")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
