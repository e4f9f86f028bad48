"""Settings that must be there before any test imports torch or tokenizers, and where real data lie."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from seethink.core.images import ImageStore
    from seethink.core.item import Item

# Two threads suit the smallest machine; more processes of more threads than there are cores slow each other forty-fold.
os.environ.setdefault("OMP_NUM_THREADS", "2")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A test that would fetch something fails instead.
os.environ.setdefault("HF_HUB_OFFLINE", "1")

CHECKOUT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The root of the repository."""
    return CHECKOUT


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Extracts of public data sets beside the checkout, never committed; the test skips where there are none."""
    folder = CHECKOUT.parent / "shared" / "real_data"
    if not folder.is_dir():
        pytest.skip("no ../shared/real_data beside this checkout")
    return folder


@pytest.fixture(scope="session")
def scripted() -> Any:
    """The module of the scripted endpoint on loopback, ``tests/teachers/scripted_server.py``."""
    path = Path(__file__).parent / "teachers" / "scripted_server.py"
    spec = importlib.util.spec_from_file_location("scripted_server", path)
    assert spec is not None and spec.loader is not None
    module = sys.modules.setdefault("scripted_server", importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def server(scripted: Any) -> Iterator[Any]:
    with scripted.serving(scripted.ScriptedServer()) as running:
        yield running


@pytest.fixture
def Fault(scripted: Any) -> Any:
    return scripted.Fault


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint folder of the shipped base's architecture with random weights: no test of a mechanism needs more."""
    import torch

    from seethink.core.chat import system_prompt
    from seethink.models.load import save_checkpoint
    from seethink.models.tiny import tiny_model, tiny_processor, tiny_tokenizer
    from seethink.world.questions import question_text
    from seethink.world.traces import pretraining_example

    examples = [pretraining_example(-1, index) for index in range(300)]
    texts = [f"{question_text(example.question)}\n{example.response}" for example in examples]
    tokenizer = tiny_tokenizer([system_prompt(), *texts])
    model = tiny_model(tokenizer, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            # Fresh weights are so small that every prompt would get nearly the same answer.
            if parameter.dim() > 1:
                parameter.mul_(4)
    return save_checkpoint(model, tiny_processor(tokenizer), tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="session")
def tiny_scorer(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A scorer's folder: the random tiny model with a fresh head."""
    from seethink.models.load import save_checkpoint
    from seethink.models.score_head import new_scorer

    model, processor, _ = new_scorer(tiny, seed=0)
    return save_checkpoint(model, processor, tmp_path_factory.mktemp("scorer"))


@pytest.fixture(scope="session")
def world_images(tmp_path_factory: pytest.TempPathFactory) -> ImageStore:
    from seethink.core.images import ImageStore

    return ImageStore(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def world_items(world_images: ImageStore) -> list[Item]:
    """Twenty different items of the world, pictures in ``world_images``."""
    from seethink.core.item import Item
    from seethink.world.source import WorldConfig, WorldSource

    return [item for item in WorldSource(WorldConfig(count=20)).items(world_images) if isinstance(item, Item)]


@pytest.fixture(scope="session")
def watched() -> Any:
    """``with watched(model) as (tokens, pictures)``: tokens of every pass of the language model, a one for every pass
    of the tower."""

    @contextmanager
    def watching(model: Any) -> Iterator[tuple[list[int], list[int]]]:
        tokens: list[int] = []
        pictures: list[int] = []
        hooks = [
            model.model.language_model.layers[0].register_forward_hook(
                lambda module, given, output: tokens.append(given[0].shape[:2].numel())
            ),
            model.model.visual.register_forward_hook(lambda *_: pictures.append(1)),
        ]
        try:
            yield tokens, pictures
        finally:
            for hook in hooks:
                hook.remove()

    return watching
