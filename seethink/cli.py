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
    from seethink.data import SourceConfig

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
DataRun = Annotated[Path, typer.Option("--data", help="Folder written by seethink data build.")]
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
    until: Annotated[
        str | None, typer.Option("--until", help="Last step: collect, caption, distill, rewrite or verify.")
    ] = None,
    shard: Annotated[
        str | None, typer.Option("--shard", help="i/n: steps 2 to 5 over every n-th part, beside the other shards.")
    ] = None,
    engine: Annotated[str, typer.Option("--engine", help="local, or daft (extra cluster).")] = "local",
    runner: Annotated[str, typer.Option("--runner", help="Of daft: native, or ray.")] = "native",
    workers: Annotated[int, typer.Option("--workers", help="Of daft: processes that share the width.", min=1)] = 2,
    retry_unanswered: Annotated[
        bool, typer.Option("--retry-unanswered", help="Ask again for rows that a teacher refused or left unanswered.")
    ] = False,
    overrides: Overrides = None,
) -> None:
    """Collect, caption, distil, rewrite, verify, curate: items in, an SFT and an RL set out."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.data import DataConfig, funnel_table, run_pipeline, sources_table, write_step_truth
    from seethink.data.engines import engine_config
    from seethink.data.pipeline import run_shard, run_until
    from seethink.data.shard import parse_shard
    from seethink.data.sources import all_items, open_source
    from seethink.world.truth import WorldTruth

    store, console = ImageStore(out / "images"), _console()
    settings = load_config(DataConfig, config, overrides or ())
    if data is not None:
        settings = settings.model_copy(update={"sources": _sources(form, data, images, image_field)})
    elif not settings.sources:
        raise InputError("no items: give --data, or sources in the config")
    settings = settings.with_sources()
    found = (
        all_items(map(open_source, settings.sources), store)
        if data is None or settings.sources
        else _read(form, data, images, store, image_field)
    )
    carrier = engine_config(engine, runner, workers)
    if shard is not None:
        if engine != "local" or until is not None or retry_unanswered:
            raise InputError("--shard goes through all steps at home: leave --engine, --until, --retry-unanswered out")
        run_shard(parse_shard(shard), store, settings, out, console=console)
        return
    if until is not None:
        run_until(until, found, store, settings, out, engine=carrier, console=console)
        console.print(f"{out / until}")
        return
    summary = run_pipeline(
        found, store, settings, out, engine=carrier, retry_unanswered=retry_unanswered, console=console
    )
    console.print(funnel_table(summary.funnel))
    console.print(sources_table(summary.funnel))
    if any(row.source.startswith("world-") for row in summary.funnel):
        truth = WorldTruth()
        write_step_truth(out, truth, truth.knows)


@data_app.command("cost")
def data_cost(
    data: DataRun = Path("runs/data"),
    prices: Annotated[Path | None, typer.Option("--prices", help="YAML laid over the published prices.")] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="The run's ledger; DATA/ledger by default.")] = None,
) -> None:
    """What a run has spent, re-used, possibly paid, and will have spent when it is done; while it runs, too."""
    from seethink.data.spending import read_spending, spending_table
    from seethink.teachers.prices import load_prices

    listed = load_prices(prices)
    _console().print(spending_table(read_spending(data, ledger or data / "ledger", listed), listed))


@data_app.command("compact")
def data_compact(
    data: DataRun = Path("runs/data"),
    ledger: Annotated[Path | None, typer.Option("--ledger", help="The run's ledger; DATA/ledger by default.")] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", help="Also write all that was bought as Parquet, sorted by key.")
    ] = None,
) -> None:
    """Merge the ledger files of ended processes into one."""
    from seethink.teachers.compact import compact, publish

    folder, console = ledger or data / "ledger", _console()
    if not folder.is_dir():
        raise InputError(f"{folder} is no ledger: name the folder of a run with --data")
    console.print(f"{compact(folder)} files merged")
    if parquet is not None:
        console.print(f"{publish(folder, parquet)} answers: {parquet}")


@data_app.command("export")
def data_export(
    out: Annotated[Path, typer.Option("--out", help="New folder for the export.")],
    data: DataRun = Path("runs/data"),
    form: Annotated[
        str,
        typer.Option(
            "--format", help="parquet, vlaa-thinking, trl, verl, easyr1, ms-swift or llama-factory.", show_default=True
        ),
    ] = "parquet",
    tables: Annotated[
        list[str] | None, typer.Option("--table", help="Folder below --data with items; sft and rl where not given.")
    ] = None,
    images: Annotated[Path | None, typer.Option("--images", help="The run's pictures; DATA/images by default.")] = None,
) -> None:
    """Write the finished sets in another tool's format, with pictures and a dataset card."""
    from seethink.core.images import ImageStore
    from seethink.data.exports import Format, export_sets

    if form not in set(Format):
        raise InputError(f"--format {form}: choose among {', '.join(Format)}")
    store = ImageStore(images or data / "images")
    exported = export_sets(data, out, Format(form), store, tuple(tables or ("sft", "rl")), _sources_figure(data))
    console = _console()
    for name, count in exported.rows.items():
        console.print(f"{name}: {count} rows")
    for reason, count in exported.aside.items():
        console.print(f"[yellow]set aside[/] {count}: {reason}")
    for name in exported.left_out:
        console.print(f"{form} does not take {name}")
    console.print(f"{out / 'README.md'} says what it is")


