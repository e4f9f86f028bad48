"""How much a training computes, and about how long that takes.

Operations of a forward over T tokens: 2 per parameter of the layers and token, 4 L H d for each pair of a token and one
that it sees, 2 V h for each scored token. The backward pass costs twice that where weights are trained and once where
only activations need a gradient (frozen weights under an adapter); recomputing activations costs the forward again. The
vision tower computes once per picture and pass; once per picture and rollout where it and the merger are frozen.

Hours are what an accelerator takes at a quarter of its speed, and sampling at half of its memory's bandwidth. Both are
choice, within a factor of two of what one usually sees; time the first steps and scale.
"""

from __future__ import annotations

from dataclasses import dataclass

from seethink.models.shape import Shape
from seethink.process.prm_config import PRMConfig
from seethink.study.plan.hardware import GIB, Hardware
from seethink.study.plan.memory import recomputes
from seethink.training.grpo import GRPOConfig
from seethink.training.settings import PolicyConfig
from seethink.training.sft import SFTConfig
from seethink.training.skeleton import Parameters

USED = 0.25
"""Share of an accelerator's peak that training reaches. choice."""

READ = 0.5
"""Share of its bandwidth that decoding reaches. choice."""

LAUNCH = 0.8e-3
"""Seconds that transformers takes to start one layer of one decoding step, whatever the batch. choice."""

LONGEST = 2.0
"""The longest completion of a batch, in mean lengths: a batch decodes that long. choice."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """A mean sample: tokens of its pictures and the rest of its prompt, of its completion, and patches of the tower."""

    prompt: float
    completion: float
    patches: float


@dataclass(frozen=True, slots=True)
class Effort:
    """What a training takes in all, over all devices.

    Attributes:
        steps: optimiser steps.
        tokens: that pass through the language model in training, every prompt once per group where it is shared.
        sampled: tokens of completions.
        operations: floating-point, training and sampling together.
        training, sampling: hours; sampling is 0 in SFT, and where a server of its own does it.
    """

    steps: int
    tokens: float
    sampled: float
    operations: float
    training: float
    sampling: float

    @property
    def hours(self) -> float:
        return self.training + self.sampling


@dataclass(frozen=True, slots=True)
class _Parts:
    """Operations of one forward."""

    language: float
    head: float
    vision: float


def traces_effort(
    config: SFTConfig | PRMConfig, shape: Shape, counts: Parameters, hardware: Hardware, mean: Sizes, samples: int
) -> Effort:
    """Of SFT's configured steps or its epoch, or of a process reward model's epochs, which takes no logits."""
    epoch, scored = -(-samples // config.batch), mean.completion
    if isinstance(config, PRMConfig):
        steps, scored = config.epochs * epoch, 0.0
    else:
        steps = config.steps or epoch
    rows = steps * config.batch
    total = mean.prompt + mean.completion
    forward = _Parts(
        _layers(shape, counts, total, total * total / 2),
        2 * shape.vocabulary * shape.hidden * scored,
        _tower(shape, counts, mean.patches),
    )
    operations = rows * _update(config, counts, hardware, forward, towers=1)
    return Effort(steps, rows * total, 0, operations, _hours(operations, hardware), 0.0)


def grpo_effort(config: GRPOConfig, shape: Shape, counts: Parameters, hardware: Hardware, mean: Sizes) -> Effort:
    """Of all rollouts and what is learnt from them."""
    groups = config.completions / config.group
    one, many, completion = mean.prompt, config.group, mean.completion
    if config.shared_prefix:
        tokens = one + many * completion
        pairs = one * one / 2 + many * completion * (one + completion / 2)
        towers = 1
    else:
        tokens = many * (one + completion)
        pairs, towers = many * (one + completion) ** 2 / 2, many
    forward = _Parts(
        _layers(shape, counts, tokens, pairs),
        2 * shape.vocabulary * shape.hidden * many * completion,
        _tower(shape, counts, mean.patches),
    )
    silent = (1 if config.kl > 0 else 0) + (1 if config.updates > 1 or config.vllm is not None else 0)
    frozen = not counts.trained["vision"] and not counts.trained["merger"]
    passes = 0 if frozen else silent * towers
    update = config.iterations * _update(config, counts, hardware, forward, towers)
    trained = groups * (update + silent * (forward.language + forward.head) + passes * forward.vision)
    prefill = groups * (_layers(shape, counts, one, one * one / 2) + forward.vision)
    decoded = groups * many * _layers(shape, counts, completion, completion * (one + completion / 2))
    elsewhere = config.vllm is not None and config.vllm.mode == "server"
    sampling = 0.0
    if not elsewhere:
        sampling = _hours(prefill, hardware) + _decoding(config, shape, counts, hardware, mean, decoded)
    return Effort(
        config.steps,
        groups * tokens * config.iterations,
        groups * many * completion,
        trained + prefill + decoded,
        _hours(trained, hardware),
        sampling,
    )


def _update(config: PolicyConfig, counts: Parameters, hardware: Hardware, forward: _Parts, towers: int) -> float:
    """Operations of a forward and its backward, recomputing included."""
    again = 1 if recomputes(config, hardware) else 0
    whole = 3 if config.lora is None and counts.trained["language"] else 2
    vision = (3 + again) if counts.trained["vision"] else 1
    return (whole + again) * forward.language + 3 * forward.head + vision * towers * forward.vision


def _layers(shape: Shape, counts: Parameters, tokens: float, pairs: float) -> float:
    heads = 1 if shape.tied else 2
    weights = counts.whole["language"] - heads * shape.vocabulary * shape.hidden
    return 2 * weights * tokens + 4 * shape.layers * shape.heads * shape.head_size * pairs


def _tower(shape: Shape, counts: Parameters, patches: float) -> float:
    weights = counts.whole["vision"] + counts.whole["merger"] / shape.vision.merge**2
    return 2 * weights * patches + 4 * shape.vision.wide * shape.vision.hidden * patches * patches


def _hours(operations: float, hardware: Hardware) -> float:
    return operations / (hardware.count * hardware.kind.speed * 1e12 * USED) / 3600


def _decoding(
    config: GRPOConfig, shape: Shape, counts: Parameters, hardware: Hardware, mean: Sizes, operations: float
) -> float:
    """Hours of decoding: every step reads the weights and the cache; transformers also starts its layers one by one."""
    number = 2 if config.dtype == "bfloat16" else 4
    weights = number * sum(counts.whole.values())
    rows = config.rollout * config.group / hardware.count
    batch = min(config.sample_batch or rows, rows) if config.vllm is None else rows
    held = mean.prompt / (config.group if config.shared_prefix else 1) + mean.completion / 2
    cache = 2 * number * shape.layers * shape.key_heads * shape.head_size * held * batch
    step = (weights + cache) / (hardware.kind.bandwidth * 1e9 * READ)
    lengths = mean.completion
    if config.vllm is None:
        step = max(step, LAUNCH * shape.layers)
        lengths = min(LONGEST * mean.completion, config.max_completion_tokens)
    rollouts = config.completions / (config.rollout * config.group)
    reading = rollouts * -(-rows // batch) * lengths * step / 3600
    return max(reading, _hours(operations, hardware))


def gib(number: float) -> str:
    """Bytes as people read them."""
    return f"{number / GIB:.1f} GiB" if number >= GIB / 10 else f"{number / 2**20:.1f} MiB"
