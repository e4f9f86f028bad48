"""Reruns: a run whose loss breaks off goes back to a good checkpoint and on from there, over other rows."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from rich.console import Console
from transformers import TrainerCallback

from seethink.core.rejected import InputError
from seethink.core.tables import read_json, write_json
from seethink.training.processes import first_process, wait_for_all
from seethink.training.resuming import checkpoint_step, drop, sealed_checkpoints
from seethink.training.spikes import Curve, Rerun, Spike, SpikeConfig, finite, row_order

STATE = "reruns.json"

R = TypeVar("R")


class Settings(Protocol):
    """What is read of a training's settings."""

    @property
    def batch(self) -> int: ...
    @property
    def seed(self) -> int: ...
    @property
    def spikes(self) -> SpikeConfig | None: ...


class Spiked(Exception):
    """Ends a training from inside. Every process sees the same loss and raises it at the same step."""

    def __init__(self, spike: Spike) -> None:
        super().__init__(f"{spike.why} at step {spike.step}")
        self.spike = spike


class Watch(TrainerCallback):  # type: ignore[misc]
    """Raises Spiked where the loss breaks off, before that step's checkpoint is written.

    What it knows is a function of the log, which a checkpoint holds: a resumed run sees the same breaks.
    """

    def __init__(self, config: SpikeConfig | None) -> None:
        self.config = config

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.curve = Curve(self.config) if self.config else None
        for row in state.log_history:
            if self.curve and "loss" in row:
                self.curve.see(row["step"], row["loss"])

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if self.curve and logs and "loss" in logs and (spike := self.curve.see(state.global_step, logs["loss"])):
            raise Spiked(spike)


@dataclass(frozen=True, slots=True)
class Mended:
    """A break, what was done about it, and the rows that are left out since."""

    spike: Spike
    rerun: Rerun
    rows: tuple[int, ...]

    def record(self) -> dict[str, Any]:
        """What the manifest keeps."""
        return {
            "step": self.spike.step,
            "why": self.spike.why,
            "loss": finite(self.spike.loss),
            "expected": finite(self.spike.expected),
            "back_to": self.rerun.back_to,
            "rows_left_out": len(self.rows),
        }


def train_with_reruns(
    config: Settings, rows: int, steps: int, folder: Path, run: Callable[[Sequence[int], Watch], R]
) -> tuple[R, list[Mended]]:
    """``run(order, watch)`` until the curve stays whole, and what was mended on the way.

    Args:
        rows: how many there are to train on.
        folder: of the checkpoints; the reruns are remembered there, for a run that is killed.
        run: trains on ``order`` with ``watch`` among its callbacks, from the last checkpoint under ``folder``.

    Raises:
        InputError: the loss broke off once more than ``config.spikes.reruns`` allows, or on every row.
    """
    wait_for_all()
    mended = _read(folder)
    while True:
        order = row_order(rows, config.batch, steps, config.seed, [one.rerun for one in mended])
        if not order.rows:
            raise InputError("SFT: the loss broke off on every row: lower learning_rate, or look at the data")
        try:
            return run(order.rows, Watch(config.spikes)), mended
        except Spiked as spiked:
            spike = spiked.spike
        assert config.spikes is not None
        _let_go()
        told = f"step {spike.step}: the loss is {spike.loss:.3g} where {spike.expected:.3g} was expected ({spike.why})"
        if len(mended) >= config.spikes.reruns:
            raise InputError(
                f"SFT, {told}, after {len(mended)} reruns: lower learning_rate, raise warmup, or allow more "
                "(spikes.reruns); the rows it broke on are those of that step and of the one before"
            )
        mended.append(_mend(spike, order.rows, config.batch, {row for one in mended for row in one.rows}, folder))
        if first_process():
            Console(stderr=True).print(
                f"SFT, {told}: back to step {mended[-1].rerun.back_to}, {len(mended[-1].rows)} rows left out "
                f"(rerun {len(mended)} of {config.spikes.reruns})",
                style="yellow",
            )


def _let_go() -> None:
    """Free the broken model before another is loaded: trainers hold themselves in circles."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _mend(spike: Spike, order: Sequence[int], batch: int, known: set[int], folder: Path) -> Mended:
    """Drop the checkpoints that are not above suspicion, and remember what the next run leaves out."""
    good = [checkpoint_step(path) for path in sealed_checkpoints(folder) if checkpoint_step(path) <= spike.sound]
    rerun = Rerun(max(good, default=0), spike.suspects)
    suspects = {row for step in spike.suspects for row in order[(step - 1) * batch : step * batch]}
    found = Mended(spike, rerun, tuple(sorted(suspects - known)))
    wait_for_all()
    if first_process():
        # The checkpoints go first: a kill in between finds the break again, at the same step.
        for path in folder.glob("checkpoint-*"):
            if checkpoint_step(path) > rerun.back_to:
                drop(path)
        write_json(folder / STATE, [asdict(one) for one in [*_read(folder), found]])
    wait_for_all()
    return found


def _read(folder: Path) -> list[Mended]:
    if not (folder / STATE).exists():
        return []
    return [
        Mended(
            Spike(**row["spike"] | {"suspects": tuple(row["spike"]["suspects"])}),
            Rerun(row["rerun"]["back_to"], tuple(row["rerun"]["left_out"])),
            tuple(row["rows"]),
        )
        for row in read_json(folder / STATE)
    ]
