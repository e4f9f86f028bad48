"""In which order prompts are sampled: a function of the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.utils.data import Sampler


class PromptOrder(Sampler[int]):
    """Indices of a data set as TRL's ``RepeatSampler`` yields them, and the same ones again in a resumed run.

    TRL's draws an epoch's order from a generator that it carries along; a run resumed in its second epoch would begin
    with the order of the first.

    Args:
        items: in the data set.
        prompts: of a rollout, over all processes; what is left over at an epoch's end waits for another epoch.
        group: completions of a prompt, so often it stands in a row.
        repeats: batches that TRL takes from its loader per rollout.
        epoch: tells the present epoch whenever an iteration begins.
    """

    def __init__(
        self, *, items: int, prompts: int, group: int, repeats: int, seed: int, epoch: Callable[[], int]
    ) -> None:
        self.items, self.prompts, self.group, self.repeats = items, prompts, group, repeats
        self.seed, self.epoch = seed, epoch

    def __len__(self) -> int:
        return self.items // self.prompts * self.prompts * self.group * self.repeats

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self.seed)
        for _ in range(self.epoch() + 1):
            order = torch.randperm(self.items, generator=generator).tolist()
        for start in range(0, self.items - self.prompts + 1, self.prompts):
            rollout = [index for index in order[start : start + self.prompts] for _ in range(self.group)]
            for _ in range(self.repeats):
                yield from rollout
