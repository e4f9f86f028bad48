"""One training run in a process of its own, to be killed: training_process.py grpo|rollouts|sft BASE OUT."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.verdict import Verdict, graded
from seethink.training.grpo import GRPOConfig
from seethink.training.samples import Demonstration
from seethink.training.sft import SFTConfig
from seethink.training.train import train_grpo, train_sft
from seethink.world.questions import as_item, question
from seethink.world.traces import response

STEPS = 6
"""Eight items, two a step: the run ends in its second epoch, whose order is another."""


class Checksum:
    """A reward that tells any two responses apart, random ones too."""

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        return [graded(sum(map(ord, text)) % 11 / 10, text) for text in responses]


def train(kind: str, base: Path, out: Path) -> None:
    images = ImageStore(out / "images")
    asked = [question(1, index) for index in range(8)]
    items = [as_item(one, images) for one in asked]
    if kind in ("grpo", "rollouts"):
        config = GRPOConfig(
            completions=4 * STEPS,
            group=2,
            prompts_per_step=2,
            prompts_per_rollout=4 if kind == "rollouts" else None,
            max_completion_tokens=8,
            learning_rate=1e-3,
            kl=0.01,
            kl_target=1e-4,
            kl_horizon=10,
            checkpoint_every=1,
        )
        train_grpo(config, base, items, images, Checksum(), out)
    else:
        shown = [Demonstration(item, response(one, right=True)) for item, one in zip(items, asked, strict=True)]
        train_sft(SFTConfig(steps=STEPS, batch=2, checkpoint_every=1), base, shown, images, out)


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
