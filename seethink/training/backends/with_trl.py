"""SFT and GRPO on TRL's trainers: the only file that imports trl, and it has no ideas of its own.

Pictures stay references until a batch is made: rows hold item ids, a transform opens the pictures.
"""

from __future__ import annotations

import logging
import shutil
import time
import warnings
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import datasets
import trl
from accelerate.utils import gather_object
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from transformers import PrinterCallback, ProgressCallback, TrainerCallback

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.core.item import DIMENSION, Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.models.load import Checkpoint, freeze, load_checkpoint, save_checkpoint
from seethink.models.sampling import vision_token_ids
from seethink.rewards.shaping import Shaping
from seethink.rewards.with_trl import trl_rewards
from seethink.training.grpo import GRPOConfig, group_advantages
from seethink.training.resuming import last_checkpoint, readable_checkpoints
from seethink.training.sft import Demonstration, SFTConfig

# TRL 1.16 sets an option under the name that transformers 5.23 has begun to replace.
warnings.filterwarnings("ignore", message=".*gradient_checkpointing.*", category=FutureWarning)

# One warning with the whole row for every undecided completion: the reward counts them, and they are logged as a share.
logging.getLogger("trl.trainer.grpo_trainer").setLevel(logging.ERROR)

Log = list[dict[str, Any]]


