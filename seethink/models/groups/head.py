"""Log-probabilities where logits would come out: the whole vocabulary is held for a few tokens at a time.

The scores are taken inside the model's own forward, in the place of its output layer, so that whatever gathers weights
around a call (DDP, FSDP, ZeRO) has them there, and an adapter on that layer counts. Letters: S scored tokens, V.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import embedding
from torch.utils.checkpoint import checkpoint

LOGITS = 1 << 25
"""Logits held at a time, 128 MiB in full precision; choice. A longer pass computes them again for its gradient."""


@dataclass(frozen=True)
class Scored:
    """What is read off a pass.

    Attributes:
        states_S: places, in the flattened batch, of the states that predict.
        labels_S: tokens they are asked about.
        temperature: logits are divided by it.
        entropy: whether the entropy is wanted as well.
    """

    states_S: Tensor
    labels_S: Tensor
    temperature: float
    entropy: bool


@contextmanager
def scoring(base: Any, scored: Scored) -> Iterator[None]:
    """While open, ``base`` returns in the place of logits 1 x S x 2: log-probability and entropy (0 unless wanted)."""
    head = base.get_output_embeddings()
    project, hooked = head.forward, "forward" in vars(head)

    def scores(states: Tensor) -> Tensor:
        # Each branch asks for its prompt's last state. An index adds what they send back in whatever order two CPU
        # threads come to it, an embedding always in one.
        states_SH = embedding(scored.states_S, states.flatten(0, 1))
        return _scores(project, states_SH, scored, base.config.get_text_config().vocab_size)[None]

    head.forward = scores
    try:
        yield
    finally:
        if hooked:
            head.forward = project
        else:
            del head.forward


def _scores(project: Any, states_SH: Tensor, scored: Scored, vocabulary: int) -> Tensor:
    def some(states_SH: Tensor, labels_S: Tensor) -> Tensor:
        return cast(Tensor, _Scores.apply(project(states_SH), labels_S, scored.temperature, scored.entropy))  # type: ignore[no-untyped-call]

    size = max(1, LOGITS // vocabulary)
    if len(states_SH) <= size:
        return some(states_SH, scored.labels_S)
    parts = zip(states_SH.split(size), scored.labels_S.split(size), strict=True)
    if not torch.is_grad_enabled():
        return torch.cat([some(*part) for part in parts])
    return torch.cat([checkpoint(some, *part, use_reentrant=False) for part in parts])


class _Scores(torch.autograd.Function):
    """log p(label) and the entropy H of softmax(logits / temperature), in full precision from logits as they are.

    With z = logits / temperature, p = softmax(z): d log p(label) / dz = [label] - p and dH / dz = -p (log p + H).
    Written out so that only the logits are kept, in their own precision.
    """

    @staticmethod
    def forward(ctx: Any, logits_SV: Tensor, labels_S: Tensor, temperature: float, entropy: bool) -> Tensor:
        scaled_SV = logits_SV.float() / temperature if temperature != 1 else logits_SV.float()
        normaliser_S = scaled_SV.logsumexp(-1)
        logps_S = scaled_SV.gather(-1, labels_S[:, None]).squeeze(-1) - normaliser_S
        entropy_S = torch.zeros_like(logps_S)
        if entropy:
            entropy_S = normaliser_S - ((scaled_SV - normaliser_S[:, None]).exp_() * scaled_SV).sum(-1)
        ctx.save_for_backward(logits_SV, labels_S, normaliser_S, entropy_S)
        ctx.temperature, ctx.entropy = temperature, entropy
        return torch.stack([logps_S, entropy_S], dim=-1)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        [gradient_S2] = gradients
        logits_SV, labels_S, normaliser_S, entropy_S = ctx.saved_tensors
        chosen_S1, spread_S1 = gradient_S2.float().split(1, dim=-1)
        logps_SV = logits_SV.float() / ctx.temperature - normaliser_S[:, None]
        probabilities_SV = logps_SV.exp()
        if ctx.entropy:
            gradient_SV = probabilities_SV * -(chosen_S1 + spread_S1 * (logps_SV + entropy_S[:, None]))
        else:
            gradient_SV = probabilities_SV.mul_(-chosen_S1)
        gradient_SV.scatter_add_(-1, labels_S[:, None], chosen_S1)
        return (gradient_SV / ctx.temperature).to(logits_SV.dtype), None, None, None
