"""The machine that models run on."""

from __future__ import annotations

import torch


def use_threads(count: int) -> None:
    """Limit torch on a CPU. Two torch processes on the same cores slow each other forty-fold: give each its own."""
    torch.set_num_threads(count)


def best_device() -> torch.device:
    """Where a model that is only asked runs: the first GPU, else the CPU. Trainers place theirs themselves."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name() -> str:
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))
    return f"CPU, {torch.get_num_threads()} threads"
