"""Memory of a device, by what it is for, from sizes alone.

Letters: N parameters of the model, A of them trained (of an adapter where there is one), n devices, L layers of hidden
size h and inner size i, H heads and K key heads of size d, T tokens of a forward on one device, P of a prompt, G
completions of C tokens, V vocabulary. Bytes: c of the arithmetic (2 in bfloat16, else 4), w of a weight that is kept.

===============  =====================================================================================================
weights          w N, w = 4 (2 under an adapter's ``base_dtype: bfloat16``, and under ZeRO, which keeps bfloat16 weights
                 and counts their float32 originals to the optimiser); 4 A of an adapter beside them
gradients        4 A (2 A under ZeRO in bfloat16); DDP's buckets hold them twice
optimiser        8 A, AdamW's two moments in float32 (12 A under ZeRO in bfloat16)
cast weights     2 A, what autocast keeps of bfloat16 copies through a forward; none under FSDP2 and ZeRO, which cast
                 what they gather
reference        w N without an adapter, where there is a KL term; with one the reference is the model without it
sharded          all of the above divided by n under FSDP2 and ZeRO-3
gathered         what a sharded model has whole at a time: embeddings, head and two layers; while transformers samples,
                 all of it
activations      saved for the backward pass, per token and layer, c (8h + 2Kd + 4i) + 4 (H + 2) bytes in float32; under
                 autocast norms stay in float32 and every product casts its input: 16h + 2 (7h + 2Kd + 4i) + 4 (H + 2);
                 with checkpointing 4h, and one layer whole. The same for a tower that is trained, per patch
branches         of the shared prefix, per layer and group 2 K d c G (P + C): a branch's keys stand behind its prompt's
logits           those that are held at a time, three times: logits, their softmax, its gradient
cache            keys and values while sampling: 2 L K d (w P + 2 c G C) per group, a buffer doubles when it is full;
                 2 L K d w (P + C) per completion without the shared prefix
engine           vLLM's share of a device where it is colocated
the rest         CUDA's context and libraries, 1 GiB, and 10 % of activations for what an allocator cannot use. choice
===============  =====================================================================================================

Tests hold weights, gradients, optimiser, activations, branches and cache against what the tiny model really takes.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from seethink.models.shape import Shape, Vision
from seethink.study.plan.hardware import GIB, Hardware
from seethink.training.grpo import GRPOConfig
from seethink.training.settings import PolicyConfig
from seethink.training.skeleton import Parameters

TILE = 1 << 25
"""Logits held at a time (``models.groups.head``; TRL's tiles are smaller)."""

CONTEXT = GIB
WASTE = 0.1


@dataclass(frozen=True, slots=True)
class Forward:
    """The largest forward of one device.

    Attributes:
        tokens: of the language model, padding included.
        scored: tokens whose logits are wanted.
        patches: of the tower.
        groups, group, prompt, completion: of a shared prefix; group is 0 where rows stand for themselves.
    """

    tokens: int
    scored: int
    patches: int
    groups: int = 0
    group: int = 0
    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device at the height of a phase."""

    weights: float = 0
    gradients: float = 0
    optimiser: float = 0
    cast_weights: float = 0
    reference: float = 0
    gathered: float = 0
    activations: float = 0
    branches: float = 0
    logits: float = 0
    cache: float = 0
    engine: float = 0
    rest: float = 0

    @property
    def total(self) -> float:
        return sum(float(getattr(self, one.name)) for one in fields(self))


def update_memory(
    config: PolicyConfig, shape: Shape, counts: Parameters, hardware: Hardware, forward: Forward
) -> Memory:
    """While a step is computed and applied."""
    kept = _kept(config, shape, counts, hardware)
    activations = _language(config, shape, forward.tokens, hardware) + _tower(config, shape, counts, forward, hardware)
    colocated = isinstance(config, GRPOConfig) and config.vllm is not None and not config.vllm.sleep
    return Memory(
        **kept,
        gathered=_gathered(config, shape, counts, hardware),
        activations=activations,
        branches=_branches(config, shape, forward, hardware),
        logits=3 * 4 * min(TILE, forward.scored * shape.vocabulary),
        engine=_engine(config, hardware) if colocated else 0,
        rest=(CONTEXT if hardware.accelerated else 0) + WASTE * activations,
    )


def sampling_memory(
    config: GRPOConfig, shape: Shape, counts: Parameters, hardware: Hardware, groups: int, prompt: int, completion: int
) -> Memory:
    """While ``groups`` prompts are sampled at a time on one device. Gradients are gone by then."""
    kept = _kept(config, shape, counts, hardware) | {"gradients": 0.0, "cast_weights": 0.0}
    rest = float(CONTEXT if hardware.accelerated else 0)
    if config.vllm is not None:
        return Memory(**kept, engine=_engine(config, hardware), rest=rest)
    # Rotated keys are as wide as the weights that they come from, and take the values of a prompt along.
    read = max(_bytes(config), _weight(config, hardware))
    if config.shared_prefix:
        width = read * prompt + _bytes(config) * 2 * config.group * completion
    else:
        width = read * config.group * (prompt + completion)
    key = 2 * shape.layers * shape.key_heads * shape.head_size
    whole = 0 if hardware.sharding == "none" else _weight(config, hardware) * sum(counts.whole.values())
    return Memory(**kept, gathered=whole, cache=key * groups * width, rest=rest)


def _kept(config: PolicyConfig, shape: Shape, counts: Parameters, hardware: Hardware) -> dict[str, float]:
    everything, trained = sum(counts.whole.values()), sum(counts.trained.values())
    zero_bf16 = hardware.sharding == "zero3" and config.dtype == "bfloat16"
    share = 1 if hardware.sharding == "none" else 1 / hardware.count
    weight = _weight(config, hardware)
    weights = weight * everything + (4 * trained if config.lora else 0)
    buckets = 2 if hardware.sharding == "none" and hardware.count > 1 else 1
    has_reference = isinstance(config, GRPOConfig) and config.kl > 0 and config.lora is None
    return {
        "weights": weights * share,
        "gradients": (2 if zero_bf16 else 4) * buckets * trained * share,
        "optimiser": (12 if zero_bf16 else 8) * trained * share,
        "cast_weights": 2.0 * trained if hardware.sharding == "none" and config.dtype == "bfloat16" else 0.0,
        "reference": weight * everything * share if has_reference else 0.0,
    }


def _gathered(config: PolicyConfig, shape: Shape, counts: Parameters, hardware: Hardware) -> float:
    if hardware.sharding == "none":
        return 0.0
    heads = 1 if shape.tied else 2
    layer = counts.whole["language"] - heads * shape.vocabulary * shape.hidden
    return _bytes(config) * (heads * shape.vocabulary * shape.hidden + 2 * layer / shape.layers)


def _language(config: PolicyConfig, shape: Shape, tokens: int, hardware: Hardware) -> float:
    keys = shape.key_heads * shape.head_size
    queries = shape.heads * shape.head_size
    layer = _per_layer(config, shape.hidden, queries, keys, 4 * shape.inner, shape.heads)
    return tokens * _through(config, hardware, shape.layers, shape.hidden, layer)


def _tower(config: PolicyConfig, shape: Shape, counts: Parameters, forward: Forward, hardware: Hardware) -> float:
    vision = shape.vision
    merged = forward.patches / vision.merge**2
    wide = vision.hidden * vision.merge**2
    # The merger's norm, and the input and the inner state of its two layers.
    merger = _bytes(config) * merged * 4 * wide if counts.trained["merger"] or counts.trained["vision"] else 0.0
    if not counts.trained["vision"]:
        return merger
    layer = _per_layer(config, vision.hidden, vision.hidden, vision.hidden, _inner(vision), vision.heads)
    return merger + forward.patches * _through(config, hardware, vision.layers, vision.hidden, layer)


def _inner(vision: Vision) -> int:
    return (4 if vision.gated else 2) * vision.inner


def _per_layer(config: PolicyConfig, hidden: int, queries: int, keys: int, inner: int, heads: int) -> float:
    """Bytes that one token leaves behind in one layer.

    Of hidden size: each norm's input and its normalised form (4), the inputs of the products after them and after
    attention (3; under autocast each of the six products has its own), attention's queries. Then keys and values, the
    MLP's four inner states, and one number per head and per norm.
    """
    if config.dtype == "bfloat16":
        return 4 * 4 * hidden + 2 * (5 * hidden + 2 * queries + 2 * keys + inner) + 4 * (heads + 2)
    return 4 * (4 * hidden + 2 * hidden + 2 * queries + 2 * keys + inner + heads + 2)


def _through(config: PolicyConfig, hardware: Hardware, layers: int, hidden: int, layer: float) -> float:
    """Bytes that one token leaves behind in all layers, and in the norm after them."""
    if recomputes(config, hardware):
        return 4 * hidden * (layers + 2) + layer
    return layers * layer + 2 * 4 * hidden


def _branches(config: PolicyConfig, shape: Shape, forward: Forward, hardware: Hardware) -> float:
    if not forward.group:
        return 0.0
    # Kernels that share a key between heads are those of accelerators in half precision.
    shares = hardware.accelerated and config.dtype == "bfloat16"
    heads = shape.key_heads if shares else shape.heads
    layer = 2 * _bytes(config) * heads * shape.head_size * forward.group * (forward.prompt + forward.completion)
    layers = 1 if recomputes(config, hardware) else shape.layers
    return forward.groups * layers * layer


def recomputes(config: PolicyConfig, hardware: Hardware) -> bool:
    """Whether activations are recomputed in the backward pass."""
    return hardware.accelerated if config.gradient_checkpointing is None else config.gradient_checkpointing


def _engine(config: GRPOConfig | PolicyConfig, hardware: Hardware) -> float:
    vllm = config.vllm if isinstance(config, GRPOConfig) else None
    return vllm.memory * hardware.kind.memory * GIB if vllm is not None and vllm.mode == "colocate" else 0.0


def _weight(config: PolicyConfig, hardware: Hardware) -> int:
    """Bytes of a weight that is kept."""
    if config.lora is not None:
        return 2 if config.lora.base_dtype == "bfloat16" else 4
    return 2 if hardware.sharding == "zero3" and config.dtype == "bfloat16" else 4


def _bytes(config: PolicyConfig) -> int:
    """Bytes of a number in the arithmetic."""
    return 2 if config.dtype == "bfloat16" else 4
