"""What it saves to keep a reward model on the CPU between two batches of answers, and what it costs.

    python benchmarks/scorer.py [FOLDER]

FOLDER holds a sequence classifier; without one, the shipped base gets a fresh head. The peer is the same scorer kept on
the accelerator for good. Memory is that of a CUDA device, in bytes; where there is none, only the seconds are measured
and the two scorers are the same. The last line is JSON.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from seethink.core.images import ImageStore
from seethink.models.device import device_name, own_device, peak_memory
from seethink.models.load import BASE, Checkpoint
from seethink.models.sampling import Prompt
from seethink.models.score_head import as_prompt, load_scorer, new_scorer, score
from seethink.world.preferences import preference_pair
from seethink.world.questions import Split, as_item

ANSWERS = 128
BATCH = 16
RUNS = 3


def prompts(folder: Path) -> list[Prompt]:
    store = ImageStore(folder)
    made = []
    for index in range(ANSWERS):
        pair = preference_pair(0, index, split=Split.HELDOUT)
        item = as_item(pair.question, store)
        made.append(as_prompt(item, pair.better, [store.open(digest) for digest in item.images]))
    return made


def measure(checkpoint: Checkpoint, asked: list[Prompt], device: str) -> dict[str, Any]:
    """Bytes held before scoring and at most while scoring, and the best of ``RUNS`` times."""
    score(checkpoint, asked[:BATCH], batch=BATCH, device=device)
    held = torch.cuda.memory_allocated(device) if device.startswith("cuda") else None
    more = peak_memory(lambda: score(checkpoint, asked, batch=BATCH, device=device), device)
    best = float("inf")
    for _ in range(RUNS):
        started = time.perf_counter()
        score(checkpoint, asked, batch=BATCH, device=device)
        best = min(best, time.perf_counter() - started)
    peak = held + more if held is not None and more is not None else None
    return {"held_bytes": held, "peak_bytes": peak, "seconds": round(best, 4)}


def main() -> None:
    device = own_device()
    checkpoint = load_scorer(sys.argv[1]) if len(sys.argv) > 1 else new_scorer(BASE, seed=0)
    with tempfile.TemporaryDirectory() as folder:
        asked = prompts(Path(folder))
    moved = measure(checkpoint, asked, device)
    checkpoint.model.to(device)
    resident = measure(checkpoint, asked, device)
    found = {
        "device": device_name(),
        "weights_bytes": sum(tensor.numel() * tensor.element_size() for tensor in checkpoint.model.parameters()),
        "moved": moved,
        "resident": resident,
        "seconds_ratio": round(moved["seconds"] / resident["seconds"], 3),
    }
    if not device.startswith("cuda"):
        Console().print("no CUDA device: memory is unmeasured here")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
