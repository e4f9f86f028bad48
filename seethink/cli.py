"""The command line: study | data | train | eval | reward | world | doctor. Heavy imports happen inside the commands."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
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


PAID = Path("runs/ledger")
"""Paid judgements of commands that have no output folder, where the judge's config names no other."""


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
    from seethink.study.rewards import GRPOTask, made_of, scored_by, shaping, training_reward
    from seethink.training.grpo import train_grpo

    settings = load_config(GRPOTask, config, overrides or ())
    beside, made = shaping(settings), made_of(settings.open)
    store = ImageStore(out / "images")
    items, _ = _sort(_read(form, data, images, store, image_field))
    with scored_by(settings.open, items, store, out / "ledger") as decides:
        reward = training_reward(items, decides)
        train_grpo(settings, model, items, store, reward, out, shaping=beside, made_of=made)
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
    from seethink.evaluation.run import evaluate
    from seethink.study.rewards import EvaluationTask, evaluation_judges, made_of, scored_by

    started = time.time()
    settings = load_config(EvaluationTask, config, overrides or ())
    made = made_of(settings.open)
    store = ImageStore(out / "images")
    items, _ = _sort(_read(form, data, images, store, image_field))
    with scored_by(settings.open, items, store, out / "ledger") as decides:
        judges = evaluation_judges(items, decides)
        responses = evaluate(settings, model, model, items, store, judges, out / "responses", made_of=made)
    results = study_results(
        {model: responses}, controls=(), costs={}, funnel=(), seconds=time.time() - started, seed=settings.seed
    )
    write_json(out / "results.json", results)
    print_comparison(results)


@reward_app.command("validate")
def reward_validate(
    data: Data,
    images: Images,
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Check before training that the reward pays for every gold: the rule-verified score 1, open ones can be scored."""
    import tempfile

    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.rewards.validate import validate, validation_table
    from seethink.study.rewards import WithScorer, open_scorer

    settings = load_config(WithScorer, config, overrides or ())
    with tempfile.TemporaryDirectory() as folder:
        store = ImageStore(Path(folder))
        items, unread = _sort(_read(form, data, images, store, image_field))
        found = validate(items, unread, open_scorer(items, settings.open, store, PAID))
    console = _console()
    _tell(found.refused)
    console.print(validation_table(found.golds))
    if not found.clean:
        raise typer.Exit(1)
    unchecked = sum(row.unchecked for row in found.golds)
    console.print(
        f"{len(items)} items, every rule-verified gold scores 1"
        + (f", {unchecked} open ones not checked: no scorer" if unchecked else "")
    )


@reward_app.command("audit")
def reward_audit(
    file: Annotated[Path, typer.Argument(help="JSON Lines of responses, or the folder that seethink eval wrote.")],
    second: Annotated[str, typer.Option("--second", help="lenient, math-verify or regex.")] = "lenient",
    data: Annotated[Path | None, typer.Option("--data", help="Items, where responses name them by id only.")] = None,
    images: Annotated[Path, typer.Option("--images", help="Folder of the items' pictures.")] = Path(),
    out: Annotated[Path, typer.Option("--out", help="HTML page to write.")] = Path("audit.html"),
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Verdicts on a file of responses beside a second verifier, with the disagreements to read."""
    import tempfile

    from seethink.analysis.audit import print_audit, write_audit
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.rewards.audit import audit, audit_tree, read_answered
    from seethink.rewards.second import second_verifier
    from seethink.study.rewards import WithScorer, scored_by, training_reward

    settings = load_config(WithScorer, config, overrides or ())
    with tempfile.TemporaryDirectory() as folder:
        store = ImageStore(Path(folder))
        items = _sort(_read(form, data, images, store, image_field))[0] if data is not None else []
        answered, rejected = read_answered(file, items)
        _tell(rejected)
        asked = [one.item for one in answered]
        with scored_by(settings.open, asked, store, PAID) as decides:
            reward = training_reward(asked, decides)
            audited = audit(answered, reward, second_verifier(second, reward))
    tree = audit_tree(audited, rejected, "strict", second, file.name)
    print_audit(tree, _console())
    write_audit(out, tree)
    _console().print(f"page: {out}")


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


@world_app.command("scorer")
def world_scorer(
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
    _console().print(card_table(scorer_card(out / "model", out, pairs=pairs, level=settings.level)))


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
    items: list[Item] = []
    rejected: list[Rejected] = []
    for one in found:
        if isinstance(one, Rejected):
            rejected.append(one)
        else:
            items.append(one)
    _tell(rejected)
    if rejected:
        _console().print(f"{len(items)} items kept, {len(rejected)} set aside")
    if not items:
        raise InputError("no usable item is left: mend the rows named above")
    return items, rejected


def _tell(rejected: Sequence[Rejected]) -> None:
    """Why the first of them were set aside."""
    from rich.markup import escape

    console = _console()
    for bad in rejected[:20]:
        console.print(f"[yellow]set aside[/] {escape(f'{bad.where}: {bad.reason} ({bad.detail})')}", highlight=False)


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