@data_app.command("decided")
def data_decided(
    data: DataRun = Path("runs/data"),
    first: Annotated[int, typer.Option("--first", help="How many items.", min=1)] = 20,
) -> None:
    """Show what each rule decided about the first items of a run."""
    from seethink.data import decided_table, decisions

    _console().print(decided_table(decisions(data, first)))


@data_app.command("fingerprint")
def data_fingerprint(
    data: Annotated[Path, typer.Option("--data", help="The benchmark's records, or those of any held-out set.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the table.")],
    name: Annotated[str | None, typer.Option("--name", help="Its name; that of the file by default.")] = None,
    images: Annotated[Path, typer.Option("--images", help="Folder of the records' pictures.")] = Path(),
    overrides: Overrides = None,
) -> None:
    """Write fingerprints of a benchmark, for leakage.against of a data run: no training row shows or asks the same."""
    from seethink.core.config import load_config
    from seethink.core.records import read_records
    from seethink.core.tables import read_manifest
    from seethink.evaluation.fingerprints import FingerprintConfig, write_fingerprints

    settings = load_config(FingerprintConfig, None, [f"benchmark={name or data.stem}", *(overrides or ())])
    unread = write_fingerprints(read_records(data), images, settings, out)
    _tell(unread)
    _console().print(f"{(read_manifest(out) or {})['rows']} fingerprints of {settings.benchmark}: {out}")


