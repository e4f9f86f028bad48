"""Which engine carries the steps. It decides where and how fast they run, and nothing of what they make."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field

from seethink.core.config import Config, parse_config
from seethink.core.rejected import InputError
from seethink.data.config import DataConfig
from seethink.teachers.purchase import Patience


class LocalEngine(Config):
    """This process."""

    kind: Literal["local"] = "local"


class DaftEngine(Config):
    """Workers that Daft places (extra ``cluster``)."""

    kind: Literal["daft"] = "daft"
    runner: Literal["native", "ray"] = "native"
    """Processes of this machine, or actors of the Ray cluster at RAY_ADDRESS; without one, a local one is started."""
    workers: int = Field(default=2, ge=1)
    """Width, limits per minute and budget are divided among them."""


Engine = LocalEngine | DaftEngine


def engine_config(kind: str, runner: str = "native", workers: int = 2) -> Engine:
    """The engine by name. InputError names what there is."""
    if kind == "local":
        return LocalEngine()
    if kind != "daft":
        raise InputError(f"engine {kind!r}: choose local or daft")
    return parse_config(DaftEngine, {"runner": runner, "workers": workers}, "engine")


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a worker opens its teachers with; folders on a disk that all workers see."""

    config: DataConfig
    images: Path
    patience: Patience
