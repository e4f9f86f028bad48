"""One training run in a process of its own, so that it can be killed: training_process.py grpo|sft BASE OUT."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.verdict import Verdict, graded
from seethink.training.grpo import GRPOConfig, train_grpo
from seethink.training.sft import Demonstration, SFTConfig, train_sft
from seethink.world.questions import as_item, question
from seethink.world.traces import response

STEPS = 5


class Checksum:
    """A reward that tells any two responses apart, random ones too."""

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        return [graded(sum(map(ord, text)) % 11 / 10, text) for text in responses]


def train(kind: str, base: Path, out: Path) -> None:
    images = ImageStore(out / "images")
    asked = [question(1, index) for index in range(8)]
    items = [as_item(one, images) for one in asked]
    if kind == "grpo":
        config = GRPOConfig(
            completions=4 * STEPS, group=2, prompts_per_step=2, max_completion_tokens=8, kl=0.01, checkpoint_every=1
        )
        train_grpo(config, base, items, images, Checksum(), out)
    else:
        shown = [Demonstration(item, response(one, right=True)) for item, one in zip(items, asked, strict=True)]
        train_sft(SFTConfig(steps=STEPS, batch=2, checkpoint_every=1), base, shown, images, out)


if __name__ == "__main__":
    train(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
