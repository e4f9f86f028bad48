"""Continuing a started response from a local checkpoint.

The one place where collection asks a model for text. A tree of starts over one picture is one shared prefix after the
other: whoever samples several completions of one start reads question, picture and start once for all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import GenerationConfig

from seethink.models.load import Checkpoint
from seethink.models.sampling import Draw, Prompt, vision_token_ids


@torch.no_grad()
def continue_responses(
    checkpoint: Checkpoint,
    prompts: Sequence[Prompt],
    starts: Sequence[str],
    *,
    draws: int = 1,
    temperature: float = 1.0,
    max_tokens: int = 256,
    seed: int = 0,
) -> list[list[Draw]]:
    """``draws`` ways in which each started response goes on; the start is not repeated. One batch with one seed."""
    model, processor = checkpoint.model.eval(), checkpoint.processor
    tokenizer = processor.tokenizer
    inputs = started_inputs(processor, prompts, starts)
    config = GenerationConfig(
        max_new_tokens=max_tokens,
        do_sample=temperature > 0,
        **({"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature > 0 else {}),
        num_return_sequences=draws,
        repetition_penalty=1.0,
        no_repeat_ngram_size=0,
        min_new_tokens=0,
        num_beams=1,
        suppress_tokens=vision_token_ids(checkpoint),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    output = model.generate(
        **{name: value.to(model.device) for name, value in inputs.items()}, generation_config=config
    )
    rows = output[:, inputs["input_ids"].shape[1] :].cpu().tolist()
    lengths = inputs["attention_mask"].sum(1).tolist()
    return [
        [_draw(row, length, tokenizer) for row in rows[place * draws : (place + 1) * draws]]
        for place, length in enumerate(lengths)
    ]


def started_inputs(processor: Any, prompts: Sequence[Prompt], starts: Sequence[str]) -> dict[str, torch.Tensor]:
    """Model inputs of prompts with the beginning of a response behind each, padded on the left."""
    tokenizer = processor.tokenizer
    texts = [processor.apply_chat_template(one.messages, add_generation_prompt=True, tokenize=False) for one in prompts]
    pictures = [picture for prompt in prompts for picture in prompt.images]
    asked = processor(text=texts, images=pictures or None, return_tensors="pt", padding=True)
    # What a model wrote is text, also where it spells a control token.
    said = [
        list(tokenizer(start, add_special_tokens=False, split_special_tokens=True)["input_ids"]) for start in starts
    ]
    rows = [
        [token for token, keep in zip(ids, mask, strict=True) if keep] + more
        for ids, mask, more in zip(asked["input_ids"].tolist(), asked["attention_mask"].tolist(), said, strict=True)
    ]
    longest = max(map(len, rows))
    pad, image = tokenizer.pad_token_id, processor.image_token_id
    ids_BT = torch.tensor([[pad] * (longest - len(row)) + row for row in rows])
    mask_BT = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    # 1 marks a picture's tokens; without the types a Qwen2.5-VL silently counts positions in one dimension.
    types_BT = (ids_BT == image).long()
    added = {"input_ids": ids_BT, "attention_mask": mask_BT, "mm_token_type_ids": types_BT}
    return {**asked} | {name: value for name, value in added.items() if name in asked}


def _draw(ids: list[int], prompt_tokens: int, tokenizer: Any) -> Draw:
    truncated = tokenizer.eos_token_id not in ids
    length = len(ids) if truncated else ids.index(tokenizer.eos_token_id) + 1
    return Draw(tokenizer.decode(ids[:length], skip_special_tokens=True), prompt_tokens, length, truncated)
