"""What trainers are told in the same words."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from seethink.core.rejected import InputError
from seethink.training.grpo import VLLM, GRPOConfig
from seethink.training.settings import PolicyConfig

# transformers 5.23 has begun to replace the name of an option that TRL 1.16 sets, and that releases before it know.
warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*", category=FutureWarning)


def common_arguments(config: PolicyConfig, out: Path, steps: int) -> dict[str, Any]:
    """Fields of TrainingArguments; what a launcher decides (processes, sharding) comes from its own settings."""
    import torch

    accelerated = torch.cuda.is_available()
    recompute = accelerated if config.gradient_checkpointing is None else config.gradient_checkpointing
    return {
        "output_dir": str(out / "checkpoints"),
        "max_steps": steps,
        "learning_rate": config.learning_rate,
        "lr_scheduler_type": "cosine_with_min_lr",
        "lr_scheduler_kwargs": {"min_lr": config.minimum_learning_rate},
        "warmup_steps": round(config.warmup * steps),
        "weight_decay": config.weight_decay,
        "seed": config.seed,
        "data_seed": config.seed,
        "logging_steps": 1,
        "save_strategy": "steps",
        "report_to": list(known_trackers(config.report_to)) or "none",
        "run_name": config.run_name or out.name,
        "remove_unused_columns": False,
        "gradient_checkpointing": recompute,
        "use_cpu": not accelerated,
        "bf16": config.dtype == "bfloat16",
        "disable_tqdm": True,
    }


def grpo_arguments(
    config: GRPOConfig, *, device_batch: int, accumulation: int, weights: list[float], forbidden: list[int]
) -> dict[str, Any]:
    """Further fields of TRL's GRPOConfig.

    Args:
        weights: of the reward functions.
        forbidden: tokens that are never sampled.
    """
    return {
        "per_device_train_batch_size": device_batch,
        "gradient_accumulation_steps": accumulation,
        "steps_per_generation": accumulation * (config.rollout // config.prompts_per_step),
        "num_iterations": config.iterations,
        "num_generations": config.group,
        "temperature": config.temperature,
        "top_k": 0,
        "max_completion_length": config.max_completion_tokens,
        "epsilon": config.clip,
        "epsilon_high": config.clip_high,
        "beta": config.kl,
        "loss_type": config.loss,
        "reward_weights": weights,
        "scale_rewards": "group",
        "max_grad_norm": config.max_grad_norm,
        "save_steps": config.checkpoint_steps,
        # TRL corrects the KL estimate by default, which changes its gradient; the page's and the paper's do not.
        "use_bias_correction_kl": False,
        **(_transformers(forbidden) if config.vllm is None else _vllm(config.vllm, forbidden)),
    }


def _transformers(forbidden: list[int]) -> dict[str, Any]:
    return {"use_vllm": False, "generation_kwargs": {"suppress_tokens": forbidden}}


def _vllm(vllm: VLLM, forbidden: list[int]) -> dict[str, Any]:
    return {
        "use_vllm": True,
        "vllm_mode": vllm.mode,
        "vllm_server_host": vllm.host,
        "vllm_server_port": vllm.port,
        "vllm_gpu_memory_utilization": vllm.memory,
        "vllm_tensor_parallel_size": vllm.tensor_parallel,
        "vllm_max_model_length": vllm.max_model_tokens,
        "vllm_enable_sleep_mode": vllm.sleep,
        "vllm_importance_sampling_correction": vllm.importance_sampling,
        # -100 is the lowest bias there is: such a token's probability becomes nought.
        "generation_kwargs": {"logit_bias": dict.fromkeys(forbidden, -100.0)},
    }


def known_trackers(names: tuple[str, ...]) -> tuple[str, ...]:
    """The same names; InputError where one is no tracker, or its package is not installed."""
    from transformers.integrations.integration_utils import INTEGRATION_TO_CALLBACK

    for name in names:
        if name not in INTEGRATION_TO_CALLBACK:
            raise InputError(
                f"report_to: no tracker is called {name!r}; there are {', '.join(INTEGRATION_TO_CALLBACK)}"
            )
        try:
            INTEGRATION_TO_CALLBACK[name]()
        except (ImportError, RuntimeError, AssertionError) as error:
            raise InputError(f"report_to: {name} cannot be used ({error}): install it, or leave it out") from None
    return names
