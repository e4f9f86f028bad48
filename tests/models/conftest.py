"""The random tiny model, loaded once, and prompts over pictures of the world."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.models.load import Checkpoint, load_checkpoint
from seethink.models.sampling import Prompt


@pytest.fixture(scope="session")
def checkpoint(tiny: Path) -> Checkpoint:
    """Shared: a test that edits a model loads its own."""
    return load_checkpoint(tiny)


@pytest.fixture
def copy(tiny: Path, tmp_path: Path) -> Path:
    """A checkpoint folder to damage."""
    return Path(shutil.copytree(tiny, tmp_path / "checkpoint"))


@pytest.fixture(scope="session")
def prompts(world_items: list[Item], world_images: ImageStore) -> list[Prompt]:
    return [Prompt(messages(item), [world_images.open(digest) for digest in item.images]) for item in world_items]


def encode(checkpoint: Checkpoint, prompts: Sequence[Prompt]) -> Any:
    processor = checkpoint.processor
    texts = [processor.apply_chat_template(p.messages, add_generation_prompt=True, tokenize=False) for p in prompts]
    pictures = [picture for prompt in prompts for picture in prompt.images]
    return processor(text=texts, images=pictures or None, padding=True, return_tensors="pt")


@pytest.fixture(scope="session", name="encode")
def encode_fixture() -> Any:
    """Prompts as one padded batch of model inputs."""
    return encode
