"""``seethink train``: SFT and GRPO."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import ConfigFile, Data, DataRun, FormatOption, ImageField, Images, Model, Out, Overrides
from seethink.cli.reading import Format, ItemFile, open_items
from seethink.cli.terminal import terminal

commands = typer.Typer(help="SFT and GRPO on items of your own.", no_args_is_help=True)


@commands.command("grpo")
def grpo(
    data: Data,
    images: Images,
    out: Out = Path("runs/grpo"),
    model: Model = "base",
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """GRPO with the mixed reward; the model lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.study.rewards import GRPOTask, made_of, scored_by, shaping, training_reward
    from seethink.training.grpo import train_grpo

    settings = load_config(GRPOTask, config, overrides or ())
    beside, made = shaping(settings), made_of(settings.open)
    items, _, store = open_items(ItemFile(data, images, form, image_field), out / "images")
    with scored_by(settings.open, items, store, out / "ledger") as decides:
        reward = training_reward(items, decides)
        train_grpo(settings, model, items, store, reward, out, shaping=beside, made_of=made)
    terminal().print(f"model: {out / 'model'}")


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
    from seethink.training.sft import SFTConfig, train_sft

    settings = load_config(SFTConfig, config, overrides or ())
    train_sft(settings, model, read_demonstrations(data, name), ImageStore(data / "images"), out)
    terminal().print(f"model: {out / 'model'}")
