"""What a recipe is planned for: accelerators, how many, and how the model is shared out among them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import Field, field_validator

from seethink.core.config import Config

GIB = 2**30


class Device(Config):
    """One accelerator."""

    memory: float = Field(gt=0)
    """GiB."""
    speed: float = Field(gt=0)
    """Dense bf16 operations, 1e12 a second."""
    bandwidth: float = Field(gt=0)
    """Of its memory, 1e9 bytes a second."""


@cache
def devices() -> dict[str, Device]:
    """The accelerators known by name."""
    text = files("seethink.study.plan").joinpath("devices.yaml").read_text(encoding="utf-8")
    return {name: Device.model_validate(row) for name, row in yaml.safe_load(text).items()}


class Hardware(Config):
    """The planner's only: a training takes what its launcher gives it."""

    device: str = "h100"
    """A name of ``devices.yaml``."""
    count: int = Field(default=1, ge=1)
    """Training processes, one per accelerator; those of a vLLM server are not among them."""
    sharding: Literal["none", "fsdp2", "zero3"] = "none"
    """How the launcher shares out weights, gradients and optimiser states; with ``none`` each device holds all."""
    memory: float | None = Field(default=None, gt=0)
    """GiB of a device, where it is not that of ``device``."""

    @field_validator("device")
    @classmethod
    def _known(cls, name: str) -> str:
        if name not in devices():
            raise ValueError(f"no device is known as {name}: choose among {', '.join(devices())}")
        return name

    @property
    def kind(self) -> Device:
        known = devices()[self.device]
        return known if self.memory is None else known.model_copy(update={"memory": self.memory})

    @property
    def accelerated(self) -> bool:
        return self.device != "cpu"
