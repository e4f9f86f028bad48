"""SFT and GRPO on TRL's trainers: the only file that imports trl, and it has no ideas of its own.

Pictures stay references until they are read: rows hold item ids, and whoever reads a row opens its pictures.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import datasets
import trl
from rich.console import Console
from transformers import TrainerCallback
from trl.extras.profiling import profiling_context
from trl.generation.vllm_generation import VLLMGeneration
from trl.models import unwrap_model_for_generation
from trl.trainer.sft_trainer import DataCollatorForVisionLanguageModeling

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.models.load import Checkpoint
from seethink.models.sampling import vision_token_ids
from seethink.rewards.shaping import Shaping
from seethink.rewards.with_trl import trl_rewards
from seethink.training.backends.advantages import OwnAdvantages
from seethink.training.backends.arguments import common_arguments, grpo_arguments
from seethink.training.backends.callbacks import AdaptiveKL, Alarms, TokensGoOn
from seethink.training.backends.ghost import seen_by_all
from seethink.training.backends.imitating import Imitating
from seethink.training.backends.loop import Log, open_policy, train_and_save
from seethink.training.backends.overrides import ADVANTAGES, CALLED, ENGINE, RELEASE, SHARED, differing
from seethink.training.backends.rollout_sample import RolloutSample
from seethink.training.backends.shared_prefix import SharedPrefix
from seethink.training.grpo import GRPOConfig
from seethink.training.imitation import Imitated
from seethink.training.kl import KLControl
from seethink.training.processes import first_process, share_of
from seethink.training.samples import Demonstration
from seethink.training.sft import SFTConfig

# One warning with the whole row for every undecided completion: the reward counts them, and they are logged as a share.
logging.getLogger("trl.trainer.grpo_trainer").setLevel(logging.ERROR)


def run_sft(
    config: SFTConfig,
    base: str | Path,
    shown: Sequence[Demonstration],
    images: ImageStore,
    out: Path,
    watch: TrainerCallback,
) -> tuple[Log, dict[str, float]]:
    """Train on ``shown`` in its order, ``config.batch`` a step."""
    checkpoint, adapters = open_policy(config, base)
    device_batch, accumulation = share_of(config.batch, config.device_batch)
    rows = datasets.Dataset.from_dict({"index": list(range(len(shown)))}).with_transform(
        lambda batch: {
            "prompt": [messages(shown[i].item) for i in batch["index"]],
            "completion": [messages(shown[i].item, shown[i].response)[-1:] for i in batch["index"]],
            "images": [_pictures(shown[i].item, images) for i in batch["index"]],
        }
    )
    trainer = trl.SFTTrainer(
        model=checkpoint.model,
        processing_class=checkpoint.processor,
        train_dataset=rows,
        data_collator=seen_by_all(
            DataCollatorForVisionLanguageModeling(checkpoint.processor, completion_only_loss=True),
            checkpoint.model.config,
        ),
        peft_config=adapters,
        args=trl.SFTConfig(
            **common_arguments(config, out, len(shown) // config.batch),
            per_device_train_batch_size=device_batch,
            gradient_accumulation_steps=accumulation,
            save_steps=config.checkpoint_every,
            train_sampling_strategy="sequential",
            # A loss that is not finite would be shown as the mean of those before it.
            logging_nan_inf_filter=False,
            max_length=None,
            completion_only_loss=True,
            packing=False,
        ),
    )
    return train_and_save(trainer, config, checkpoint, out, "SFT", [TokensGoOn(trainer), watch], keep=2)


def run_grpo(
    config: GRPOConfig,
    base: str | Path,
    items: Sequence[Item],
    images: ImageStore,
    reward: Reward,
    out: Path,
    shaping: Shaping,
    imitated: Imitated | None = None,
) -> tuple[Log, dict[str, float]]:
    checkpoint, adapters = open_policy(config, base)
    by_id = {item.id: item for item in items}
    sample = RolloutSample(reward, out / "rollouts")
    trainer = grpo_trainer(
        config, checkpoint, by_id, images, sample, out, shaping, adapters=adapters, imitated=imitated
    )
    control = KLControl(
        initial=config.kl,
        target=config.kl_target if config.kl else None,
        horizon=config.kl_horizon,
        prompts=config.rollout,
        updates=config.updates,
    )
    callbacks = [sample, AdaptiveKL(control, lambda value: setattr(trainer, "beta", value)), Alarms(config.alarms)]
    log, cost = train_and_save(trainer, config, checkpoint, out, "GRPO", callbacks)
    skipped = sum(row.get("zero_variance/skipped") or 0 for row in log) * config.prompts_per_step
    sampled = sum(row.get("completions/sampled") or 0 for row in log)
    if not sampled:
        sampled = trainer.state.global_step // config.updates * config.rollout * config.group
    cost |= {"completions": float(sampled), "groups_skipped": float(round(skipped))}
    if imitated is not None:
        # Logged is the mean over processes of what each took in a step.
        tokens, rows = (
            trainer.accelerator.num_processes * sum(row.get(f"imitation/{name}") or 0 for row in log)
            for name in ("tokens", "rows")
        )
        cost |= {"imitated": rows, "imitated_tokens": tokens, "train_tokens": cost["train_tokens"] + tokens}
    return log, cost


def grpo_trainer(
    config: GRPOConfig,
    checkpoint: Checkpoint,
    by_id: Mapping[str, Item],
    images: ImageStore,
    reward: Reward,
    out: Path,
    shaping: Shaping,
    *,
    adapters: Any = None,
    imitated: Imitated | None = None,
) -> Any:
    """A trainer that is ready to train.

    Raises:
        InputError: the settings ask for what the installed TRL cannot be given, or for vLLM where there is none.
    """
    functions, weights = trl_rewards(reward, by_id, shaping)
    device_batch, accumulation = share_of(config.prompts_per_step * config.group, config.device_batch, config.group)
    forbidden = vision_token_ids(checkpoint)
    kind, named = _kind(config, by_id, images, forbidden)
    if imitated is not None:
        if kind is not SharedPrefixTrainer:
            raise InputError("imitation needs shared_prefix, and a TRL in which it works: see the warning")
        kind, named = ImitatingTrainer, named | {"imitated": imitated}
    shares = issubclass(kind, SharedPrefix)

    def rows(batch: Mapping[str, Any]) -> dict[str, Any]:
        read = {"prompt": [messages(by_id[name]) for name in batch["item_id"]], "item_id": batch["item_id"]}
        return read if shares else read | {"images": [_pictures(by_id[name], images) for name in batch["item_id"]]}

    try:
        return kind(
            model=checkpoint.model,
            processing_class=checkpoint.processor,
            reward_funcs=functions,
            train_dataset=datasets.Dataset.from_dict({"item_id": list(by_id)}).with_transform(rows),
            peft_config=adapters,
            args=trl.GRPOConfig(
                **common_arguments(config, out, config.steps),
                **grpo_arguments(
                    config,
                    device_batch=device_batch,
                    accumulation=accumulation,
                    weights=weights,
                    forbidden=forbidden,
                ),
            ),
            **named,
        )
    except ImportError as error:
        if config.vllm is None:
            raise
        raise InputError(
            f"vllm: it cannot be used here ({error}); leave vllm out to sample with transformers"
        ) from None


class AdvantagesTrainer(OwnAdvantages, trl.GRPOTrainer):  # type: ignore[misc]
    """TRL's own path, one row per completion, with our advantages."""