def run_sft(
    config: SFTConfig, base: str | Path, demonstrations: Sequence[Demonstration], images: ImageStore, out: Path
) -> tuple[Log, dict[str, float]]:
    checkpoint = load_checkpoint(base, max_pixels=config.max_pixels)
    trained = freeze(checkpoint.model, config.frozen)
    kept = [d for d in demonstrations if _tokens(checkpoint, d, images) <= config.max_tokens]
    if not kept:
        raise InputError(f"SFT: every sample is longer than max_tokens={config.max_tokens}: raise it")
    device_batch = min(config.device_batch or config.batch, config.batch)
    steps = config.steps or -(-len(kept) // config.batch)
    rows = datasets.Dataset.from_dict({"index": list(range(len(kept)))}).with_transform(
        lambda batch: {
            "prompt": [messages(kept[i].item) for i in batch["index"]],
            "completion": [messages(kept[i].item, kept[i].response)[-1:] for i in batch["index"]],
            "images": [_pictures(kept[i].item, images) for i in batch["index"]],
        }
    )
    trainer = trl.SFTTrainer(
        model=checkpoint.model,
        processing_class=checkpoint.processor,
        train_dataset=rows,
        args=trl.SFTConfig(
            **_common(config, out, steps),
            per_device_train_batch_size=device_batch,
            gradient_accumulation_steps=-(-config.batch // device_batch),
            max_length=None,
            completion_only_loss=True,
            packing=False,
        ),
    )
    log, cost = _train(trainer, checkpoint, out, "SFT")
    cost |= {f"trained_{part}": float(count) for part, count in trained.items()}
    return log, cost | {"set_aside_too_long": float(len(demonstrations) - len(kept))}


def run_grpo(
    config: GRPOConfig,
    base: str | Path,
    items: Sequence[Item],
    images: ImageStore,
    reward: Reward,
    out: Path,
    shaping: Shaping,
) -> tuple[Log, dict[str, float]]:
    checkpoint = load_checkpoint(base, max_pixels=config.max_pixels)
    trained = freeze(checkpoint.model, config.frozen)
    by_id: Mapping[str, Item] = {item.id: item for item in items}
    rows = datasets.Dataset.from_dict({"item_id": list(by_id)}).with_transform(
        lambda batch: {
            "prompt": [messages(by_id[name]) for name in batch["item_id"]],
            "images": [_pictures(by_id[name], images) for name in batch["item_id"]],
            "item_id": batch["item_id"],
        }
    )
    per_step = config.prompts_per_step * config.group
    device_batch = min(config.device_batch or per_step, per_step)
    functions, weights = trl_rewards(reward, by_id, shaping)
    kind = trl.GRPOTrainer if config.normalise == "group" else partial(_ByDimension, items=by_id)
    trainer = kind(
        model=checkpoint.model,
        processing_class=checkpoint.processor,
        reward_funcs=functions,
        train_dataset=rows,
        args=trl.GRPOConfig(
            **_common(config, out, config.steps),
            per_device_train_batch_size=device_batch,
            gradient_accumulation_steps=-(-per_step // device_batch),
            num_generations=config.group,
            temperature=config.temperature,
            top_k=0,
            max_completion_length=config.max_completion_tokens,
            epsilon=config.clip,
            beta=config.kl,
            loss_type=config.loss,
            reward_weights=weights,
            scale_rewards="group",
            max_grad_norm=config.max_grad_norm,
            generation_kwargs={"suppress_tokens": vision_token_ids(checkpoint)},
            # TRL corrects the KL estimate by default, which changes its gradient; the page's and the paper's do not.
            use_bias_correction_kl=False,
            use_vllm=False,
        ),
    )
    log, cost = _train(trainer, checkpoint, out, "GRPO")
    cost |= {f"trained_{part}": float(count) for part, count in trained.items()}
    return log, cost | {"completions": float(trainer.state.global_step * per_step)}


class _ByDimension(trl.GRPOTrainer):  # type: ignore[misc]
    """Advantages in the deviation of their dimension.

    TRL divides by that of a group or of the whole batch and has no hook for a third way: what it computed is replaced
    before anything has used it, by the page's function over the rewards of all processes.
    """

    def __init__(self, *arguments: Any, items: Mapping[str, Item], **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._items = items

    def _calculate_rewards(self, inputs: Any, *rest: Any) -> Any:
        rewards_BF = super()._calculate_rewards(inputs, *rest)
        dimensions = gather_object([DIMENSION[self._items[row["item_id"]].verifier].value for row in inputs])
        self._judged = (rewards_BF, dimensions)
        return rewards_BF

    def _generate_and_score_completions(self, inputs: Any) -> Any:
        output = super()._generate_and_score_completions(inputs)
        rewards_BF, dimensions = self._judged
        group = self.num_generations if self.model.training else self.num_generations_eval
        rewards_B = (rewards_BF * self.reward_weights.to(rewards_BF.device)).nansum(1)
        rewards_B[rewards_BF.isnan().all(1)] = float("nan")
        advantages_B = group_advantages(rewards_B.view(-1, group), dimension_P=dimensions[::group]).flatten()
        first = self.accelerator.process_index * len(inputs)
        output["advantages"] = advantages_B[first : first + len(inputs)]
        logged = self._logs["advantages"]
        for _ in range(min(len(logged), len(advantages_B))):
            logged.pop()
        logged.extend(advantages_B.tolist())
        return output


def _common(config: SFTConfig | GRPOConfig, out: Path, steps: int) -> dict[str, Any]:
    """What both trainers are told in the same words."""
    import torch

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
        "save_steps": config.checkpoint_every,
        "save_total_limit": 1,
        "report_to": "none",
        "remove_unused_columns": False,
        # Recomputing activations costs a third more time and a small model has memory to spare.
        "gradient_checkpointing": torch.cuda.is_available(),
        "use_cpu": not torch.cuda.is_available(),
        "bf16": config.dtype == "bfloat16",
        "disable_tqdm": True,
    }


def _train(trainer: Any, checkpoint: Checkpoint, out: Path, title: str) -> tuple[Log, dict[str, float]]:
    """Train, from the last checkpoint where there is one; save whole, then drop the checkpoints. Log and cost."""
    for callback in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(callback)
    trainer.add_callback(_Bar(title))
    folder = out / "checkpoints"
    started = time.time()
    with readable_checkpoints(checkpoint.model):
        trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    seconds = time.time() - started
    log = [
        {key: value for key, value in row.items() if isinstance(value, int | float)}
        for row in trainer.state.log_history
        if "loss" in row
    ]
    if trainer.accelerator.is_main_process:
        save_checkpoint(trainer.accelerator.unwrap_model(trainer.model), checkpoint.processor, out / "model")
        shutil.rmtree(folder, ignore_errors=True)
    return log, {
        "train_tokens": float(max((row.get("num_tokens") or 0 for row in log), default=0)),
        "train_seconds": seconds,
        "steps": float(trainer.state.global_step),
    }


class _Bar(TrainerCallback):  # type: ignore[misc]
    """Progress with time left, and the number one watches: reward in GRPO, loss in SFT."""

    def __init__(self, title: str) -> None:
        self.bar = Progress(
            TextColumn(title),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[watch]}"),
        )

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self.bar.start()
            self.task = self.bar.add_task("", total=state.max_steps, completed=state.global_step, watch="")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not state.is_world_process_zero or not logs:
            return
        watched = next((key for key in ("reward", "loss") if isinstance(logs.get(key), float)), None)
        if watched:
            self.bar.update(self.task, watch=f"{watched} {logs[watched]:.3f}")

    def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self.bar.update(self.task, completed=state.global_step)

    def on_train_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.is_world_process_zero:
            self.bar.stop()


def _pictures(item: Item, images: ImageStore) -> list[Any]:
    return [images.open(digest) for digest in item.images]


def _tokens(checkpoint: Checkpoint, demonstration: Demonstration, images: ImageStore) -> int:
    """Length of a sample in tokens, its pictures' included."""
    processor = checkpoint.processor
    text = processor.apply_chat_template(messages(demonstration.item, demonstration.response), tokenize=False)
    count = len(processor.tokenizer(text, add_special_tokens=False)["input_ids"])
    merge = processor.image_processor.merge_size**2
    for picture in _pictures(demonstration.item, images):
        patches = processor.image_processor.get_number_of_image_patches(picture.height, picture.width)
        count += patches // merge - 1
    return count
