"""Recipe: one YAML with all that a training needs, from the checkpoint it starts from to the data; what `seethink train
run` trains and `seethink doctor` plans."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field

from seethink.core.config import Config, load_config
from seethink.core.rejected import InputError
from seethink.data.sources import SourceConfig
from seethink.process.prm_config import PRMConfig
from seethink.process.steps import Splitting
from seethink.study.plan.expected import Expected
from seethink.study.plan.hardware import Hardware
from seethink.study.rewards import GRPOTask
from seethink.study.settings import StudyConfig
from seethink.study.sources import TracesConfig
from seethink.training.sft import SFTConfig


class Recipe(Config):
    """Base of a training's recipe."""

    model: str
    """The checkpoint folder to start from, or ``base``."""
    sizes: str | None = None
    """Where the planner finds the model's sizes while ``model`` is not on disk: a config.json, or a name that comes
    with the package (qwen2_5_vl_3b …)."""
    hardware: Hardware = Hardware()
    expected: Expected = Expected()


class SFTRecipe(Recipe):
    kind: Literal["sft"]
    traces: TracesConfig
    settings: SFTConfig = SFTConfig()


class GRPORecipe(Recipe):
    kind: Literal["grpo"]
    sources: tuple[SourceConfig, ...] = Field(min_length=1)
    """Items, as `seethink data build` takes them."""
    settings: GRPOTask = GRPOTask()


class PRMRecipe(Recipe):
    kind: Literal["prm"]
    rows: Path
    """Labelled processes: ViLReward-73K's file, or what `seethink process label` wrote."""
    images: Path
    """What the rows' picture paths are below."""
    splitting: Splitting = Splitting.AUTO
    """How processes are cut into steps."""
    settings: PRMConfig = PRMConfig()


TrainingRecipe = SFTRecipe | GRPORecipe | PRMRecipe

AnyRecipe = TrainingRecipe | StudyConfig

_KINDS: dict[str, type[SFTRecipe] | type[GRPORecipe] | type[PRMRecipe]] = {
    "sft": SFTRecipe,
    "grpo": GRPORecipe,
    "prm": PRMRecipe,
}


def load_recipe(path: Path, overrides: list[str] | None = None) -> AnyRecipe:
    """A recipe of a training, by its ``kind``, or of a study, which has none. InputError names field and remedy."""
    kind = _kind(path)
    if kind is None:
        return load_config(StudyConfig, path, overrides or ())
    if kind not in _KINDS:
        raise InputError(f"{path}: kind {kind!r} is no recipe: write sft, grpo or prm, or leave it out for a study")
    return load_config(_KINDS[kind], path, overrides or ())


def load_training(path: Path, overrides: list[str] | None = None) -> TrainingRecipe:
    """A recipe that can be trained by itself. InputError for a study."""
    recipe = load_recipe(path, overrides)
    if isinstance(recipe, StudyConfig):
        raise InputError(f"{path} is a study: seethink study {path}")
    return recipe


def _kind(path: Path) -> Any:
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"recipe {path} does not exist") from None
    except yaml.YAMLError as error:
        raise InputError(f"recipe {path} is not YAML: {error}") from None
    return tree.get("kind") if isinstance(tree, dict) else None
