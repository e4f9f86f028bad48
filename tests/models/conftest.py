"""The random tiny model, loaded once, and prompts over pictures of the world."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.models.groups import PromptBatch, encode_prompts
from seethink.models.load import Checkpoint, load_checkpoint
from seethink.models.sampling import Prompt, vision_token_ids


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


def tiny_family(family: str, checkpoint: Checkpoint, **text: Any) -> Any:
    """A model of ``family`` with random weights, for the tiny model's tokenizer and patches."""
    from transformers import AutoConfig, AutoModelForImageTextToText

    ours = checkpoint.model.config
    vision = {"depth": 3, "hidden_size": 32, "num_heads": 2, "patch_size": 14, "spatial_merge_size": 2}
    vision |= {
        "qwen2_5_vl": {"intermediate_size": 48, "out_hidden_size": 64, "fullatt_block_indexes": [1]},
        "qwen2_vl": {"embed_dim": 32, "hidden_size": 64, "mlp_ratio": 2},
        "qwen3_vl": {
            "intermediate_size": 48,
            "out_hidden_size": 64,
            "num_position_embeddings": 64,
            "deepstack_visual_indexes": [0, 1],
        },
        "qwen3_5": {"intermediate_size": 48, "out_hidden_size": 64, "num_position_embeddings": 64},
    }[family]
    words = {
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_hidden_layers": 4,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "vocab_size": ours.text_config.vocab_size,
        "max_position_embeddings": 4096,
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [4, 2, 2]},
        "bos_token_id": None,
        "eos_token_id": ours.text_config.eos_token_id,
        "pad_token_id": ours.text_config.pad_token_id,
    }
    if family in ("qwen3_vl", "qwen3_5"):
        words |= {"head_dim": 16}
    if family == "qwen3_5":
        words |= {"linear_key_head_dim": 16, "linear_value_head_dim": 16}
        words |= {"linear_num_key_heads": 2, "linear_num_value_heads": 2}
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    config = AutoConfig.for_model(
        family,
        text_config=words | text,
        vision_config=vision,
        tie_word_embeddings=False,
        **{name: getattr(ours, name) for name in names},
    )
    torch.manual_seed(0)
    model = AutoModelForImageTextToText.from_config(config)
    with torch.no_grad():
        for parameter in model.parameters():
            # Fresh weights are so small that every prompt would get nearly the same answer.
            if parameter.dim() > 1:
                parameter.mul_(4)
    return model.eval()


@pytest.fixture(scope="session", name="tiny_family")
def tiny_family_fixture() -> Any:
    return tiny_family


@pytest.fixture(scope="session", params=["qwen2_5_vl", "qwen2_vl", "qwen3_vl"])
def family(request: pytest.FixtureRequest, checkpoint: Checkpoint) -> Any:
    """One model per family, shared: a test that edits a model makes its own."""
    return tiny_family(request.param, checkpoint)


class Told(NamedTuple):
    """Prompts of every kind, and completions of them."""

    asked: list[Prompt]
    prompts: PromptBatch
    ids_PGC: torch.Tensor
    mask_PGC: torch.Tensor


@pytest.fixture(scope="session")
def told(checkpoint: Checkpoint, prompts: list[Prompt]) -> Told:
    """One picture, none, two of two sizes, one; completions of many lengths, one of a single token, one missing."""
    words = [{"role": "user", "content": [{"type": "text", "text": "How many is 2 plus 3?"}]}]
    pair = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "Which has more?"}]
    pictures = [prompts[0].images[0], prompts[1].images[0].resize((112, 56))]
    asked = [prompts[0], Prompt(words, []), Prompt([{"role": "user", "content": pair}], pictures), prompts[1]]
    lengths_PG = [[7, 1, 4], [5, 5, 2], [9, 0, 3], [6, 6, 6]]
    mask_PGC = torch.tensor([[[int(place < n) for place in range(9)] for n in lengths_G] for lengths_G in lengths_PG])
    spoken = [
        token for token in range(len(checkpoint.processor.tokenizer)) if token not in vision_token_ids(checkpoint)
    ]
    drawn_PGC = torch.randint(len(spoken), mask_PGC.shape, generator=torch.Generator().manual_seed(0))
    ids_PGC = torch.tensor(spoken)[drawn_PGC] * mask_PGC
    return Told(asked, encode_prompts(checkpoint.processor, asked), ids_PGC, mask_PGC)


def one_by_one(model: Any, checkpoint: Checkpoint, told: Told, temperature: float = 1.0) -> tuple[Any, Any]:
    """Log-probabilities and entropies of each completion alone, as transformers gives them."""
    rows = []
    for prompt, ids_GC, mask_GC in zip(told.asked, told.ids_PGC, told.mask_PGC, strict=True):
        for ids_C, mask_C in zip(ids_GC, mask_GC.bool(), strict=True):
            inputs = dict(encode(checkpoint, [prompt]))
            said_1C, prefix = ids_C[mask_C][None], inputs["input_ids"].shape[1]
            inputs["input_ids"] = torch.cat([inputs["input_ids"], said_1C], dim=1)
            inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
            inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(said_1C)], dim=1)
            logps_CV = (model(**inputs).logits[0, prefix - 1 : -1] / temperature).log_softmax(-1)
            found_C2 = torch.stack([logps_CV.gather(1, said_1C.T)[:, 0], -(logps_CV.exp() * logps_CV).sum(1)], dim=1)
            rows.append(torch.nn.functional.pad(found_C2, (0, 0, 0, told.ids_PGC.shape[2] - len(found_C2))))
    return torch.stack(rows).view(*told.ids_PGC.shape, 2).unbind(-1)


@pytest.fixture(scope="session", name="one_by_one")
def one_by_one_fixture() -> Any:
    return one_by_one
