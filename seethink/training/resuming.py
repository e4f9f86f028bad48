"""Resuming: checkpoints that the trainer can read back, and which one to go on from.

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

from transformers.trainer_utils import get_last_checkpoint


@contextmanager
def readable_checkpoints(model: Any) -> Iterator[None]:
    """While open, ``model`` saves under the names it is loaded by."""
    model.save_pretrained = partial(model.save_pretrained, save_original_format=False)
    try:
        yield
    finally:
        del model.save_pretrained


def last_checkpoint(folder: Path) -> str | None:
    """The newest whole checkpoint. One that a kill cut off lacks the state, written last, and is removed."""
    for path in folder.glob("checkpoint-*"):
        if not (path / "trainer_state.json").exists():
            shutil.rmtree(path)
    return get_last_checkpoint(str(folder)) if folder.exists() else None
