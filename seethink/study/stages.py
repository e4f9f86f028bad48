"""Stages: what a study has to make, each thing once, known by the content of what makes it.

A stage's key is a hash of its kind, its settings with the seed, and the keys of what it needs; a start's is that of its
weights. Arms that share a stage, studies that share a folder of stages, and a study started again all come to the same
key. Folders are named ``sft+rl-s0-4f2c81d09a3e``: chain, seed, key.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from seethink.core.config import Config, tree_hash
from seethink.core.tables import read_manifest
from seethink.data import DataConfig
from seethink.evaluation.settings import EvaluationConfig
from seethink.study.arms import Stage, chain_name
from seethink.study.choices import PassAtK, Shown
from seethink.study.heldout import AnyHeldout
from seethink.study.rewards import GRPOTask
from seethink.study.sets import ItemSetConfig, TraceSetConfig
from seethink.study.sources import FactorySourceConfig, RunSourceConfig, WorldSourceConfig
from seethink.training.sft import SFTConfig
from seethink.world.oracle import Dials
from seethink.world.source import WorldConfig


class Kind(StrEnum):
    """What a stage makes, and the folder that it lies in."""

    DATA = "data"
    SET = "sets"
    TRAINING = "stages"
    EVALUATION = "evaluation"
    DIFFICULTY = "difficulty"


@dataclass(frozen=True, slots=True)
class DataRun:
    """Traces and items: the six steps, or what stands in for them."""

    source: Config
    world: WorldConfig
    teacher: Dials
    data: DataConfig
    needs: tuple[Any, ...] = ()
    kind = Kind.DATA

    @property
    def name(self) -> str:
        match self.source:
            case WorldSourceConfig():
                return _key(self.kind, [self.world, self.teacher, self.data])
            case FactorySourceConfig():
                return _key(self.kind, [self.source, self.data])
        return _key(self.kind, [self.source])


@dataclass(frozen=True, slots=True)
class DataSet:
    """What a training reads of a data run.

    Attributes:
        base: who is asked where the choice asks a model; empty where it asks none.
        against: the other set, unmatched, where this one is matched with it.
    """

    run: DataRun
    base: str
    config: TraceSetConfig | ItemSetConfig
    against: DataSet | None = None
    kind = Kind.SET

    @property
    def name(self) -> str:
        what = "traces" if isinstance(self.config, TraceSetConfig) else "items"
        more = () if self.against is None else (self.against.name,)
        return f"{what}-{_key(self.kind, [self.config], self.run.name, self.base and start_key(self.base), *more)}"

    @property
    def needs(self) -> tuple[Any, ...]:
        return (self.run, *([self.against] if self.against else []))


@dataclass(frozen=True, slots=True)
class Imported:
    """A finished training from elsewhere."""

    path: Path
    start: Start
    kind = Kind.TRAINING
    needs: tuple[Any, ...] = ()

    @property
    def name(self) -> str:
        return f"imported-{tree_hash(str(self.path.resolve()))}"


@dataclass(frozen=True, slots=True)
class Training:
    """One stage of a chain, with one seed.

    Attributes:
        rows: what SFT imitates, or RL asks.
        shown: what RL imitates beside.
    """

    chain: tuple[Stage, ...]
    seed: int
    settings: SFTConfig | GRPOTask
    start: Start
    rows: DataSet
    shown: DataSet | None = None
    kind = Kind.TRAINING

    @property
    def name(self) -> str:
        more = () if self.shown is None else (self.shown.name,)
        key = _key(self.kind, [self.settings], self.chain[-1], start_key(self.start), self.rows.name, *more)
        return f"{chain_name(self.chain)}-s{self.seed}-{key}"

    @property
    def needs(self) -> tuple[Any, ...]:
        return (self.rows, *([self.shown] if self.shown else []), *_to_train(self.start))


Start = str | Training | Imported
"""What a stage starts from: a checkpoint that is given, or what another stage left."""


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A checkpoint's responses to the held-out items."""

    model: Start
    config: EvaluationConfig
    heldout: AnyHeldout
    pictures: Shown
    kind = Kind.EVALUATION

    @property
    def name(self) -> str:
        start = self.model if isinstance(self.model, str) else self.model.name
        shown = Path(start).name.rsplit("-", 1)[0][:60] if isinstance(self.model, str) else start.rsplit("-", 1)[0]
        return f"{shown}-{_key(self.kind, [self.config, self.heldout], start_key(self.model), self.pictures)}"

    @property
    def needs(self) -> tuple[Any, ...]:
        return _to_train(self.model)


@dataclass(frozen=True, slots=True)
class Difficulty:
    """How often ``base`` gets each item right that any training reads."""

    sets: tuple[DataSet, ...]
    base: str
    config: PassAtK
    kind = Kind.DIFFICULTY

    @property
    def name(self) -> str:
        return _key(self.kind, [self.config], start_key(self.base), *sorted(one.name for one in self.sets))

    @property
    def needs(self) -> tuple[Any, ...]:
        return self.sets


Task = DataRun | DataSet | Training | Imported | Evaluation | Difficulty


def folder_of(task: Task, root: Path) -> Path:
    """Where a task's output lies."""
    if isinstance(task, Imported):
        return task.path
    if isinstance(task, DataRun) and isinstance(task.source, RunSourceConfig):
        return task.source.path
    return root / task.kind / task.name


def finished(task: Task, root: Path) -> bool:
    """Whether a task's output is sealed. Whether it is still of this content says whoever makes it."""
    folder = folder_of(task, root)
    return read_manifest(folder / "funnel" if isinstance(task, DataRun) else folder) is not None


def model_of(start: Start, root: Path) -> str:
    """The checkpoint's folder, or the name of one that is given."""
    return start if isinstance(start, str) else str(folder_of(start, root) / "model")


def start_key(start: Start) -> str:
    """A given checkpoint's weights, or the name of the stage that makes it."""
    if not isinstance(start, str):
        return start.name
    return _weights_key(start)


def _weights_key(name: str) -> str:
    from seethink.models.load import checkpoint_folder

    folder = checkpoint_folder(name)
    found = sorted([*folder.glob("*.safetensors"), *folder.glob("tokenizer.json")])
    if not found:
        # Not on disk yet: it can be planned, and is refused by whoever loads it.
        return f"name:{name}"
    return _hashed(name, tuple((path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in found))


@lru_cache(maxsize=64)
def _hashed(name: str, files: tuple[tuple[str, int, int], ...]) -> str:
    """Hashed once for as long as the files look the same: a large checkpoint takes seconds."""
    from seethink.models.load import weights_hash

    return weights_hash(name)


def _to_train(start: Start) -> tuple[Any, ...]:
    return (start,) if isinstance(start, Training) else ()


def _key(kind: Kind, configs: list[Config], *more: str) -> str:
    return tree_hash([kind, *(config.model_dump(mode="json") for config in configs), *more])
