"""Prompts as a model reads them, each once: ragged, unpadded, every different picture once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from seethink.core.rejected import InputError
from seethink.models.prompt import Prompt


@dataclass(frozen=True)
class PromptBatch:
    """P prompts, on the CPU. A tensor in a tuple is one prompt's or one picture's own, without padding.

    Attributes:
        ids_P: token ids of each prompt, int64, one dimension; a picture's tokens are all there.
        pixels: one tensor of patches per different picture, as the image processor gives them.
        grids: time, height and width of each of them, in patches.
        pictures_P: for each prompt the places in ``pixels`` of its pictures, in order; empty for text alone.
    """

    ids_P: tuple[Tensor, ...]
    pixels: tuple[Tensor, ...]
    grids: tuple[tuple[int, int, int], ...]
    pictures_P: tuple[tuple[int, ...], ...]

    def __len__(self) -> int:
        return len(self.ids_P)


def encode_prompts(processor: Any, prompts: Sequence[Prompt]) -> PromptBatch:
    """Chat messages and pictures as a batch; the image processor runs once per different picture.

    Raises:
        InputError: a prompt marks more or fewer pictures than it brings.
    """
    places: dict[bytes, int] = {}
    different: list[Image.Image] = []
    pictures_P = []
    for prompt in prompts:
        shown = []
        for picture in prompt.images:
            place = places.setdefault(_content(picture), len(different))
            if place == len(different):
                different.append(picture)
            shown.append(place)
        pictures_P.append(tuple(shown))
    pixels, grids = _patches(processor, different)
    merged = processor.image_processor.merge_size**2
    sizes = [time * height * width // merged for time, height, width in grids]
    ids_P = []
    for number, (prompt, places_here) in enumerate(zip(prompts, pictures_P, strict=True)):
        text = processor.apply_chat_template(prompt.messages, add_generation_prompt=True, tokenize=False)
        ids = processor.tokenizer(text, add_special_tokens=False)["input_ids"]
        marks = ids.count(processor.image_token_id)
        if marks != len(places_here):
            raise InputError(
                f"prompt {number} has {len(places_here)} pictures and {marks} places for one: give one image part per "
                f"picture, and take the token {processor.image_token!r} out of its text"
            )
        ids = _spread(ids, processor.image_token_id, [sizes[place] for place in places_here])
        ids_P.append(torch.tensor([*ids, *started_ids(processor.tokenizer, prompt.started)]))
    return PromptBatch(tuple(ids_P), pixels, grids, tuple(pictures_P))


def take(prompts: PromptBatch, places: Sequence[int]) -> PromptBatch:
    """The prompts at these places, in this order. Pictures stay where they are, so features of the whole still fit."""
    return replace(
        prompts,
        ids_P=tuple(prompts.ids_P[place] for place in places),
        pictures_P=tuple(prompts.pictures_P[place] for place in places),
    )


def join(batches: Sequence[PromptBatch]) -> PromptBatch:
    """All their prompts in order, a picture that several of them show once, one that nobody shows not at all."""
    places: dict[bytes, int] = {}
    pixels: list[Tensor] = []
    grids, pictures_P = [], []
    for batch in batches:
        for shown in batch.pictures_P:
            here = []
            for place in shown:
                grid = batch.grids[place]
                found = places.setdefault(_digest(batch.pixels[place].numpy(), str(grid).encode()), len(pixels))
                if found == len(pixels):
                    pixels.append(batch.pixels[place])
                    grids.append(grid)
                here.append(found)
            pictures_P.append(tuple(here))
    return PromptBatch(
        tuple(ids_T for batch in batches for ids_T in batch.ids_P), tuple(pixels), tuple(grids), tuple(pictures_P)
    )


def started_ids(tokenizer: Any, started: str | Sequence[int]) -> list[int]:
    """Tokens of the beginning of a response."""
    if isinstance(started, str):
        # What a model wrote is text, also where it spells a control token.
        return list(tokenizer(started, add_special_tokens=False, split_special_tokens=True)["input_ids"])
    return list(started)


def _content(picture: Image.Image) -> bytes:
    return _digest(picture.tobytes(), f"{picture.mode} {picture.size}".encode())


def _digest(content: Any, size: bytes) -> bytes:
    return hashlib.blake2b(content, digest_size=16, key=size[:64]).digest()


def _patches(
    processor: Any, pictures: Sequence[Image.Image]
) -> tuple[tuple[Tensor, ...], tuple[tuple[int, int, int], ...]]:
    if not pictures:
        return (), ()
    made = processor.image_processor(images=list(pictures), return_tensors="pt")
    grids = tuple((time, height, width) for time, height, width in made["image_grid_thw"].tolist())
    return tuple(made["pixel_values"].split([time * height * width for time, height, width in grids])), grids


def _spread(ids: list[int], mark: int, sizes: Sequence[int]) -> list[int]:
    """Each mark as often as its picture has tokens."""
    remaining = iter(sizes)
    return [one for token in ids for one in ([token] * next(remaining) if token == mark else [token])]
