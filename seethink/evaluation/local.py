"""local: responses of a checkpoint on this machine. torch is loaded when the first question is asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from seethink.core.images import ImageStore
from seethink.evaluation.prompts import chat
from seethink.evaluation.respondent import Answered, Asked, Response, Told, passes
from seethink.evaluation.settings import EvaluationConfig

if TYPE_CHECKING:
    from seethink.models.load import Checkpoint


class LocalModel:
    """Respondent of a checkpoint folder, or of "base", the tiny model that is shipped."""

    def __init__(self, model: str | Path) -> None:
        self.model = model

    @cached_property
    def identity(self) -> Mapping[str, str]:
        from seethink.models.load import weights_hash

        return {"model": weights_hash(self.model)}

    def respond(
        self, config: EvaluationConfig, parts: Sequence[Sequence[Asked]], first: int, images: ImageStore, told: Told
    ) -> Answered:
        """A part is drawn with seeds of its own, so that one that a kill took is drawn again as it was."""
        from seethink.models.device import own_device
        from seethink.models.load import load_checkpoint

        if not parts:
            return
        checkpoint = load_checkpoint(self.model, dtype=config.dtype, max_pixels=config.max_pixels)
        checkpoint.model.to(own_device())
        for number, part in enumerate(parts, first):
            yield _respond(config, checkpoint, part, config.seed * 1_000_003 + number, images)
            told(len(part), "")


def _respond(
    config: EvaluationConfig, checkpoint: Checkpoint, part: Sequence[Asked], seed: int, images: ImageStore
) -> list[list[Response]]:
    from seethink.models.prompt import Prompt
    from seethink.models.sampling import sample

    prompts = [
        Prompt(chat(config.prompt, asked.text, len(asked.images)), [images.open(digest) for digest in asked.images])
        for asked in part
    ]
    responses: list[list[Response]] = [[] for _ in part]
    for decoding, draws, temperature in passes(config):
        drawn = sample(
            checkpoint,
            prompts,
            draws=draws,
            temperature=temperature,
            max_tokens=config.max_tokens,
            batch=config.batch,
            seed=seed,
        )
        for mine, row in zip(responses, drawn, strict=True):
            mine += [
                Response(decoding, draw, one.text, one.prompt_tokens, one.completion_tokens, one.truncated)
                for draw, one in enumerate(row)
            ]
    return responses
