"""How likely a model finds a given response, given prompt and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch.nn.utils.rnn import pad_sequence

from seethink.models.groups import encode_prompts, group_logps
from seethink.models.groups.family import evaluating
from seethink.models.load import Checkpoint
from seethink.models.prompt import Prompt


class Likelihood(NamedTuple):
    """Of one response.

    Attributes:
        nll: mean negative log-likelihood of a token, in nats, at least 0.
        tokens: over which the mean is taken, the end of the turn included, as SFT's loss includes it.
    """

    nll: float
    tokens: int


@torch.no_grad()
def likelihoods(
    checkpoint: Checkpoint,
    prompts: Sequence[Prompt],
    responses: Sequence[str],
    *,
    batch: int = 8,
) -> list[Likelihood]:
    """One likelihood per response, exact: the same as for each response alone.

    The response's tokens are those of its text by itself, continuing the prompt where sampling would continue it.

    Args:
        batch: responses of one forward pass; nothing in it is padded.
    """
    model, tokenizer = checkpoint.model, checkpoint.processor.tokenizer
    told = [[*_ids(tokenizer, text), tokenizer.eos_token_id] for text in responses]
    found: list[Likelihood] = []
    for start in range(0, len(told), batch):
        rows = slice(start, start + batch)
        ids_PC = pad_sequence([torch.tensor(ids) for ids in told[rows]], batch_first=True)
        mask_PC = pad_sequence([torch.ones(len(ids), dtype=torch.long) for ids in told[rows]], batch_first=True)
        encoded = encode_prompts(checkpoint.processor, prompts[rows])
        with evaluating(model):
            logps_PGC, _ = group_logps(model, encoded, ids_PC[:, None], mask_PC[:, None])
        for logps_C, ids in zip(logps_PGC[:, 0], told[rows], strict=True):
            found.append(Likelihood(float(-logps_C[: len(ids)].double().mean()), len(ids)))
    return found


def _ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids
