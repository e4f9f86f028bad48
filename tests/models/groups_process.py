"""One process of a distributed pass, groups with pictures on the first, text alone on the second; or both by itself.

groups_process.py CHECKPOINT OUT        (with torchrun's environment variables, or without)
"""

from __future__ import annotations

import os
import sys

import torch
import torch.distributed as dist
from safetensors.torch import save_file
from torch.nn.parallel import DistributedDataParallel

from seethink.models.groups import PromptBatch, group_logps
from seethink.models.load import load_checkpoint

WORDS = (9, 5)


def batch(model: torch.nn.Module, rank: int) -> tuple[PromptBatch, torch.Tensor, torch.Tensor]:
    """Two prompts of three completions; the first process's show a picture of four tokens each."""
    numbers = torch.Generator().manual_seed(rank)
    ids, config = [], model.config
    for length in WORDS:
        words = torch.randint(20, 200, (length,), generator=numbers)
        picture = [config.vision_start_token_id, *[config.image_token_id] * 4, config.vision_end_token_id]
        ids.append(torch.cat([torch.tensor(picture), words]) if rank == 0 else words)
    pixels = tuple(torch.rand(16, 1176, generator=numbers) for _ in ids) if rank == 0 else ()
    shown = ((0,), (1,)) if rank == 0 else ((), ())
    prompts = PromptBatch(tuple(ids), pixels, ((1, 4, 4),) * len(pixels), shown)
    said = torch.randint(20, 200, (2, 3, 6), generator=numbers)
    return prompts, said, torch.ones_like(said)


def main() -> None:
    folder, out = sys.argv[1:]
    bare = load_checkpoint(folder).model
    if "RANK" in os.environ:
        dist.init_process_group("gloo")
        model, ranks = DistributedDataParallel(bare), [dist.get_rank()]
    else:
        model, ranks = bare, [0, 1]
    for rank in ranks:
        group_logps(model, *batch(bare, rank)).logps_PGC.sum().backward()
    if ranks[0] == 0:
        save_file({name: one.grad.contiguous() for name, one in bare.named_parameters()}, out)


if __name__ == "__main__":
    main()
