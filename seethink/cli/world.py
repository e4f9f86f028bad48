"""``seethink world``: items of the embedded world, and the models trained on it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import ConfigFile, Model, Out, Overrides
from seethink.cli.terminal import terminal

commands = typer.Typer(help="The embedded visual world and its tiny base model.", no_args_is_help=True)


@commands.command("show")
def show(
    out: Annotated[Path, typer.Option("--out", help="PNG to write.")] = Path("world.png"),
    seed: int = 0,
    index: int = 0,
    level: int = 1,
) -> None:
    """Draw one item: picture, question, gold and true steps."""
    from PIL import Image

    from seethink.world.questions import drawn, question, question_text
    from seethink.world.traces import true_steps

    asked = question(seed, index, level=level)
    Image.fromarray(drawn(asked)).resize((420, 420), Image.Resampling.NEAREST).save(out)
    terminal().print(f"{question_text(asked)}\n\ngold: {asked.gold}\n" + "\n".join(true_steps(asked)) + f"\n\n{out}")


@commands.command("items")
def items(
    out: Annotated[Path, typer.Option("--out", help="Folder for items.jsonl and images/.")],
    overrides: Overrides = None,
) -> None:
    """Write items of the world as a JSON Lines file and an image folder, the form of input the other commands take."""
    from seethink.core.config import load_config
    from seethink.world.export import export_items
    from seethink.world.source import WorldConfig

    count = export_items(load_config(WorldConfig, None, overrides or ()), out)
    terminal().print(f"{count} items: {out / 'items.jsonl'}")


@commands.command("pretrain")
def pretrain_base(out: Out = Path("runs/pretrain"), overrides: Overrides = None) -> None:
    """Train the tiny base model from nothing (about 40 minutes on two cores); the model lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.training.pretrain import PretrainConfig, pretrain

    terminal().print(f"model: {pretrain(load_config(PretrainConfig, None, overrides or ()), out)}")


@commands.command("scorer")
def scorer(
    out: Out = Path("runs/scorer"),
    model: Model = "base",
    pairs: Annotated[int, typer.Option("--pairs", min=1, help="Held-out pairs that it is measured on.")] = 1_000,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Train a scorer of open answers on pairs from exact truth, measure it on held-out ones; it lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.study.scorer_card import card_table, scorer_card
    from seethink.training.preference import PreferenceConfig, train_preference

    settings = load_config(PreferenceConfig, config, overrides or ())
    train_preference(settings, model, out)
    terminal().print(card_table(scorer_card(out / "model", out, pairs=pairs, level=settings.level)))


@commands.command("card")
def card(out: Out = Path("runs/card"), model: Model = "base", seed: int = 0, overrides: Overrides = None) -> None:
    """Measure a model of the world: what it sees, how it keeps the format, where it errs."""
    from seethink.core.config import load_config
    from seethink.study.card import base_card, card_table
    from seethink.world.source import WorldConfig

    world = load_config(WorldConfig, None, ["split=heldout", "count=800", *(overrides or ())])
    terminal().print(card_table(base_card(model, world, out, seed=seed)))
