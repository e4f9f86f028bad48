"""The planner's formula beside what the tiny model really takes."""

from contextlib import contextmanager

import pytest
import torch
from transformers import DynamicCache

from seethink.models.groups import encode_prompts, group_logps
from seethink.models.groups.prefix import prefix_of
from seethink.models.load import load_checkpoint
from seethink.models.sampling import Prompt
from seethink.models.shape import model_config, shape
from seethink.study.plan.hardware import GIB, Hardware
from seethink.study.plan.memory import Forward, sampling_memory, update_memory
from seethink.training.grpo import VLLM, GRPOConfig
from seethink.training.settings import LoRA
from seethink.training.sft import SFTConfig
from seethink.training.skeleton import parameters

CPU = Hardware(device="cpu")
DTYPES = ["float32", "bfloat16"]


@pytest.fixture(scope="module")
def sizes(tiny):
    return model_config(tiny)


@pytest.fixture(scope="module")
def model(tiny):
    model = load_checkpoint(tiny).model.train()
    model.requires_grad_(True)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith("model.visual."))
    return model


@contextmanager
def saved(model):
    """Bytes that a forward leaves behind for its backward pass, weights and their copies left out."""
    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    shapes = {tuple(p.shape) for p in model.parameters()} | {
        tuple(p.T.shape) for p in model.parameters() if p.dim() == 2
    }
    seen, kept = {}, []

    def keep(tensor):
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in own and tuple(tensor.shape) not in shapes:
            seen[storage.data_ptr()] = storage.nbytes()
            kept.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        yield lambda: sum(seen.values())


def text(tokens):
    ids = torch.randint(20, 300, tokens)
    return {
        "input_ids": ids,
        "attention_mask": torch.ones_like(ids),
        "mm_token_type_ids": torch.zeros_like(ids, dtype=torch.int32),
    }


def held_out(config, sizes, forward, hardware=CPU):
    return update_memory(config, shape(sizes), parameters(config, sizes), hardware, forward)


@pytest.mark.parametrize("dtype", DTYPES)
def test_activations_are_those_that_autograd_keeps(model, sizes, dtype):
    with saved(model) as bytes_kept, torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
        out = model.model(**text((3, 150)), use_cache=False)
        measured = bytes_kept()
    planned = held_out(SFTConfig(dtype=dtype), sizes, Forward(450, 0, 0)).activations
    assert out is not None and planned == pytest.approx(measured, rel=0.03)


@pytest.mark.parametrize("dtype", DTYPES)
def test_checkpointing_keeps_one_state_per_layer_and_one_layer_whole(tiny, sizes, dtype):
    model = load_checkpoint(tiny).model.train()
    model.model.visual.requires_grad_(False)
    model.gradient_checkpointing_enable()
    config = SFTConfig(dtype=dtype, gradient_checkpointing=True)
    with saved(model) as bytes_kept, torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
        out = model.model(**text((3, 150)), use_cache=False)
        measured = bytes_kept()
    without = held_out(config.model_copy(update={"gradient_checkpointing": False}), sizes, Forward(450, 0, 0))
    one_layer = (without.activations - 450 * 8 * 160) / 5
    planned = held_out(config, sizes, Forward(450, 0, 0)).activations
    assert out is not None and planned - one_layer == pytest.approx(measured, rel=0.03)


@pytest.mark.parametrize("lengths", [(12, 4), (40, 8)])
def test_a_shared_prefix_keeps_its_tokens_once_and_its_keys_per_branch(model, tiny, sizes, lengths):
    completion, group = lengths
    processor = load_checkpoint(tiny).processor
    chat = [{"role": "user", "content": [{"type": "text", "text": "How many circles are there? " * 12}]}]
    prompts = encode_prompts(processor, [Prompt(chat, []), Prompt(chat, [])])
    ids_PGC = torch.randint(20, 300, (2, group, completion))
    group_logps(model, prompts, ids_PGC, torch.ones_like(ids_PGC))
    with saved(model) as bytes_kept:
        out = group_logps(model, prompts, ids_PGC, torch.ones_like(ids_PGC))
        measured = bytes_kept()
    prompt = len(prompts.ids_P[0])
    tokens = 2 * (prompt + group * completion)
    forward = Forward(tokens, 2 * group * completion, 0, 2, group, prompt, completion)
    config = GRPOConfig(group=group, prompts_per_step=2, lora=None)
    planned = held_out(config, sizes, forward)
    assert out.logps_PGC.requires_grad
    # Of the logits only one of the three copies is kept for the backward pass.
    assert planned.activations + planned.branches + planned.logits / 3 == pytest.approx(measured, rel=0.05)


