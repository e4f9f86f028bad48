"""How many tokens a sample takes: its pictures, the rest of its prompt, its completion. Nothing is decoded or run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected

TOO_EXTREME = "picture the model cannot take"
CONTROL = "text holds a control token"
AT_ONCE = 256
"""Samples whose texts are tokenised in one call."""


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
            yield _counted(processor, item, response, len(prompt_ids), len(completion_ids), images)


def picture_tokens(processor: Any, width: int, height: int) -> int:
    """Tokens of one picture after the processor's resizing; InputError where it takes no such picture."""
    pictures = processor.image_processor
    try:
        patches = int(pictures.get_number_of_image_patches(height, width))
    except ValueError as error:
        raise InputError(f"{width} x {height} pixels: {error}") from None
    return patches // int(pictures.merge_size) ** 2


def control_tokens(processor: Any) -> tuple[str, ...]:
    """Texts that the tokenizer reads as one token with a meaning of its own."""
    return tuple(processor.tokenizer.all_special_tokens)


def _text(processor: Any, item: Item, response: str | None) -> str:
    text = processor.apply_chat_template(
        messages(item, response), add_generation_prompt=response is None, tokenize=False
    )
    return str(text)


def _counted(
    processor: Any, item: Item, response: str | None, prompt: int, completion: int, images: ImageStore
) -> SampleTokens | Rejected:
    told = f"{item.question}\n{response or ''}"
    if held := next((token for token in control_tokens(processor) if token in told), None):
        return Rejected(CONTROL, f"{held} stands in question or response: take it out", item.id)
    try:
        picture = sum(picture_tokens(processor, *images.size(digest)) for digest in item.images)
    except InputError as error:
        return Rejected(TOO_EXTREME, str(error), item.id)
    # The prompt's text holds one mark per picture.
    return SampleTokens(picture, prompt - len(item.images), completion)
