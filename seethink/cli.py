"""The command line: study | data | train | eval | reward | world | doctor. Heavy imports happen inside the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from seethink import __version__
from seethink.core.rejected import InputError, Rejected, Stopped

if TYPE_CHECKING:
    from seethink.core.images import ImageStore
    from seethink.core.item import Item

app = typer.Typer(
    name="seethink",
    help="Teach vision-language models to see, then think: data, SFT, GRPO, evaluation and a fair study of the three.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
data_app = typer.Typer(help="The six-step data factory.", no_args_is_help=True)
train_app = typer.Typer(help="SFT and GRPO on items of your own.", no_args_is_help=True)
reward_app = typer.Typer(help="The mixed reward, before any training.", no_args_is_help=True)
world_app = typer.Typer(help="The embedded visual world and its tiny base model.", no_args_is_help=True)
for name, group in (("data", data_app), ("train", train_app), ("reward", reward_app), ("world", world_app)):
    app.add_typer(group, name=name)


class Format(StrEnum):
    """How a file of items is read."""

    RECORDS = "records"
    VLAA_THINKING = "vlaa-thinking"
    GEOMETRY3K = "geometry3k"
    LOGICVISTA = "logicvista"
    MATHVISION = "mathvision"


Overrides = Annotated[list[str] | None, typer.Argument(help="Settings as field=value or field.inner=value.")]
Out = Annotated[
    Path, typer.Option("--out", help="Folder of the outputs; the same command goes on where it was killed.")
]
Data = Annotated[Path, typer.Option("--data", help="JSON Lines (or a JSON array) of items.")]
Images = Annotated[Path, typer.Option("--images", help="Folder that the items' picture paths are relative to.")]
Model = Annotated[str, typer.Option("--model", help="A checkpoint folder, or 'base' for the tiny model shipped here.")]
ConfigFile = Annotated[Path | None, typer.Option("--config", help="YAML file of settings; overrides go over it.")]
FormatOption = Annotated[Format, typer.Option("--format", help="How the file is written.")]
ImageField = Annotated[
    str, typer.Option("--image-field", help="Field of a VLAA-Thinking record with its picture's path.")
]


@app.callback(invoke_without_command=True)
def version(
    show: Annotated[bool, typer.Option("--version", help="Print the version.", is_eager=True)] = False,
) -> None:
    if show:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def study(
    config: Annotated[Path, typer.Argument(help="The study's YAML.")],
    overrides: Overrides = None,
    out: Out = Path("runs/study"),
) -> None:
    """Compare SFT, RL and SFT then RL on matched arms; writes results.json and report.html."""
    from seethink.core.config import load_config
    from seethink.study.run import StudyConfig, run_study

    run_study(load_config(StudyConfig, config, overrides or ()), out)


@data_app.command("build")
def data_build(
    data: Annotated[Path | None, typer.Option("--data", help="Items; the config's sources where not given.")] = None,
    images: Annotated[Path, typer.Option("--images", help="Folder of the items' pictures.")] = Path(),
    out: Out = Path("runs/data"),
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Collect, caption, distil, rewrite, verify, curate: items in, an SFT and an RL set out."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.data import DataConfig, funnel_table, run_pipeline
    from seethink.data.sources import all_items, open_source

    store, console = ImageStore(out / "images"), _console()
    settings = load_config(DataConfig, config, overrides or ())
    if data is None and not settings.sources:
        raise InputError("no items: give --data, or sources in the config")
    found = (
        _read(form, data, images, store, image_field)
        if data is not None
        else all_items(map(open_source, settings.sources), store)
    )
    console.print(funnel_table(run_pipeline(found, store, settings, out, console=console).funnel))


@train_app.command("grpo")
def train_grpo_command(
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
    from seethink.core.images import ImageStore
    from seethink.study.rewards import training_reward
    from seethink.training.grpo import GRPOConfig, train_grpo

    settings = load_config(GRPOConfig, config, overrides or ())
    store = ImageStore(out / "images")
    items, _ = _sort(_read(form, data, images, store, image_field))
    train_grpo(settings, model, items, store, training_reward(items), out)
    _console().print(f"model: {out / 'model'}")


@train_app.command("sft")
def train_sft_command(
    data: Annotated[Path, typer.Option("--data", help="Folder written by seethink data build.")],
    out: Out = Path("runs/sft"),
    model: Model = "base",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """SFT on the traces of a data run, vision tower frozen; the model lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.study.data import read_data
    from seethink.training.sft import SFTConfig, train_sft

    settings = load_config(SFTConfig, config, overrides or ())
    train_sft(settings, model, read_data(data).sft, ImageStore(data / "images"), out)
    _console().print(f"model: {out / 'model'}")


