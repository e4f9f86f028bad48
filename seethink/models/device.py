"""The machine that models run on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch


def use_threads(count: int) -> None:
    """Limit torch on a CPU. Two torch processes on the same cores slow each other forty-fold: give each its own."""
    torch.set_num_threads(count)


def device_name() -> str:
    if torch.cuda.is_available():
        return str(torch.cuda.get_device_name(0))
    return f"CPU, {torch.get_num_threads()} threads"


def accelerators() -> list[str]:
    """Names of the accelerators that this process may use, as ``CUDA_VISIBLE_DEVICES`` takes them; none on a CPU."""
    numbered = [str(number) for number in range(torch.cuda.device_count())]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",") if numbered and visible else numbered


def own_device() -> str:
    """This process's accelerator, the CPU where there is none.

    By the launcher's rank: torch's current device is a thread's own, and a scorer's thread would find the first.
    """
    if not torch.cuda.is_available():
        return "cpu"
    return f"cuda:{int(os.environ.get('LOCAL_RANK', '0')) % torch.cuda.device_count()}"


@contextmanager
def borrowed(model: torch.nn.Module, device: str) -> Iterator[None]:
    """``model`` on ``device`` while open, on the CPU before and after, whatever happens inside.

    Its tensors on the CPU stay where they are and are taken up again: nothing is copied back, and what the accelerator
    holds of the model is gone when the block ends.
    """
    tables: list[Any] = [table for module in model.modules() for table in (module._parameters, module._buffers)]
    homes = [(table, name, tensor) for table in tables for name, tensor in table.items() if tensor is not None]
    away: dict[int, torch.Tensor] = {}
    # A thread's current device is the first one, whichever its process works on.
    current = torch.cuda.device(device) if device.startswith("cuda") else nullcontext()
    try:
        with current:
            for table, name, home in homes:
                # By identity: tied weights go once and stay tied.
                if id(home) not in away:
                    moved = home.detach().to(device)
                    away[id(home)] = torch.nn.Parameter(moved, False) if isinstance(home, torch.nn.Parameter) else moved
                table[name] = away[id(home)]
            yield
    finally:
        for table, name, home in homes:
            table[name] = home
        away.clear()
        if device.startswith("cuda"):
            torch.cuda.empty_cache()


def peak_memory(work: Callable[[], object], device: str) -> int | None:
    """Most bytes that ``work`` held on a CUDA device beyond what was there before; None where it is no CUDA device."""
    if not device.startswith("cuda"):
        return None
    torch.cuda.synchronize(device)
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    work()
    torch.cuda.synchronize(device)
    return int(torch.cuda.max_memory_allocated(device) - before)
