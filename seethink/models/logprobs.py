"""How likely a model finds a given response, given prompt and pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from seethink.models.load import Checkpoint
from seethink.models.sampling import Prompt


class Likelihood(NamedTuple):
    """Of one response.

    Attributes:
        nll: mean negative log-likelihood of a token, in nats, at least 0.
        tokens: over which the mean is taken, the end of the turn included, as SFT's loss includes it.
    """

    nll: float
    tokens: int


def likelihoods(
    checkpoint: Checkpoint,
    prompts: Sequence[Prompt],
    responses: Sequence[str],
    *,
    given: Sequence[str] | None = None,
    batch: int = 8,
) -> list[Likelihood]:
    """One likelihood per response, exact: the same as for each response alone.

    The response's tokens are those of its text by itself, continuing the prompt where sampling would continue it.

    Args:
        given: per response a text that stands before it and is not measured (the thinking before an answer, say).
        batch: rows of one forward pass; responses of like length go together.
    """
    tokenizer = checkpoint.processor.tokenizer
    before = [_ids(tokenizer, text) for text in given] if given is not None else [[] for _ in responses]
    told = [[*ids, *_ids(tokenizer, text), tokenizer.eos_token_id] for ids, text in zip(before, responses, strict=True)]
    order = sorted(range(len(told)), key=lambda row: -len(told[row]))
    found: dict[int, Likelihood] = {}
    for start in range(0, len(order), batch):
        rows = order[start : start + batch]
        chosen = [prompts[row] for row in rows], [told[row] for row in rows], [len(before[row]) for row in rows]
        found |= zip(rows, _batch(checkpoint, *chosen), strict=True)
    return [found[row] for row in range(len(told))]


def _ids(tokenizer: Any, text: str) -> list[int]:
    ids: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids


@torch.no_grad()
def _batch(
    checkpoint: Checkpoint, prompts: Sequence[Prompt], told: Sequence[list[int]], skipped: Sequence[int]
) -> list[Likelihood]:
    model, processor = checkpoint.model.eval(), checkpoint.processor
    texts = [
        processor.apply_chat_template(prompt.messages, add_generation_prompt=True, tokenize=False) for prompt in prompts
    ]
    pictures = [picture for prompt in prompts for picture in prompt.images]
    inputs = processor(text=texts, images=pictures or None, padding=True, return_tensors="pt").to(model.device)
    length = max(map(len, told))
    pad = processor.tokenizer.pad_token_id
    response_BT = torch.tensor([ids + [pad] * (length - len(ids)) for ids in told], device=model.device)
    mask_BT = torch.tensor([[1] * len(ids) + [0] * (length - len(ids)) for ids in told], device=model.device)
    logits_BTV = model(**_continued(inputs, response_BT, mask_BT), logits_to_keep=length + 1).logits[:, :-1]
    found = []
    for logits_TV, ids, skip in zip(logits_BTV, told, skipped, strict=True):
        # Row by row, so that a wide vocabulary is held in full precision for one row only.
        ids_T = torch.tensor(ids[skip:], device=model.device)
        chosen_TV = logits_TV[skip : len(ids)].float()
        logprobs_T = chosen_TV.gather(-1, ids_T[:, None]).squeeze(-1) - chosen_TV.logsumexp(-1)
        found.append(Likelihood(float(-logprobs_T.double().mean()), len(ids_T)))
    return found


def _continued(inputs: Any, response_BT: Tensor, mask_BT: Tensor) -> dict[str, Any]:
    """A prompt's inputs with the response behind it; prompts are padded on their left, responses on their right."""
    behind = {
        "input_ids": response_BT,
        "attention_mask": mask_BT,
        # 0 marks text; without the types a Qwen2.5-VL silently counts positions in one dimension.
        "mm_token_type_ids": torch.zeros_like(response_BT),
    }
    return {**inputs} | {
        name: torch.cat([inputs[name], extra_BT.to(inputs[name].dtype)], dim=1)
        for name, extra_BT in behind.items()
        if name in inputs
    }
