"""From a trainer that is ready to a model on disk: train, from the last checkpoint where there is one, and save."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import PrinterCallback, ProgressCallback

from seethink.models.load import Checkpoint, freeze, load_checkpoint
from seethink.models.saving import save_trained
from seethink.training.backends.callbacks import Clock
from seethink.training.backends.progress import Bar
from seethink.training.lora import adapter_config, merge_adapter, trained_by_part
from seethink.training.processes import first_process, processes, wait_for_all
from seethink.training.resuming import Sealing, last_checkpoint, readable_checkpoints
from seethink.training.settings import PolicyConfig

Log = list[dict[str, Any]]


def open_policy(config: PolicyConfig, base: str | Path) -> tuple[Checkpoint, Any]:
    """The checkpoint to train, its parts frozen, and PEFT's settings where adapters are trained instead."""
    if config.lora is None:
        checkpoint = load_checkpoint(base, max_pixels=config.max_pixels)
        freeze(checkpoint.model, config.frozen)
        return checkpoint, None
    checkpoint = load_checkpoint(base, dtype=config.lora.base_dtype, max_pixels=config.max_pixels)
    # Adapters begin at random, before any trainer has set its seed.
    torch.manual_seed(config.seed)
    return checkpoint, adapter_config(checkpoint.model, config.lora)


def say_trained(model: Any) -> dict[str, int]:
    """Print how many parameters of each part are trained; the same as a count by part."""
    counts = trained_by_part(model)
    everything = sum(parameter.numel() for parameter in model.parameters())
    if first_process():
        told = ", ".join(f"{part} {count:,}" if count else f"{part} none" for part, count in counts.items())
        Console().print(f"trained: {told}; {sum(counts.values()):,} of {everything:,} parameters")
    return counts


def train_and_save(
    trainer: Any,
    config: PolicyConfig,
    checkpoint: Checkpoint,
    out: Path,
    title: str,
    callbacks: Sequence[Any] = (),
    *,
    keep: int = 1,
    inside: str = "",
    beside: Callable[[], None] | None = None,
) -> tuple[Log, dict[str, float]]:
    """Train, save whole, then drop the checkpoints. Log and cost.

    Args:
        callbacks: see each log row before any tracker does, in this order. One that raises ends the training.
        keep: checkpoints that stay while it runs.
        inside: the attribute of the trainer's model that is ``checkpoint``'s, where there is more to it.
        beside: writes the rest of it, once the model is saved.
    """
    counts = say_trained(_inner(trainer.model, inside))
    for callback in (ProgressCallback, PrinterCallback):
        trainer.remove_callback(callback)
    trainer.callback_handler.callbacks[:0] = [Clock(), *callbacks]
    bar = Bar(title)
    for callback in (Sealing(keep), bar):
        trainer.add_callback(callback)
    folder = out / "checkpoints"
    try:
        with readable_checkpoints(checkpoint.model):
            trainer.train(resume_from_checkpoint=last_checkpoint(folder))
    finally:
        bar.stop()
    save_policy(trainer, config, checkpoint, out, inside)
    if beside is not None and first_process():
        beside()
    wait_for_all()
    if first_process():
        shutil.rmtree(folder, ignore_errors=True)
    log = _table([row for row in trainer.state.log_history if "loss" in row])
    cost = {
        "train_tokens": float(log[-1].get("num_tokens") or 0),
        "train_seconds": float(log[-1]["train_seconds"]),
        "steps": float(trainer.state.global_step),
        "processes": float(processes()),
    }
    return log, cost | {f"trained_{part}": float(count) for part, count in counts.items()}


def _table(rows: Log) -> Log:
    """Every row with every column: a table's columns are those of its first row, and not every step measures all."""
    columns = dict.fromkeys(key for row in rows for key, value in row.items() if isinstance(value, int | float | str))
    return [{column: row.get(column) for column in columns} for row in rows]


def save_policy(trainer: Any, config: PolicyConfig, checkpoint: Checkpoint, out: Path, inside: str = "") -> None:
    """``out/model``, and ``out/adapter`` where adapters were trained. Every process has to come here: sharded weights
    are gathered from all."""
    state = trainer.accelerator.get_state_dict(trainer.model_wrapped)
    if not first_process():
        return
    model = _inner(trainer.accelerator.unwrap_model(trainer.model_wrapped), inside)
    if inside:
        state = {
            name.removeprefix(f"{inside}."): value for name, value in state.items() if name.startswith(f"{inside}.")
        }
    if config.lora is None:
        save_trained(model, checkpoint.folder, out / "model", state)
        return
    model.save_pretrained(str(out / "adapter"), state_dict=state)
    if config.lora.merged:
        # From the files: under a sharding launcher no process holds the whole model.
        merge_adapter(checkpoint.folder, out / "adapter", out / "model", dtype=config.lora.base_dtype)
    else:
        checkpoint.processor.save_pretrained(out / "adapter")


def _inner(model: Any, inside: str) -> Any:
    return getattr(model, inside) if inside else model