@pytest.mark.parametrize("frozen", [("vision",), ("vision", "merger"), ()])
def test_weights_gradients_and_moments_are_counted_exactly(tiny, sizes, frozen):
    from seethink.models.load import freeze

    model = load_checkpoint(tiny).model
    freeze(model, frozen)
    optimiser = torch.optim.AdamW([one for one in model.parameters() if one.requires_grad])
    for one in model.parameters():
        one.grad = torch.zeros_like(one) if one.requires_grad else None
    optimiser.step()
    moments = sum(state[name].nbytes for state in optimiser.state.values() for name in ("exp_avg", "exp_avg_sq"))
    planned = held_out(SFTConfig(frozen=frozen), sizes, Forward(1, 1, 1))
    assert planned.weights == sum(one.nbytes for one in model.parameters())
    assert planned.gradients == sum(one.grad.nbytes for one in model.parameters() if one.grad is not None)
    assert planned.optimiser == moments


def test_an_adapter_trains_beside_weights_in_half_precision(tiny, sizes):
    config = SFTConfig(lora=LoRA(rank=4), dtype="bfloat16")
    from peft import get_peft_model

    from seethink.training.lora import adapter_config

    model = load_checkpoint(tiny, dtype="bfloat16").model
    adapted = get_peft_model(model, adapter_config(model, config.lora))
    planned = held_out(config, sizes, Forward(1, 1, 1))
    assert planned.weights == sum(one.nbytes for one in adapted.parameters())
    assert planned.gradients == sum(one.nbytes for one in adapted.parameters() if one.requires_grad)
    assert planned.reference == 0


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_cache_is_that_of_the_prompts(model, sizes, dtype):
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype == "bfloat16"):
        cache = model.model(**text((1, 120)), past_key_values=DynamicCache(), use_cache=True).past_key_values
        prefix = prefix_of(cache, [60, 60])
    measured = sum(one.nbytes for one in (*prefix.keys, *prefix.values))
    config = GRPOConfig(group=4, dtype=dtype)
    counts = parameters(config, sizes)
    planned = sampling_memory(config, shape(sizes), counts, CPU, groups=2, prompt=60, completion=0).cache
    # Under autocast a cache may be kept wider than the arithmetic, or not: the plan takes the wider one.
    assert planned == measured if dtype == "float32" else measured <= planned <= 2 * measured
    alone = config.model_copy(update={"shared_prefix": False})
    assert sampling_memory(alone, shape(sizes), counts, CPU, 2, 60, 0).cache == 4 * planned


def test_sharding_divides_what_is_kept_and_gathers_it_to_sample(sizes):
    config = GRPOConfig(dtype="bfloat16", frozen=())
    counts, forward = parameters(config, sizes), Forward(100, 100, 0)
    alone = held_out(config, sizes, forward, Hardware(device="h100"))
    fsdp = held_out(config, sizes, forward, Hardware(device="h100", count=8, sharding="fsdp2"))
    zero = held_out(config, sizes, forward, Hardware(device="h100", count=8, sharding="zero3"))
    ddp = held_out(config, sizes, forward, Hardware(device="h100", count=8))
    assert fsdp.weights == alone.weights / 8 and fsdp.cast_weights == 0 < fsdp.gathered
    assert zero.weights == fsdp.weights / 2 and zero.optimiser == fsdp.optimiser * 1.5
    assert (ddp.weights, ddp.gradients) == (alone.weights, 2 * alone.gradients)
    sampled = sampling_memory(config, shape(sizes), counts, Hardware(device="h100", count=8, sharding="fsdp2"), 1, 9, 9)
    assert sampled.gathered == alone.weights


def test_an_engine_takes_its_share_and_no_cache_of_ours(sizes):
    config = GRPOConfig(vllm=VLLM(memory=0.4))
    memory = sampling_memory(config, shape(sizes), parameters(config, sizes), Hardware(device="h100"), 4, 100, 100)
    assert memory.engine == 0.4 * 80 * GIB and memory.cache == 0
    away = config.model_copy(update={"vllm": VLLM(mode="server")})
    assert sampling_memory(away, shape(sizes), parameters(away, sizes), Hardware(), 4, 100, 100).engine == 0
