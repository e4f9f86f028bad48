"""Qwen2.5-VL of any size with random weights, and questions of one length about pictures of noise."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Size:
    """A model by its numbers, and what it is asked."""

    hidden: int
    inner: int
    layers: int
    heads: int
    kv_heads: int
    vocabulary: int
    vision_hidden: int
    vision_inner: int
    vision_layers: int
    vision_heads: int
    whole_picture_layers: tuple[int, ...]
    """Layers of the tower whose attention spans the picture; in the others it spans a window."""
    rope: tuple[int, int, int]
    tied: bool
    picture: tuple[int, int]
    """Merged patches, rows and columns."""
    prompt: int
    """Tokens, the picture's included."""
    completions: tuple[int, ...]
    prompts: int
    dtype: str = "float32"


SIZES = {
    # The tower takes as large a share of the work as in the 3B model.
    "small": Size(256, 768, 4, 4, 2, 2_048, 128, 256, 4, 4, (3,), (8, 12, 12), False, (16, 16), 390, (64, 256), 2),
    "3b": Size(
        2_048,
        11_008,
        36,
        16,
        2,
        151_936,
        1_280,
        3_420,
        32,
        16,
        (7, 15, 23, 31),
        (16, 24, 24),
        True,
        (30, 40),
        1_350,
        (400,),
        1,
        "bfloat16",
    ),
}


def sized_model(size: Size) -> tuple[Any, Any]:
    import torch
    from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

    from seethink.core.chat import system_prompt
    from seethink.models.tiny import SPECIAL_TOKENS, tiny_processor, tiny_tokenizer

    tokenizer = tiny_tokenizer([system_prompt()], vocabulary=2_000)
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": size.hidden,
            "intermediate_size": size.inner,
            "num_hidden_layers": size.layers,
            "num_attention_heads": size.heads,
            "num_key_value_heads": size.kv_heads,
            "vocab_size": size.vocabulary,
            "max_position_embeddings": 32_768,
            "rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": list(size.rope)},
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "tie_word_embeddings": size.tied,
        },
        vision_config={
            "depth": size.vision_layers,
            "hidden_size": size.vision_hidden,
            "intermediate_size": size.vision_inner,
            "num_heads": size.vision_heads,
            "out_hidden_size": size.hidden,
            "fullatt_block_indexes": list(size.whole_picture_layers),
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        tie_word_embeddings=size.tied,
    )
    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        model = Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = ids["<|im_end|>"]
    model.generation_config.pad_token_id = ids["<|endoftext|>"]
    return model, tiny_processor(tokenizer)


def noise_items(size: Size, processor: Any, images: Any) -> dict[str, Any]:
    """Different pictures of noise, with questions as long as the prompt wants."""
    import numpy as np
    from PIL import Image

    from seethink.core.chat import messages
    from seethink.core.item import make_item
    from seethink.models.groups import encode_prompts
    from seethink.models.prompt import Prompt

    side = 2 * processor.image_processor.patch_size
    rows, columns = size.picture
    items = []
    for number in range(size.prompts):
        noise = np.random.default_rng(number).integers(0, 256, (rows * side, columns * side, 3), dtype=np.uint8)
        picture, written = Image.fromarray(noise), io.BytesIO()
        picture.save(written, "PNG")
        digest = images.add(written.getvalue())

        def asked(words: int, digest: str = digest) -> Any:
            return make_item(source="speed", question="a" + " a" * words, gold="1", verifier="digit", images=(digest,))

        def length(item: Any, picture: Any = picture) -> int:
            return len(encode_prompts(processor, [Prompt(messages(item), [picture])]).ids_P[0])

        item = asked(max(0, size.prompt - length(asked(0))))
        if length(item) != size.prompt:
            raise SystemExit(f"a prompt has {length(item)} tokens and should have {size.prompt}")
        items.append(item)
    return {item.id: item for item in items}
