"""Resuming: checkpoints that the trainer can read back, that are whole or not there, and which one to go on from.

transformers 5 writes a Qwen2-VL checkpoint under the parameter names of version 4, and its Trainer reads them back
without renaming: nothing matches, a warning is all, and the run goes on from its start with its middle's optimiser.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from seethink.core.tables import read_json, write_json
from seethink.training.processes import first_process, wait_for_all

SEAL = "sealed.json"
"""Names every file of a checkpoint with its size; written last."""


class Sealing(TrainerCallback):  # type: ignore[misc]
    """Seals a checkpoint once every process has written its part, and only then drops those before it.

    Give the trainer no ``save_total_limit``: it would drop the old one before the new one is sealed. No checkpoint is
    written at the last step: the model itself comes next, and a trainer resumed there would take a step too many.

    Args:
        keep: sealed checkpoints that stay.
    """

    def __init__(self, keep: int = 1) -> None:
        self.keep = keep

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step >= state.max_steps:
            control.should_save = False

    def on_save(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        wait_for_all()
        if first_process():
            folder = Path(args.output_dir)
            seal(folder / f"checkpoint-{state.global_step}")
            for old in sealed_checkpoints(folder)[: -self.keep]:
                drop(old)
        wait_for_all()


def seal(checkpoint: Path) -> None:
    """Say that everything in this folder is whole."""
    sizes = {path.relative_to(checkpoint).as_posix(): path.stat().st_size for path in _files(checkpoint)}
    write_json(checkpoint / SEAL, {"files": sizes})


def sealed_checkpoints(folder: Path) -> list[Path]:
    """Whole checkpoints, oldest first."""
    return sorted(filter(_whole, folder.glob("checkpoint-*")), key=checkpoint_step)


def checkpoint_step(checkpoint: Path) -> int:
    """After which optimiser step it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def drop(checkpoint: Path) -> None:
    """Remove one; the seal goes first, so that a kill half-way leaves nothing that looks whole."""
    (checkpoint / SEAL).unlink(missing_ok=True)
    shutil.rmtree(checkpoint, ignore_errors=True)


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint; what a kill cut off in the writing is removed."""
    wait_for_all()
    if first_process():
        whole = set(sealed_checkpoints(folder))
        for path in folder.glob("checkpoint-*"):
            if path not in whole:
                drop(path)
    wait_for_all()
    found = sealed_checkpoints(folder)
    return str(found[-1]) if found else None


@contextmanager
def readable_checkpoints(model: Any) -> Iterator[None]:
    """While open, ``model`` saves under the names it is loaded by."""
    model.save_pretrained = partial(model.save_pretrained, save_original_format=False)
    try:
        yield
    finally:
        del model.save_pretrained


def _whole(checkpoint: Path) -> bool:
    if not (checkpoint / SEAL).is_file():
        return False
    sizes = read_json(checkpoint / SEAL)["files"]
    return all(
        (checkpoint / name).is_file() and (checkpoint / name).stat().st_size == size for name, size in sizes.items()
    )


def _files(checkpoint: Path) -> list[Path]:
    return sorted(path for path in checkpoint.rglob("*") if path.is_file() and path.name != SEAL)
