"""Sampling responses from a local checkpoint, in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Any, NamedTuple

from seethink.models.groups import (
    PromptBatch,
    Reading,
    Started,
    Stop,
    encode_prompts,
    sample_groups,
    started_ids,
    vision_tokens,
)
from seethink.models.load import Checkpoint
from seethink.models.prompt import Prompt

__all__ = ["Draw", "Prompt", "sample", "sample_started", "vision_token_ids"]


class Draw(NamedTuple):
    """One response, or what follows where the prompt had started one. ``truncated``: it stopped at the token limit, or
    where it was told to."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    truncated: bool


def vision_token_ids(checkpoint: Checkpoint) -> list[int]:
    """Tokens that stand for pictures; sampled into a response they would ask for pictures that are not there."""
    return vision_tokens(checkpoint.model)


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

    A prompt and its pictures are read once, whatever the number of draws, and a picture that several prompts of a batch
    show goes through the vision tower once.

    Args:
        batch: completions decoded at a time.
        seed: every batch is seeded by it and its number, so a run resumed at a batch boundary draws the same.
    """
    size = max(1, batch // draws)
    for number, start in enumerate(range(0, len(prompts), size)):
        encoded = encode_prompts(checkpoint.processor, prompts[start : start + size])
        tokens_P = [len(ids_T) for ids_T in encoded.ids_P]
        yield from _drawn(checkpoint, encoded, tokens_P, draws, temperature, max_tokens, seed + 7919 * number)


def sample_started(
    checkpoint: Checkpoint,
    starts: Iterable[tuple[Reading, str]],
    *,
    draws: int = 1,
    temperature: float = 1.0,
    max_tokens: int = 256,
    batch: int = 128,
    seed: int = 0,
    stop: Callable[[str, str], bool] | None = None,
) -> Iterator[list[Draw]]:
    """What follows begun responses, as ``sample`` draws it of prompts that have started one, but for rounding.

    No token of a prompt or of a begun response is read twice that a reading knows, in this call or an earlier one. The
    starts are taken a batch at a time.

    Args:
        stop: whether a draw goes no further, by its start and what was drawn so far; asked behind every token.
    """
    size, left = max(1, batch // draws), iter(starts)
    tokenizer = checkpoint.processor.tokenizer
    for number in count():
        some = list(islice(left, size))
        if not some:
            return
        started = [Started(reading, tuple(started_ids(tokenizer, text))) for reading, text in some]
        tokens_P = [one.tokens for one in started]
        stops = None if stop is None else _by_tokens(stop, tokenizer, [text for _, text in some])
        yield from _drawn(checkpoint, started, tokens_P, draws, temperature, max_tokens, seed + 7919 * number, stops)


def _by_tokens(stop: Callable[[str, str], bool], tokenizer: Any, texts: Sequence[str]) -> Stop:
    return lambda place, ids: stop(texts[place], _text(tokenizer, ids))


def _drawn(
    checkpoint: Checkpoint,
    prompts: PromptBatch | Sequence[Started],
    tokens_P: Sequence[int],
    draws: int,
    temperature: float,
    max_tokens: int,
    seed: int,
    stop: Stop | None = None,
) -> Iterator[list[Draw]]:
    """One batch."""
    tokenizer = checkpoint.processor.tokenizer
    drawn = sample_groups(
        checkpoint.model.eval(),
        prompts,
        draws=draws,
        end=tokenizer.eos_token_id,
        pad=tokenizer.pad_token_id,
        temperature=temperature,
        max_tokens=max_tokens,
        seed=seed,
        stop=stop,
    )
    rows_PGC, lengths_PG = drawn.ids_PGC.tolist(), drawn.mask_PGC.sum(-1).tolist()
    for place, ended_G in enumerate(drawn.ended_PG.tolist()):
        yield [
            Draw(_text(tokenizer, ids[:length]), tokens_P[place], length, not ended)
            for ids, length, ended in zip(rows_PGC[place], lengths_PG[place], ended_G, strict=True)
        ]


def _text(tokenizer: Any, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=True))
