"""Training a process reward model on labelled traces, ``seethink process train`` and recipes of kind ``prm``.

Adapters, recomputed activations, frozen parts, checkpoints and the saved model are SFT's own code; only what is learnt
differs. ViLPRM's numbers are unknown: the vision tower is frozen, the head learns faster than the body (reference 8.3,
choice).

Letters: B rows, T tokens, S step ends of a batch that have a target, U what the loss is the mean of (steps or pairs).
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.utils.data import Dataset
from transformers import Trainer, TrainingArguments

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.core.tables import data_hash, read_manifest
from seethink.models.load import Checkpoint, weights_hash
from seethink.process.calibrate import calibrate
from seethink.process.collect.rows import LabelledTrace, value_counts
from seethink.process.objective import step_losses
from seethink.process.prm_config import PRMConfig
from seethink.process.step_head import StepCheckpoint, Trace, encode, save_head_beside, with_head
from seethink.process.targets import by_question, kept_back, up_to_first_error
from seethink.training.backends.arguments import common_arguments
from seethink.training.backends.loop import open_policy, train_and_save
from seethink.training.processes import claimed_together, first_process, seal_together, share_of, wait_for_all

_WEIGHTS = "model.safetensors"


def train_prm(
    config: PRMConfig, base: str | Path, traces: Sequence[LabelledTrace], images: ImageStore, out: Path
) -> dict[str, Any]:
    """Train from ``base``; the model lies in ``out/model``, adapters in ``out/adapter``, the head beside either.
    Finished runs return their manifest at once, killed ones go on from their last checkpoint and end with the weights
    of an uninterrupted run.

    Raises:
        InputError: no trace holds a value.
    """
    started = time.time()
    known = _labelled(traces)
    if not known:
        raise InputError("no labelled step to train on: collect labels first, or give a file of rows")
    data = {"base": weights_hash(base), "traces": data_hash([*trace] for trace in known)}
    with claimed_together(out, config, data) as finished:
        if finished:
            return read_manifest(out) or {}
        taught, back = kept_back(known, config.held_back, config.seed)
        if config.first_error is not None:
            taught, back = (_labelled(up_to_first_error(part, config.first_error)) for part in (taught, back))
        if not taught:
            raise InputError(f"held_back={config.held_back} leaves no trace to train on: lower it")
        log, cost = _train(config, base, taught, images, out)
        wait_for_all()
        fit = None
        if first_process() and back:
            folder = out / ("model" if (out / "model").is_dir() else "adapter")
            # The model that was trained may stand in the way of the one that is read back.
            gc.collect()
            fit = calibrate(folder, back, images, hard=config.hard, dtype=config.dtype)
        return seal_together(
            out,
            config,
            seeds={"head, order and what is kept back": config.seed},
            data=data,
            started=started,
            log=log,
            cost=cost | {"labels": float(value_counts(taught)), "kept_back": float(value_counts(back))},
            more={"calibration": fit._asdict()} if fit else None,
        )


def _train(
    config: PRMConfig, base: str | Path, traces: Sequence[LabelledTrace], images: ImageStore, out: Path
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    opened, adapters = open_policy(config, base)
    checkpoint = _headed(config, opened, adapters)
    if not any(one.requires_grad for one in checkpoint.model.parameters()):
        raise InputError("nothing is trained: every part is frozen, and a tokens head has no weights; shorten frozen")
    device_batch, accumulation = share_of(config.batch, config.device_batch)
    steps = config.epochs * -(-len(traces) // config.batch)
    ordered = config.loss == "pairs"
    trainer = _StepTrainer(
        config,
        model=checkpoint.model,
        args=TrainingArguments(
            **common_arguments(config, out, steps),
            per_device_train_batch_size=device_batch,
            gradient_accumulation_steps=accumulation,
            save_steps=config.checkpoint_every,
            # Pairs are of one question: its traces have to meet in a forward.
            train_sampling_strategy="sequential" if ordered else "random",
            logging_nan_inf_filter=False,
            dataloader_num_workers=0,
        ),
        data_collator=_Collator(checkpoint, images, config.hard),
        train_dataset=_Traces(by_question(traces, config.epochs, config.seed) if ordered else traces),
    )

    def save_head() -> None:
        for folder in (out / "model", out / "adapter"):
            if folder.is_dir():
                # The bound on a picture's size belongs to what the scores mean.
                checkpoint.processor.save_pretrained(folder)
                save_head_beside(checkpoint, folder)

    log, cost = train_and_save(trainer, config, opened, out, "PRM", inside="writer", beside=save_head)
    head = sum(one.numel() for one in checkpoint.model.head.parameters()) if checkpoint.model.head else 0
    # Tokens are TRL's to count.
    return log, {name: value for name, value in cost.items() if name != "train_tokens"} | {"trained_head": float(head)}


def _headed(config: PRMConfig, opened: Checkpoint, adapters: Any) -> StepCheckpoint:
    """The model to train, with adapters where they are asked for."""
    checkpoint = with_head(opened, config.head, config.seed)
    if adapters is not None:
        from peft import get_peft_model

        checkpoint.model.writer = get_peft_model(opened.model, adapters)
    elif checkpoint.model.head is not None and not opened.model.config.tie_word_embeddings:
        # Nothing is read from the vocabulary's side.
        opened.model.get_output_embeddings().requires_grad_(False)
    return checkpoint


def _labelled(traces: Iterable[LabelledTrace]) -> list[LabelledTrace]:
    return [trace for trace in traces if any(value is not None for value in trace.values)]


class _Traces(Dataset[LabelledTrace]):
    def __init__(self, traces: Sequence[LabelledTrace]) -> None:
        self.traces = traces

    def __len__(self) -> int:
        return len(self.traces)

    def __getitem__(self, index: int) -> LabelledTrace:
        return self.traces[index]


class _Collator:
    """Traces → model inputs, ``targets_BT``, NaN at every token but the labelled step ends, and ``questions_B``, a
    number per question of the batch."""

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
        numbers: dict[Any, int] = {}
        asked = [numbers.setdefault((one.question, one.images), len(numbers)) for one in traces]
        return {**batch.inputs, "targets_BT": targets_BT, "questions_B": torch.tensor(asked)}


class _StepTrainer(Trainer):  # type: ignore[misc]
    # A step's loss is the mean over all that its forwards hold together, however many forwards there are.
    loss_is_scaled_for_ga = True

    def __init__(self, config: PRMConfig, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.settings = config

    def get_batch_samples(self, epoch_iterator: Any, num_batches: int, device: Any) -> tuple[list[Any], Any]:
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        units = sum(len(self._losses(torch.zeros_like(one["targets_BT"]), one)) for one in batches)
        return batches, self.accelerator.gather(torch.tensor([units], device=device)).sum().clamp(min=1)

    def compute_loss(
        self, model: Any, inputs: Any, return_outputs: bool = False, num_items_in_batch: Any = None
    ) -> Any:
        known = {name: inputs.pop(name) for name in ("targets_BT", "questions_B")}
        logits_BT = model(**inputs)
        # Without a label in the batch the loss is 0, with a gradient of 0 for every weight. Processes' gradients are
        # averaged, and what they are to give together is a sum.
        losses_U = self._losses(logits_BT.float(), known)
        loss = (losses_U.sum() + logits_BT.sum() * 0.0) * self.accelerator.num_processes / num_items_in_batch
        return (loss, logits_BT) if return_outputs else loss

    def _losses(self, logits_BT: Tensor, known: Any) -> Tensor:
        targets_BT = known["targets_BT"]
        known_BT = ~targets_BT.isnan()
        questions_BT = known["questions_B"][:, None].expand_as(targets_BT)
        return step_losses(logits_BT[known_BT], targets_BT[known_BT], questions_BT[known_BT], self.settings.loss)

    def create_optimizer(self, *args: Any, **kwargs: Any) -> Any:
        if getattr(self, "optimizer", None) is None:
            model, config = self.model, self.settings
            body = [one for one in model.writer.parameters() if one.requires_grad]
            groups = [{"params": body, "lr": config.learning_rate}] if body else []
            if model.head is not None:
                groups.append({"params": list(model.head.parameters()), "lr": config.head_learning_rate})
            self.optimizer = torch.optim.AdamW(groups, weight_decay=config.weight_decay)
        return self.optimizer

    # A checkpoint holds what is trained: the rest is the start's, and is read from there.
    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        folder = Path(output_dir or self.args.output_dir)
        folder.mkdir(parents=True, exist_ok=True)
        kept = {name: one.detach().contiguous() for name, one in self._trained(self.model).items()}
        save_file(kept, folder / _WEIGHTS)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None) -> None:
        weights = load_file(Path(resume_from_checkpoint) / _WEIGHTS)
        with torch.no_grad():
            for name, one in self._trained(model or self.model).items():
                one.copy_(weights[name])

    def _trained(self, model: Any) -> dict[str, Tensor]:
        whole = self.accelerator.unwrap_model(model)
        return {name: one for name, one in whole.named_parameters() if one.requires_grad}