class SharedPrefixTrainer(SharedPrefix, trl.GRPOTrainer):  # type: ignore[misc]
    """Every prompt and every picture once per group."""

    @contextmanager
    def _whole_model(self) -> Iterator[Any]:
        with (
            profiling_context(self, "sample_groups"),
            unwrap_model_for_generation(
                self.model_wrapped,
                self.accelerator,
                gather_deepspeed3_params=self.args.ds3_gather_for_generation,
                gradient_checkpointing_kwargs=self.args.gradient_checkpointing_kwargs,
            ) as model,
            self._dist.summon_full_params(self.model_wrapped, recurse=False),
        ):
            yield model


class ImitatingTrainer(Imitating, SharedPrefixTrainer):
    """The same with a term that imitates."""


def _kind(
    config: GRPOConfig, by_id: Mapping[str, Item], images: ImageStore, forbidden: list[int]
) -> tuple[type, dict[str, Any]]:
    """The trainer's class and what it takes beside TRL's arguments: the shared prefix where this TRL is the one that
    it was written for, else its own path."""
    moved = differing(trl.GRPOTrainer, ADVANTAGES)
    engine = differing(VLLMGeneration, ENGINE) if config.vllm else []
    further = differing(trl.GRPOTrainer, SHARED) + differing(_CALLED, CALLED) + engine
    own = {"config": config, "items": by_id}
    if config.shared_prefix and not moved and not further:
        return SharedPrefixTrainer, own | {"images": images, "forbidden": forbidden}
    if config.resample:
        raise InputError("resample needs shared_prefix, and a TRL in which it works: see the warning, or set it to 0")
    if config.shared_prefix and first_process():
        Console(stderr=True).print(
            f"TRL {trl.__version__} is not the release {RELEASE} that the shared prefix was written for "
            f"({', '.join(moved + further)} differ): training takes TRL's own path, which reads a prompt and its "
            f"pictures once per completion. Install trl=={RELEASE}.",
            style="yellow",
        )
    if not moved:
        return AdvantagesTrainer, own
    if config.normalise == "dimension":
        raise InputError(f"normalise: dimension does not work with TRL {trl.__version__}: install trl=={RELEASE}")
    return trl.GRPOTrainer, {}


class _CALLED:
    """Functions of TRL outside its interface that are called here."""

    unwrap_model_for_generation = staticmethod(unwrap_model_for_generation)
    profiling_context = staticmethod(profiling_context)


def _pictures(item: Item, images: ImageStore) -> list[Any]:
    return [images.open(digest) for digest in item.images]
