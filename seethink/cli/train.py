"""``seethink train``: SFT and GRPO, from options or from a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import (
    ConfigFile,
    Data,
    DataRun,
    FormatOption,
    ImageField,
    Images,
    MappingOption,
    Model,
    Out,
    Overrides,
)
from seethink.cli.reading import item_files, open_items, tell
from seethink.cli.terminal import terminal

commands = typer.Typer(help="SFT and GRPO on items of your own.", no_args_is_help=True)


@commands.command("grpo")
def grpo(
    data: Data,
    images: Images = None,
    out: Out = Path("runs/grpo"),
    model: Model = "base",
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """GRPO with the mixed reward; the model lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.study.rewards import GRPOTask
    from seethink.study.training import train_on_items

    settings = load_config(GRPOTask, config, overrides or ())
    items, _, store = open_items(item_files(data, images, form, mapping, image_field), out / "images")
    train_on_items(settings, model, items, store, out)
    _say_where(out)


@commands.command("sft")
def sft(
    data: DataRun,
    out: Out = Path("runs/sft"),
    model: Model = "base",
    name: Annotated[str, typer.Option("--set", help="sft, or a set that curation made of it.")] = "sft",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """SFT on the traces of a data run, vision tower frozen; the model lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.study.data import read_demonstrations
    from seethink.training.sft import SFTConfig
    from seethink.training.train import train_sft

    settings = load_config(SFTConfig, config, overrides or ())
    train_sft(settings, model, read_demonstrations(data, name), ImageStore(data / "images"), out)
    _say_where(out)


@commands.command("run")
def run(
    recipe: Annotated[Path, typer.Argument(help="A recipe's YAML: kind, model, data and settings.")],
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder of the outputs; runs/NAME by default.")] = None,
) -> None:
    """Train what a recipe says; seethink doctor plans it first."""
    from seethink.study.recipe import load_training
    from seethink.study.training import train_recipe

    folder = out or Path("runs") / recipe.stem
    _, aside = train_recipe(load_training(recipe, overrides), folder)
    tell(aside)
    _say_where(folder)


@commands.command("merge")
def merge(
    trained: Annotated[Path, typer.Argument(help="Folder of a training with lora and merged: false.")],
    model: Annotated[
        Path | None, typer.Option("--model", help="The checkpoint it started from, where that has moved.")
    ] = None,
) -> None:
    """Add an adapter to the weights it was trained beside; the merged model lies in RUN/model."""
    from seethink.training.lora import merge_run

    merge_run(trained, model)
    _say_where(trained)


def _say_where(out: Path) -> None:
    name = "model" if (out / "model").exists() else "adapter"
    terminal().print(f"{name}: {out / name}")
