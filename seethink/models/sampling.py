"""Sampling responses from a local checkpoint, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import torch
from PIL import Image
from transformers import GenerationConfig

from seethink.models.load import Checkpoint


class Prompt(NamedTuple):
    """Chat messages (``core.chat.messages``) and the pictures they mark, in order."""

    messages: list[dict[str, Any]]
    images: list[Image.Image]


class Draw(NamedTuple):
    """One response. ``truncated``: it stopped at the token limit."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    truncated: bool


def vision_token_ids(checkpoint: Checkpoint) -> list[int]:
    """Tokens that stand for pictures; sampled into a response they would ask for pictures that are not there."""
    config = checkpoint.model.config
    names = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    return [token for name in names if (token := getattr(config, name, None)) is not None]


def sample(
    checkpoint: Checkpoint,
    prompts: Sequence[Prompt],
    *,
    draws: int = 1,
    temperature: float = 1.0,
    max_tokens: int = 256,
    batch: int = 128,
    seed: int = 0,
) -> Iterator[list[Draw]]:
    """``draws`` responses per prompt, in the order of the prompts; temperature 0 is greedy.

    Args:
        batch: completions decoded at a time.
        seed: every batch is seeded by it and its number, so a run resumed at a batch boundary draws the same.
    """
    size = max(1, batch // draws)
    config = GenerationConfig(
        max_new_tokens=max_tokens,
        do_sample=temperature > 0,
        **({"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature > 0 else {}),
        num_return_sequences=draws,
        # What is left open here comes from the checkpoint's own settings, and would become part of the measure.
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        min_new_tokens=0,
        num_beams=1,
        suppress_tokens=vision_token_ids(checkpoint),
        eos_token_id=checkpoint.processor.tokenizer.eos_token_id,
        pad_token_id=checkpoint.processor.tokenizer.pad_token_id,
    )
    for number, start in enumerate(range(0, len(prompts), size)):
        yield from _sample_batch(checkpoint, prompts[start : start + size], config, seed + 7919 * number)


@torch.no_grad()
def _sample_batch(
    checkpoint: Checkpoint, prompts: Sequence[Prompt], config: GenerationConfig, seed: int
) -> Iterator[list[Draw]]:
    model, processor = checkpoint.model.eval(), checkpoint.processor
    texts = [
        processor.apply_chat_template(prompt.messages, add_generation_prompt=True, tokenize=False) for prompt in prompts
    ]
    pictures = [picture for prompt in prompts for picture in prompt.images]
    inputs = processor(text=texts, images=pictures or None, padding=True, return_tensors="pt").to(model.device)
    torch.manual_seed(seed)
    output = model.generate(**inputs, generation_config=config)
    completions = output[:, inputs["input_ids"].shape[1] :].cpu()
    prompt_tokens = inputs["attention_mask"].sum(1).tolist()
    draws = config.num_return_sequences
    for index, prompt_length in enumerate(prompt_tokens):
        rows = completions[index * draws : (index + 1) * draws]
        yield [_draw(row.tolist(), prompt_length, processor.tokenizer) for row in rows]


def _draw(ids: list[int], prompt_tokens: int, tokenizer: Any) -> Draw:
    truncated = tokenizer.eos_token_id not in ids
    length = len(ids) if truncated else ids.index(tokenizer.eos_token_id) + 1
    text = tokenizer.decode(ids[:length], skip_special_tokens=True)
    return Draw(text, prompt_tokens, length, truncated)