@app.command("eval")
def eval_command(
    data: Data,
    images: Images,
    out: Out = Path("runs/eval"),
    model: Model = "base",
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Greedy and sampled accuracy of a model on items of your own, with intervals, strict and lenient."""
    import time

    from seethink.analysis import print_comparison, study_results
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.core.tables import write_json
    from seethink.evaluation.run import EvaluationConfig, evaluate
    from seethink.study.rewards import evaluation_judges

    started = time.time()
    settings = load_config(EvaluationConfig, config, overrides or ())
    store = ImageStore(out / "images")
    items, _ = _sort(_read(form, data, images, store, image_field))
    responses = evaluate(settings, model, model, items, store, evaluation_judges(items), out / "responses")
    results = study_results(
        {model: responses}, controls=(), costs={}, funnel=(), seconds=time.time() - started, seed=settings.seed
    )
    write_json(out / "results.json", results)
    print_comparison(results)


@reward_app.command("validate")
def reward_validate(
    data: Data, images: Images, form: FormatOption = Format.RECORDS, image_field: ImageField = "image"
) -> None:
    """Check before training that every rule-verified gold is accepted by its own verifier."""
    import tempfile

    from seethink.core.images import ImageStore

    with tempfile.TemporaryDirectory() as folder:
        items, rejected = _sort(_read(form, data, images, ImageStore(Path(folder)), image_field))
    if rejected:
        raise typer.Exit(1)
    _console().print(f"{len(items)} items, every rule-verified gold scores 1")


@world_app.command("show")
def world_show(
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
    _console().print(f"{question_text(asked)}\n\ngold: {asked.gold}\n" + "\n".join(true_steps(asked)) + f"\n\n{out}")


@world_app.command("items")
def world_items(
    out: Annotated[Path, typer.Option("--out", help="Folder for items.jsonl and images/.")],
    overrides: Overrides = None,
) -> None:
    """Write items of the world as a JSON Lines file and an image folder, the form of input the other commands take."""
    from seethink.core.config import load_config
    from seethink.world.export import export_items
    from seethink.world.source import WorldConfig

    count = export_items(load_config(WorldConfig, None, overrides or ()), out)
    _console().print(f"{count} items: {out / 'items.jsonl'}")


@world_app.command("pretrain")
def world_pretrain(out: Out = Path("runs/pretrain"), overrides: Overrides = None) -> None:
    """Train the tiny base model from nothing (about 40 minutes on two cores); the model lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.training.pretrain import PretrainConfig, pretrain

    _console().print(f"model: {pretrain(load_config(PretrainConfig, None, overrides or ()), out)}")


@world_app.command("card")
def world_card(out: Out = Path("runs/card"), model: Model = "base", seed: int = 0, overrides: Overrides = None) -> None:
    """Measure a model of the world: what it sees, how it keeps the format, where it errs."""
    from seethink.core.config import load_config
    from seethink.study.card import base_card, card_table
    from seethink.world.source import WorldConfig

    world = load_config(WorldConfig, None, ["split=heldout", "count=800", *(overrides or ())])
    _console().print(card_table(base_card(model, world, out, seed=seed)))


@app.command()
def doctor() -> None:
    """What is installed here and what is missing, with the remedy."""
    from seethink.core.tables import code_version, package_versions

    console = _console()
    found = package_versions()
    console.print(f"seethink {code_version()}, Python {sys.version.split()[0]}")
    for package, number in found.items():
        console.print(f"  {package} {number}")
    if "torch" not in found:
        console.print("  torch is missing: rewards and data work; for training install seethink\\[train]")
        return
    from seethink.models.device import device_name

    console.print(f"  device: {device_name()}")


def _console() -> Any:
    from rich.console import Console

    return Console()


def _read(form: Format, path: Path, folder: Path, store: ImageStore, image_field: str) -> Iterable[Item | Rejected]:
    """The items of a file in one of the formats, bad rows as reasons."""
    if form is Format.LOGICVISTA:
        from seethink.evaluation.logicvista import LogicVista

        return LogicVista(path, folder).items(store)
    if form is Format.MATHVISION:
        from seethink.evaluation.mathvision import MathVision

        return MathVision(path, folder).items(store)
    from seethink.data.sources import (
        Geometry3kConfig,
        RecordsConfig,
        VlaaThinkingConfig,
        open_source,
    )

    if form is Format.VLAA_THINKING:
        return open_source(VlaaThinkingConfig(path=path, image_root=folder, image_field=image_field)).items(store)
    kind = RecordsConfig if form is Format.RECORDS else Geometry3kConfig
    return open_source(kind(path=path, image_root=folder)).items(store)


def _sort(found: Iterable[Item | Rejected]) -> tuple[list[Item], list[Rejected]]:
    """Good items and bad rows; the bad ones are told, with place and remedy. InputError where no good one is left."""
    from rich.markup import escape

    items: list[Item] = []
    rejected: list[Rejected] = []
    for one in found:
        if isinstance(one, Rejected):
            rejected.append(one)
        else:
            items.append(one)
    console = _console()
    for bad in rejected[:20]:
        console.print(f"[yellow]set aside[/] {escape(f'{bad.where}: {bad.reason} ({bad.detail})')}", highlight=False)
    if rejected:
        console.print(f"{len(items)} items kept, {len(rejected)} set aside")
    if not items:
        raise InputError("no usable item is left: mend the rows named above")
    return items, rejected


def main() -> None:
    """Entry point: a message for a person, no traceback, where the input is at fault."""
    try:
        app()
    except InputError as error:
        typer.echo(f"seethink: {error}", err=True)
        raise SystemExit(2) from None
    except Stopped as stopped:
        typer.echo(f"seethink: {stopped}", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
