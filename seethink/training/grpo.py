"""GRPO on a page: advantages of a group, the clipped loss, and the settings; readable without any trainer.

The functions are the oracle that tests hold the back end against (VLAA-Thinking sections 4 and 6.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from pydantic import Field, model_validator

from seethink.core.config import Config
from seethink.training.alarms import AlarmConfig
from seethink.training.settings import PolicyConfig

if TYPE_CHECKING:
    from torch import Tensor


class VLLM(Config):
    """Sampling by vLLM through TRL, in place of transformers. The package is not installed with seethink."""

    mode: Literal["server", "colocate"] = "colocate"
    """On the training devices, or a server of its own (``trl vllm-serve``)."""
    host: str = "127.0.0.1"
    port: int = Field(default=8_000, ge=1, le=65_535)
    """Where the server listens."""
    memory: float = Field(default=0.3, gt=0, le=1)
    """Share of a device's memory that a colocated engine takes."""
    tensor_parallel: int = Field(default=1, ge=1)
    """Devices that share one colocated engine."""
    max_model_tokens: int | None = Field(default=None, ge=1)
    """Prompt and completion; the model's own limit where None."""
    sleep: bool = False
    """Give a colocated engine's memory back while the model trains."""
    importance_sampling: bool = True
    """Weigh tokens by how differently the engine and the trainer see them."""


