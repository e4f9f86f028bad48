"""Preference training: a scorer learnt from pairs of answers, ``seethink world scorer``.

Bradley and Terry's model (1952): the better answer wins with probability sigmoid(S(better) - S(worse)), S a score head
over the tiny base. The pairs are the world's, where exact truth says which is better; each is a pure function of (seed,
index), so a killed run goes on over the same data.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from pydantic import Field, model_validator
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from seethink.core.tables import data_hash, read_manifest, write_manifest, write_rows
from seethink.models.load import freeze, save_checkpoint, weights_hash
from seethink.models.prompt import Prompt
from seethink.models.score_head import conversation, encode, new_scorer
from seethink.training.processes import claimed_together
from seethink.training.resuming import Sealing, last_checkpoint, readable_checkpoints
from seethink.training.settings import TrainingConfig
from seethink.world.preferences import Pair, preference_pair
from seethink.world.questions import drawn, question_text


class PreferenceConfig(TrainingConfig):
    """No paper trains this scorer; all choice."""

    steps: int = Field(default=1_500, ge=1)
    batch: int = Field(default=32, ge=1)
    """Pairs per optimiser step; ``device_batch`` counts pairs as well."""
    learning_rate: float = 5e-4
    minimum_learning_rate: float = 5e-6
    weight_decay: float = 0.01
    level: int = 1
    """Of the world."""
    seed: int = 11
    """Seeds the head and the pairs."""
    checkpoint_every: int = Field(default=250, ge=1)

    @model_validator(mode="after")
    def _batches_divide(self) -> PreferenceConfig:
        if self.device_batch is not None and self.batch % self.device_batch:
            raise ValueError(f"device_batch must divide batch={self.batch}")
        return self


def preference_loss(better_B: torch.Tensor, worse_B: torch.Tensor) -> torch.Tensor:
    """Mean of ``-log sigmoid(S(better) - S(worse))`` over the pairs."""
    return -torch.nn.functional.logsigmoid(better_B - worse_B).mean()


def train_preference(config: PreferenceConfig, base: str | Path, out: Path) -> dict[str, Any]:
    """Train a scorer from ``base``; it lies in ``out/model``. Finished runs return their manifest at once, killed ones
    go on from their last checkpoint."""
    started = time.time()
    known = (preference_pair(config.seed, index, level=config.level) for index in range(1_000))
    data = {"base": weights_hash(base), "pairs": data_hash((pair.better, pair.worse) for pair in known)}
    with claimed_together(out, config, data) as finished:
        if finished:
            return read_manifest(out) or {}
        model, processor, _ = new_scorer(base, seed=config.seed, max_pixels=config.max_pixels)
        trained = freeze(model, config.frozen)
        device_batch = min(config.device_batch or config.batch, config.batch)
        trainer = _PreferenceTrainer(
            model=model,
            args=TrainingArguments(
                output_dir=str(out / "checkpoints"),
                max_steps=config.steps,
                per_device_train_batch_size=device_batch,
                gradient_accumulation_steps=config.batch // device_batch,
                learning_rate=config.learning_rate,
                lr_scheduler_type="cosine_with_min_lr",
                lr_scheduler_kwargs={"min_lr": config.minimum_learning_rate},
                warmup_steps=round(config.warmup * config.steps),
                weight_decay=config.weight_decay,
                max_grad_norm=1.0,
                logging_steps=min(25, config.steps),
                save_steps=config.checkpoint_every,
                seed=config.seed,
                data_seed=config.seed,
                remove_unused_columns=False,
                train_sampling_strategy="sequential",
                report_to="none",
                dataloader_num_workers=0,
                bf16=config.dtype == "bfloat16",
                use_cpu=not torch.cuda.is_available(),
            ),
            data_collator=PairCollator(processor),
            train_dataset=Pairs(config),
            callbacks=[Sealing()],
        )
        with readable_checkpoints(model):
            trainer.train(resume_from_checkpoint=last_checkpoint(out / "checkpoints"))
        save_checkpoint(model, processor, out / "model")
        shutil.rmtree(out / "checkpoints", ignore_errors=True)
        write_rows(out / "log", _log(trainer.state.log_history))
        cost = {"steps": float(config.steps), "train_seconds": time.time() - started}
        cost |= {f"trained_{part}": float(count) for part, count in trained.items()}
        return write_manifest(out, config, seeds={"head and pairs": config.seed}, data=data, started=started, cost=cost)


class Pairs(Dataset[Pair]):
    """The training pairs of a configuration, in order; pictures of the training split only."""

    def __init__(self, config: PreferenceConfig) -> None:
        self.config = config

    def __len__(self) -> int:
        return self.config.steps * self.config.batch

    def __getitem__(self, index: int) -> Pair:
        return preference_pair(self.config.seed, index, level=self.config.level)


class PairCollator:
    """Pairs → one batch of model inputs, the better answers first, then the worse ones in the same order."""

    def __init__(self, processor: Any) -> None:
        self.processor = processor

    def __call__(self, pairs: Sequence[Pair]) -> dict[str, Any]:
        shown = [Image.fromarray(drawn(pair.question)) for pair in pairs]
        texts = [question_text(pair.question) for pair in pairs]
        prompts = [
            Prompt(conversation(text, answer, 1), [picture])
            for answers in ([pair.better for pair in pairs], [pair.worse for pair in pairs])
            for text, answer, picture in zip(texts, answers, shown, strict=True)
        ]
        return dict(encode(self.processor, prompts))


class _PreferenceTrainer(Trainer):  # type: ignore[misc]
    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        output = model(**inputs)
        better_B, worse_B = output.logits[:, 0].float().chunk(2)
        loss = preference_loss(better_B, worse_B)
        return (loss, output) if return_outputs else loss


def _log(history: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {key: row[key] for key in ("step", "loss", "grad_norm", "learning_rate")} for row in history if "loss" in row
    ]