@data_app.command("perplexity")
def data_perplexity(
    data: DataRun = Path("runs/data"),
    model: Annotated[
        list[str] | None, typer.Option("--model", help="A checkpoint; several are averaged. 'base' by default.")
    ] = None,
    name: Annotated[str, typer.Option("--set", help="Which set below --data.")] = "sft",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Write the subsets of highest perplexity, SET_top_SIZE, of an SFT set."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.data.curation import PerplexityConfig, perplexity_subsets

    settings, console = load_config(PerplexityConfig, config, overrides or ()), _console()
    store = ImageStore(data / "images")
    for subset in perplexity_subsets(settings, model or ["base"], data, store, name=name, console=console):
        console.print(f"{subset.folder}: {subset.rows} rows, perplexity {subset.lowest:.3g} and higher")


@data_app.command("difficulty")
def data_difficulty(
    data: DataRun = Path("runs/data"),
    model: Model = "base",
    out: Annotated[Path | None, typer.Option("--out", help="DATA/pass_rates by default.")] = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Measure a base model's pass@k on both sets: is the RL set harder? The rates can make the split instead."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.study.difficulty import DifficultyConfig, difficulty_table, measure_difficulty

    settings = load_config(DifficultyConfig, config, overrides or ())
    found = measure_difficulty(settings, model, data, ImageStore(data / "images"), out or data / "pass_rates")
    _console().print(difficulty_table(found))


@data_app.command("blind")
def data_blind(
    data: DataRun = Path("runs/data"),
    model: Annotated[str | None, typer.Option("--model", help="A local checkpoint to ask.")] = None,
    teachers: Annotated[
        Path | None, typer.Option("--teachers", help="YAML as for data build: its reasoner is asked instead.")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", help="Answers per item.", min=1)] = 8,
    out: Annotated[Path | None, typer.Option("--out", help="DATA/blind by default.")] = None,
    overrides: Overrides = None,
) -> None:
    """Ask every collected item without its picture: what can be answered blind need not be seen."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.core.tables import write_text
    from seethink.data import DataConfig
    from seethink.study.blindness import (
        BlindConfig,
        audit_with_model,
        audit_with_teacher,
        blind_section,
        blind_table,
    )
    from seethink.study.data import read_collected

    if (model is None) == (teachers is None):
        raise InputError("who is asked? give --model for a local checkpoint or --teachers for an endpoint")
    items, store, folder, console = read_collected(data), ImageStore(data / "images"), out or data / "blind", _console()
    if model is not None:
        settings = load_config(BlindConfig, None, [f"draws={draws}", *(overrides or ())])
        found = audit_with_model(settings, model, items, store, folder)
    else:
        config = load_config(DataConfig, teachers, overrides or ())
        found = audit_with_teacher(config, draws, items, store, folder, ledger=data / "ledger", console=console)
    write_text(data / "card" / "blind.md", blind_section(found))
    console.print(blind_table(found))


@data_app.command("strip")
def data_strip(data: DataRun = Path("runs/data"), overrides: Overrides = None) -> None:
    """Write ROWS_stripped, without hesitating and repeating steps, and ROWS_unstripped, the same rows with them."""
    from seethink.core.config import load_config
    from seethink.data.curation import StripConfig, write_stripped

    settings = load_config(StripConfig, None, overrides or ())
    counts = write_stripped(settings, data)
    console = _console()
    for what, count in counts.items():
        console.print(f"{what}: {count:,}")
    console.print(
        f"{data / f'{settings.rows}_stripped'} and {data / f'{settings.rows}_unstripped'} hold the same items"
    )


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
    from seethink.data.sources import all_items, open_source

    return all_items(map(open_source, _sources(form, path, folder, image_field)), store)


def _sources(form: Format, path: Path, folder: Path, image_field: str) -> tuple[SourceConfig, ...]:
    """The file as a source of the data factory; none where it is a benchmark's."""
    from seethink.data.sources import Geometry3kConfig, RecordsConfig, VlaaThinkingConfig

    match form:
        case Format.RECORDS:
            return (RecordsConfig(path=path, image_root=folder),)
        case Format.VLAA_THINKING:
            return (VlaaThinkingConfig(path=path, image_root=folder, image_field=image_field),)
        case Format.GEOMETRY3K:
            return (Geometry3kConfig(path=path, image_root=folder),)
        case _:
            return ()


def _sources_figure(data: Path) -> str | None:
    """The funnel of a data run as SVG; None where matplotlib is not installed."""
    from importlib.util import find_spec

    from seethink.core.tables import read_rows

    if find_spec("matplotlib") is None:
        return None
    from seethink.analysis.figures import sources_figure

    return sources_figure(list(read_rows(data / "funnel")))


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
    """The first of them, each with place and remedy."""
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
    except OSError as error:
        # A full disk, a folder without permission: the file is at fault, not the program.
        typer.echo(f"seethink: {error}: free or repair the disk, or choose another folder, and run again", err=True)
        raise SystemExit(2) from None
    except Stopped as stopped:
        typer.echo(f"seethink: {stopped}", err=True)
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
