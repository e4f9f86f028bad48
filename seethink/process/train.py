"""Training a process reward model on labelled traces, ``seethink process train``.

ViLPRM's loss and numbers are unknown: squared error of the sigmoid against the value is the reference's default (8.3,
choice), cross-entropy with soft targets the option. The vision tower is frozen, the head learns faster than the body.

Letters: B rows, T tokens, S step ends of a batch that have a target.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import Field, model_validator
from safetensors.torch import load_model, save_model
from torch import Tensor
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.core.tables import claim, data_hash, read_manifest, write_manifest, write_rows
from seethink.models.load import freeze, weights_hash
from seethink.process.collect.rows import LabelledTrace, value_counts
from seethink.process.step_head import HeadConfig, StepCheckpoint, Trace, encode, new_step_head, save_step_head
from seethink.training.resuming import last_checkpoint
from seethink.training.settings import TrainingConfig

_WEIGHTS = "model.safetensors"


class PRMConfig(TrainingConfig):
    """A process reward model; all choice (reference 8.3)."""

    head: HeadConfig = HeadConfig()
    loss: Literal["mse", "bce"] = "mse"
    """Squared error of the score, or cross-entropy with the value as a soft target."""
    hard: float | None = Field(default=None, ge=0, lt=1)
    """Targets are 1 above this and 0 up to it; the values themselves where None."""
    epochs: int = Field(default=2, ge=1)
    batch: int = Field(default=64, ge=1)
    """Traces per optimiser step; ``device_batch`` counts traces as well."""
    learning_rate: float = 1e-5
    head_learning_rate: float = 1e-4
    minimum_learning_rate: float = 0.0
    seed: int = 0
    checkpoint_every: int = Field(default=100, ge=1)

    @model_validator(mode="after")
    def _batches_divide(self) -> PRMConfig:
        if self.device_batch is not None and self.batch % self.device_batch:
            raise ValueError(f"device_batch must divide batch={self.batch}")
        return self


def step_loss(logits_S: Tensor, targets_S: Tensor, loss: str) -> Tensor:
    """Mean over the step ends that have a target; targets in [0, 1]."""
    if loss == "bce":
        return torch.nn.functional.binary_cross_entropy_with_logits(logits_S, targets_S)
    return torch.nn.functional.mse_loss(logits_S.sigmoid(), targets_S)


def train_prm(
    config: PRMConfig, base: str | Path, traces: Sequence[LabelledTrace], images: ImageStore, out: Path
) -> dict[str, Any]:
    """Train from ``base``; the model lies in ``out/model``. Finished runs return their manifest at once, killed ones go
    on from their last checkpoint and end with the weights of an uninterrupted run.

    Raises:
        InputError: no trace holds a value.
    """
    started = time.time()
    known = [trace for trace in traces if any(value is not None for value in trace.values)]
    if not known:
        raise InputError("no labelled step to train on: collect labels first, or give a file of rows")
    data = {"base": weights_hash(base), "traces": data_hash([*trace] for trace in known)}
    if claim(out, config, data):
        return read_manifest(out) or {}
    checkpoint = new_step_head(base, config.head, seed=config.seed, max_pixels=config.max_pixels)
    model = checkpoint.model
    trained = freeze(model.writer, config.frozen)
    if model.head is not None and not model.writer.config.tie_word_embeddings:
        # Nothing is read from the vocabulary's side.
        model.writer.get_output_embeddings().requires_grad_(False)
    device_batch = min(config.device_batch or config.batch, config.batch)
    steps = config.epochs * -(-len(known) // config.batch)
    trainer = _StepTrainer(
        config,
        model=model,
        args=TrainingArguments(
            output_dir=str(out / "checkpoints"),
            max_steps=steps,
            per_device_train_batch_size=device_batch,
            gradient_accumulation_steps=config.batch // device_batch,
            learning_rate=config.learning_rate,
            lr_scheduler_type="cosine_with_min_lr",
            lr_scheduler_kwargs={"min_lr": config.minimum_learning_rate},
            warmup_steps=round(config.warmup * steps),
            weight_decay=config.weight_decay,
            max_grad_norm=1.0,
            logging_steps=min(10, steps),
            save_steps=config.checkpoint_every,
            save_total_limit=1,
            seed=config.seed,
            data_seed=config.seed,
            remove_unused_columns=False,
            report_to="none",
            dataloader_num_workers=0,
            bf16=config.dtype == "bfloat16",
            use_cpu=not torch.cuda.is_available(),
        ),
        data_collator=_Collator(checkpoint, images, config.hard),
        train_dataset=_Traces(known),
    )
    trainer.train(resume_from_checkpoint=last_checkpoint(out / "checkpoints"))
    save_step_head(checkpoint, out / "model")
    shutil.rmtree(out / "checkpoints", ignore_errors=True)
    write_rows(out / "log", _log(trainer.state.log_history))
    cost = {"steps": float(steps), "train_seconds": time.time() - started, "labels": float(value_counts(known))}
    cost |= {f"trained_{part}": float(count) for part, count in trained.items()}
    return write_manifest(out, config, seeds={"head and order": config.seed}, data=data, started=started, cost=cost)


class _Traces(Dataset[LabelledTrace]):
    def __init__(self, traces: Sequence[LabelledTrace]) -> None:
        self.traces = traces

    def __len__(self) -> int:
        return len(self.traces)

    def __getitem__(self, index: int) -> LabelledTrace:
        return self.traces[index]


class _Collator:
    """Traces → model inputs and ``targets_BT``, NaN at every token but the labelled step ends."""

    def __init__(self, checkpoint: StepCheckpoint, images: ImageStore, hard: float | None) -> None:
        self.checkpoint, self.images, self.hard = checkpoint, images, hard

    def __call__(self, traces: Sequence[LabelledTrace]) -> dict[str, Tensor]:
        shown = [
            Trace(one.question, tuple(self.images.open(digest) for digest in one.images), one.steps) for one in traces
        ]
        batch = encode(self.checkpoint, shown)
        targets_BT = torch.full(batch.inputs["input_ids"].shape, torch.nan)
        for row, (trace, marks) in enumerate(zip(traces, batch.marks, strict=True)):
            for value, mark in zip(trace.values, marks, strict=True):
                if value is not None and mark is not None:
                    targets_BT[row, mark] = value if self.hard is None else float(value > self.hard)
        return {**batch.inputs, "targets_BT": targets_BT}


class _StepTrainer(Trainer):  # type: ignore[misc]
    def __init__(self, config: PRMConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = config

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        targets_BT = inputs.pop("targets_BT")
        logits_BT = model(**inputs)
        known_BT = ~targets_BT.isnan()
        # Without a label in the batch the loss is 0, with a gradient of 0 for every weight.
        loss = (
            step_loss(logits_BT[known_BT].float(), targets_BT[known_BT], self.settings.loss)
            if known_BT.any()
            else logits_BT.sum() * 0.0
        )
        return (loss, logits_BT) if return_outputs else loss

    def create_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        if getattr(self, "optimizer", None) is None:
            model, config = self.model, self.settings
            body = [one for one in model.writer.parameters() if one.requires_grad]
            groups = [{"params": body, "lr": config.learning_rate}]
            if model.head is not None:
                groups.append({"params": list(model.head.parameters()), "lr": config.head_learning_rate})
            self.optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
        return self.optimizer

    # The head stands beside a model whose input and output words may be one tensor: written and read by safetensors'
    # own functions, which keep them one.
    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        save_model(self.accelerator.unwrap_model(self.model), str(folder / _WEIGHTS))

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        load_model(model or self.model, str(Path(resume_from_checkpoint) / _WEIGHTS))


def _log(history: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key: row[key] for key in ("step", "loss", "grad_norm")} for row in history if "loss" in row]
