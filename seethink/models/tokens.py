"""How many tokens a sample takes: its pictures, the rest of its prompt, its completion. Nothing is decoded or run."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

from seethink.core.chat import messages, system_prompt
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected

UNREADABLE = "picture the model cannot take"
CONTROL = "text holds a control token"

AT_ONCE = 256
"""Samples whose texts are tokenised in one call."""

CHARACTERS = 3.5
"""Characters of a token, where there is no tokenizer to ask: about 4 in English, fewer in formulas. choice."""

TEMPLATE = 20
"""Tokens that a chat template adds to a prompt, about."""

PIXELS = {"shortest_edge": 56 * 56, "longest_edge": 16_384 * 28 * 28}
"""Bounds of a picture's area in the published checkpoints of Qwen2-VL and Qwen2.5-VL."""


class SampleTokens(NamedTuple):
    """Tokens of one sample, as training counts them.

    Attributes:
        picture: in place of its pictures' patches.
        prompt: of the prompt without those: system prompt, question, and what the chat template adds.
        completion: of the response and the end of its turn; 0 where there is no response.
    """

    picture: int
    prompt: int
    completion: int

    @property
    def total(self) -> int:
        return self.picture + self.prompt + self.completion


def sample_tokens(
    processor: Any, samples: Sequence[tuple[Item, str | None]], images: ImageStore
) -> Iterator[SampleTokens | Rejected]:
    """One count per item and response (None: a prompt alone), in order.

    Reasons of rejection: "picture the model cannot take" (missing, broken, or too narrow for the model's patches) and
    "text holds a control token": a text with the mark of a picture or of a turn's end would be read as one.
    """
    control = tuple(processor.tokenizer.all_special_tokens)
    for start in range(0, len(samples), AT_ONCE):
        part = samples[start : start + AT_ONCE]
        prompts = [_text(processor, item, None) for item, _ in part]
        wholes = [
            prompt if response is None else _text(processor, item, response)
            for prompt, (item, response) in zip(prompts, part, strict=True)
        ]
        counted = [
            processor.tokenizer(texts, add_special_tokens=False)["input_ids"]
            for texts in (prompts, [whole[len(prompt) :] for prompt, whole in zip(prompts, wholes, strict=True)])
        ]
        for (item, response), prompt_ids, completion_ids in zip(part, *counted, strict=True):
            told = f"{item.question}\n{response or ''}"
            if held := next((token for token in control if token in told), None):
                yield Rejected(CONTROL, f"{held} stands in question or response: take it out", item.id)
                continue
            # The prompt's text holds one mark per picture.
            prompt = len(prompt_ids) - len(item.images)
            yield _with_pictures(item, images, processor.image_processor, prompt, len(completion_ids))


def estimated_tokens(
    samples: Sequence[tuple[Item, str | None]], images: ImageStore, *, patch: int, merge: int, max_pixels: int | None
) -> Iterator[SampleTokens | Rejected]:
    """The same where there is no checkpoint: pictures are counted, texts are estimated from their length."""
    pictures = picture_rule(patch, merge, max_pixels)
    for item, response in samples:
        prompt = TEMPLATE + math.ceil((len(system_prompt()) + len(item.question)) / CHARACTERS)
        completion = math.ceil(len(response) / CHARACTERS) + 1 if response is not None else 0
        yield _with_pictures(item, images, pictures, prompt, completion)


def picture_rule(patch: int, merge: int, max_pixels: int | None) -> Any:
    """The image processor of a checkpoint that is not there, with the bounds of the published ones."""
    size = PIXELS if max_pixels is None else {**PIXELS, "longest_edge": max_pixels}
    return Qwen2VLImageProcessorPil(patch_size=patch, merge_size=merge, size=size)


def picture_tokens(pictures: Any, width: int, height: int) -> int:
    """Tokens of one picture after an image processor's resizing; InputError where it takes no such picture."""
    try:
        patches = int(pictures.get_number_of_image_patches(height, width))
    except ValueError as error:
        raise InputError(f"{width} x {height} pixels: {error}") from None
    return patches // int(pictures.merge_size) ** 2


def _text(processor: Any, item: Item, response: str | None) -> str:
    text = processor.apply_chat_template(
        messages(item, response), add_generation_prompt=response is None, tokenize=False
    )
    return str(text)


def _with_pictures(
    item: Item, images: ImageStore, pictures: Any, prompt: int, completion: int
) -> SampleTokens | Rejected:
    try:
        picture = sum(picture_tokens(pictures, *images.size(digest)) for digest in item.images)
    except InputError as error:
        return Rejected(UNREADABLE, str(error), item.id)
    return SampleTokens(picture, prompt, completion)
