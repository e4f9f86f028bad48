"""What comes out of training: new weights among the files of their start.

Training changes no token, no template and no way of cutting a picture, so those files are the start's own, byte for
byte: whatever reads the start reads what came of it. Written anew by another release of transformers they need not be:
release 5 writes configs that release 4, and servers built on it, misread.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

OF_THE_START = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "video_preprocessor_config.json",
    "processor_config.json",
    "chat_template.jinja",
    "chat_template.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "tokenizer.model",
    "vocab.json",
    "merges.txt",
    "added_tokens.json",
    "special_tokens_map.json",
    "LICENSE",
    "NOTICE",
)
"""Files of a checkpoint that say how its weights are used, and under which terms."""


def save_trained(model: Any, start: Path, folder: Path, state: Mapping[str, Any] | None = None) -> Path:
    """Write ``folder`` so that it loads as ``start`` does.

    Args:
        model: the trained one, without wrappers.
        state: its weights where they were gathered from several processes; those that it holds where None.
    """
    model.save_pretrained(folder, state_dict=state)
    copy_beside(start, folder)
    return folder


def copy_beside(start: Path, folder: Path) -> None:
    """Put the start's files about its weights into ``folder``, over what is there under these names."""
    for name in OF_THE_START:
        if (start / name).is_file():
            shutil.copyfile(start / name, folder / name)
        else:
            (folder / name).unlink(missing_ok=True)