class GRPOConfig(PolicyConfig):
    """Defaults are the paper's where it states them: 4 responses, temperature 0.8, KL from 1e-3 towards 5e-4, cosine
    with a minimum rate of 5e-7 after 3 % warm-up. Peak rate and clip are unpublished: choice."""

    completions: int = Field(default=16_384, ge=1)
    """Completions sampled in all, hence ``steps``."""
    group: int = Field(default=4, ge=2)
    """Completions per prompt (G)."""
    prompts_per_step: int = Field(default=64, ge=1)
    """Prompts per optimiser step (P), over all devices."""
    prompts_per_rollout: int | None = Field(default=None, ge=1)
    """Prompts sampled at a time, over all devices, and learnt from in steps of ``prompts_per_step``; one step where
    None. The paper: 512."""
    iterations: int = Field(default=1, ge=1)
    """How often a rollout is learnt from (the paper: once)."""
    learning_rate: float = 1e-6
    minimum_learning_rate: float = 5e-7
    temperature: float = Field(default=0.8, gt=0)
    max_completion_tokens: int = Field(default=1_024, ge=1)
    clip: float = Field(default=0.2, gt=0)
    """Ratios are clipped to [1 - clip, 1 + clip]."""
    clip_high: float | None = Field(default=None, gt=0)
    """The upper clip, where it is another (DAPO, section 3.1)."""
    kl: float = Field(default=1e-3, ge=0)
    """Coefficient of the KL term against the start, the first one where it adapts; 0 drops the reference model."""
    kl_target: float | None = Field(default=5e-4, gt=0)
    """KL per token, in nats, that the coefficient adapts towards; it is constant where None."""
    kl_horizon: int = Field(default=10_000, ge=1)
    """Prompts over which the coefficient moves by at most a fifth: choice, OpenRLHF's."""
    loss: Literal["grpo", "dapo", "dr_grpo", "bnpo"] = "grpo"
    """``grpo`` averages per response, then over the group (the paper's)."""
    normalise: Literal["group", "dimension"] = "group"
    """Advantages are a group's distances from its mean, divided by the deviation of that group, or by the one that all
    groups of its dimension share within the rollout. The paper says nothing of it: choice."""
    resample: int = Field(default=0, ge=0)
    """Rounds in which groups with one reward for all completions give way to other prompts (DAPO, section 3.2). What is
    trained on is then no longer what was asked for: off by default."""
    max_grad_norm: float = 1.0
    sample_batch: int | None = Field(default=None, ge=1)
    """Completions decoded at a time on one device, in whole groups; a device's whole rollout where None."""
    shared_prefix: bool = True
    """Read a prompt and its pictures once per group. Without it, once per completion, as TRL does: a check, no choice
    of method."""
    vllm: VLLM | None = None
    alarms: AlarmConfig = AlarmConfig()
    checkpoint_every: int = Field(default=50, ge=1)
    """Optimiser steps between two checkpoints, rounded up to whole rollouts."""

    @model_validator(mode="after")
    def _batches_divide(self) -> GRPOConfig:
        step = self.prompts_per_step * self.group
        if self.device_batch is not None and (step % self.device_batch or self.device_batch % self.group):
            raise ValueError(
                f"device_batch must divide a step of {step} completions and hold whole groups of {self.group}"
            )
        if self.rollout % self.prompts_per_step:
            raise ValueError(f"prompts_per_rollout must be a multiple of prompts_per_step={self.prompts_per_step}")
        return self

    @property
    def rollout(self) -> int:
        """Prompts of a rollout."""
        return self.prompts_per_rollout or self.prompts_per_step

    @property
    def updates(self) -> int:
        """Optimiser steps of a rollout."""
        return self.rollout // self.prompts_per_step * self.iterations

    @property
    def steps(self) -> int:
        return self.completions // (self.rollout * self.group) * self.updates

    @property
    def checkpoint_steps(self) -> int:
        """``checkpoint_every`` in whole rollouts."""
        return -(-self.checkpoint_every // self.updates) * self.updates


def group_advantages(rewards_PG: Tensor, epsilon: float = 1e-4, dimension_P: Sequence[str] | None = None) -> Tensor:
    """``(r - mean) / (std + epsilon)`` within each group, zero where all rewards are equal.

    Args:
        rewards_PG: one row per prompt; NaN where nobody decided, such a completion leaves its group's baseline.
        dimension_P: perception or cognition, by prompt. Where given, std is that of its dimension: pooled over the
            groups of the batch that ask for it, each about its own mean. Both dimensions then move the model alike,
            and a group whose boxes differ by a hair does not weigh as much as one that is half right.

    Returns:
        advantages_PG, 0 where the reward is NaN.
    """
    import torch

    decided_PG = ~torch.isnan(rewards_PG)
    count_P1 = decided_PG.sum(1, keepdim=True)
    filled_PG = torch.where(decided_PG, rewards_PG, torch.zeros_like(rewards_PG))
    mean_P1 = filled_PG.sum(1, keepdim=True) / count_P1.clamp(min=1)
    centred_PG = torch.where(decided_PG, rewards_PG - mean_P1, torch.zeros_like(rewards_PG))
    squares_P1, freedom_P1 = centred_PG.square().sum(1, keepdim=True), (count_P1 - 1).clamp(min=0)
    if dimension_P is not None:
        for dimension in set(dimension_P):
            rows = torch.tensor([one == dimension for one in dimension_P], device=rewards_PG.device)
            squares_P1[rows], freedom_P1[rows] = squares_P1[rows].sum(), freedom_P1[rows].sum()
    deviation_P1 = (squares_P1 / freedom_P1.clamp(min=1)).sqrt()
    return centred_PG / (deviation_P1 + epsilon)


def grpo_loss(
    logps_BT: Tensor,
    old_logps_BT: Tensor,
    advantages_B: Tensor,
    mask_BT: Tensor,
    *,
    clip: float = 0.2,
    kl: float = 0.0,
    reference_logps_BT: Tensor | None = None,
) -> Tensor:
    """Token-level clipped surrogate, averaged per response and then over responses, plus ``kl`` times the k3 estimate.

    Args:
        logps_BT: log-probabilities of the sampled tokens under the policy, with gradient.
        old_logps_BT: the same under the policy that sampled.
        advantages_B: one per response.
        mask_BT: 1 on tokens of the response.
    """
    import torch

    ratio_BT = (logps_BT - old_logps_BT).exp()
    gain_BT = torch.minimum(
        ratio_BT * advantages_B[:, None], ratio_BT.clamp(1 - clip, 1 + clip) * advantages_B[:, None]
    )
    loss_BT = -gain_BT
    if reference_logps_BT is not None and kl:
        drift_BT = reference_logps_BT - logps_BT
        loss_BT = loss_BT + kl * (drift_BT.exp() - drift_BT - 1)
    return ((loss_BT * mask_BT).sum(1) / mask_BT.sum(1).clamp(min=1)).mean()
