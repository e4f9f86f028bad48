"""What looks at a training step by step: the KL coefficient, the alarms, tokens and seconds.

All are functions of the log, which a checkpoint holds: a resumed run finds them as they were, without a state of their
own. They see a row before any tracker does, and write into it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from transformers import TrainerCallback

from seethink.training.alarms import AlarmConfig, Watch
from seethink.training.kl import KLControl, coefficient


class AdaptiveKL(TrainerCallback):  # type: ignore[misc]
    """Sets the KL coefficient from the log, and writes it there as ``kl_coefficient``.

    Args:
        use: takes the coefficient of the steps to come.
    """

    def __init__(self, control: KLControl, use: Callable[[float], None]) -> None:
        self.control, self.use = control, use
        self.kls: list[float | None] = []

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.kls = [row.get("kl") for row in state.log_history if "loss" in row]
        self.use(coefficient(self.control, self.kls))

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not logs or "loss" not in logs:
            return
        write_column(state, logs, "kl_coefficient", coefficient(self.control, self.kls))
        self.kls.append(logs.get("kl"))
        self.use(coefficient(self.control, self.kls))


class Alarms(TrainerCallback):  # type: ignore[misc]
    """Says when an alarm begins to ring, and writes those that ring into the row, as ``alarms``."""

    def __init__(self, config: AlarmConfig) -> None:
        self.config = config
        self.watch = Watch(config)

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.watch = Watch(self.config)
        for row in state.log_history:
            self.watch.see(row)

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if not logs or "loss" not in logs:
            return
        for raised in self.watch.see(logs):
            if state.is_world_process_zero:
                Console(stderr=True).print(
                    f"step {state.global_step}, alarm {raised.name}: {raised.seen}. {raised.remedy}", style="yellow"
                )
        state.log_history[-1]["alarms"] = " ".join(self.watch.ringing)
        write_column(state, logs, "alarms/ringing", len(self.watch.ringing))


class TokensGoOn(TrainerCallback):  # type: ignore[misc]
    """Has TRL's SFT trainer count tokens on from where a killed run was: by itself it begins again at 0."""

    def __init__(self, trainer: Any) -> None:
        self.trainer = trainer

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.trainer._total_train_tokens = _last(state, "num_tokens")


class Clock(TrainerCallback):  # type: ignore[misc]
    """Writes ``train_seconds`` into every row: wall time spent in training, that before a kill included."""

    def __init__(self) -> None:
        self.began = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        self.began = time.time() - _last(state, "train_seconds")

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **kwargs: Any) -> None:
        if logs and "loss" in logs:
            write_column(state, logs, "train_seconds", time.time() - self.began)


def _last(state: Any, key: str) -> float:
    return next((row[key] for row in reversed(state.log_history) if row.get(key) is not None), 0)


def write_column(state: Any, logs: dict[str, Any], key: str, value: float) -> None:
    """Into the row that is being logged, and the log that a checkpoint holds."""
    logs[key] = state.log_history[-1][key] = value
