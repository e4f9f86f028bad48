"""The embedded world's model: a Qwen2.5-VL small enough for a laptop, with a tokenizer of its own.

Two million parameters, hidden 160, five text layers, two vision layers; one merged patch sees one cell of a scene.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from seethink.models.processor import ImageTextProcessor, build_processor

VISION_TOKENS = ("<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>")
SPECIAL_TOKENS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>", *VISION_TOKENS)

# Tags, LaTeX commands, decimals and places are one unit each; a digit stands alone, so numbers are read digit by digit.
_UNITS = r"</?[a-z]+>|\\[a-z]+| ?\d\.\d\d| ?[A-Za-z]+\d?| ?\d|\n| ?[^\sA-Za-z\d]|\s+"


def tiny_tokenizer(texts: Iterable[str], vocabulary: int = 832) -> PreTrainedTokenizerFast:
    """Byte-level BPE with merges learnt on ``texts``; the 256 bytes are all there, so any text can be encoded."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_UNITS), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
        extra_special_tokens=[*VISION_TOKENS, "<|im_start|>"],
        chat_template=files("seethink.models").joinpath("chat_template.jinja").read_text(encoding="utf-8"),
        padding_side="left",
        clean_up_tokenization_spaces=False,
    )


def tiny_processor(tokenizer: PreTrainedTokenizerFast) -> ImageTextProcessor:
    """Pictures are shifted so that white paper is zero.

    With the usual shift, white is a large constant in every patch; it grows under Adam until colour, a small difference
    beside it, is normalised away (measured: docs/log.md).
    """
    return build_processor(tokenizer, Qwen2VLImageProcessorPil(image_mean=[1.0] * 3, image_std=[0.5] * 3))


def tiny_model(tokenizer: PreTrainedTokenizerFast, seed: int) -> Qwen2_5_VLForConditionalGeneration:
    """Random weights; the same seed gives the same weights."""
    ids = {token: tokenizer.convert_tokens_to_ids(token) for token in SPECIAL_TOKENS}
    hidden = 160
    config = Qwen2_5_VLConfig(
        text_config={
            "hidden_size": hidden,
            "intermediate_size": 3 * hidden,
            "num_hidden_layers": 5,
            "num_attention_heads": 4,
            "num_key_value_heads": 2,
            "vocab_size": len(tokenizer),
            "max_position_embeddings": 4096,
            "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0, "mrope_section": [8, 6, 6]},
            "bos_token_id": None,
            "eos_token_id": ids["<|im_end|>"],
            "pad_token_id": ids["<|endoftext|>"],
            "tie_word_embeddings": False,
        },
        vision_config={
            "depth": 2,
            "hidden_size": 96,
            "intermediate_size": 192,
            "num_heads": 4,
            "out_hidden_size": hidden,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "temporal_patch_size": 2,
            "fullatt_block_indexes": [0, 1],
        },
        image_token_id=ids["<|image_pad|>"],
        video_token_id=ids["<|video_pad|>"],
        vision_start_token_id=ids["<|vision_start|>"],
        vision_end_token_id=ids["<|vision_end|>"],
        # Tied, words that a young model cannot tell apart (every colour) are drawn together by the output side until
        # the input side cannot tell them apart either: cosine 0.98 between colours, and none ever learnt (docs/log.md).
        tie_word_embeddings=False,
    )
    torch.manual_seed(seed)
    model = Qwen2_5_VLForConditionalGeneration(config)
    model.generation_config.eos_token_id = ids["<|im_end|>"]
    model.generation_config.pad_token_id = ids["<|endoftext|>"]
    return model
