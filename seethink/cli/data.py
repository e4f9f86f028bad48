"""``seethink data``: the factory, from items to released sets, and what a run costs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import ConfigFile, DataRun, FormatOption, ImageField, Images, MappingOption, Out, Overrides
from seethink.cli.reading import file_sources, item_files, read_items
from seethink.cli.terminal import terminal
from seethink.core.rejected import InputError

commands = typer.Typer(help="The six-step data factory.", no_args_is_help=True)


@commands.command("build")
def build(
    data: Annotated[
        list[Path] | None, typer.Option("--data", help="Items; the config's sources where not given.")
    ] = None,
    images: Images = None,
    out: Out = Path("runs/data"),
    form: FormatOption = None,
    mapping: MappingOption = None,
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

    store, console = ImageStore(out / "images"), terminal()
    settings = load_config(DataConfig, config, overrides or ())
    files = item_files(data, images, form, mapping, image_field) if data else []
    if files:
        named = tuple(source for file in files for source in file_sources(file))
        settings = settings.model_copy(update={"sources": named})
    elif not settings.sources:
        raise InputError("no items: give --data, or sources in the config")
    settings = settings.with_sources()
    found = read_items(files, store) if files else all_items(map(open_source, settings.sources), store)
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


@commands.command("cost")
def cost(
    data: DataRun = Path("runs/data"),
    prices: Annotated[Path | None, typer.Option("--prices", help="YAML laid over the published prices.")] = None,
    ledger: Annotated[Path | None, typer.Option("--ledger", help="The run's ledger; DATA/ledger by default.")] = None,
) -> None:
    """What a run has spent, re-used, possibly paid, and will have spent when it is done; while it runs, too."""
    from seethink.data.spending import read_spending, spending_table
    from seethink.teachers.prices import load_prices

    listed = load_prices(prices)
    terminal().print(spending_table(read_spending(data, ledger or data / "ledger", listed), listed))


@commands.command("compact")
def compact_ledger(
    data: DataRun = Path("runs/data"),
    ledger: Annotated[Path | None, typer.Option("--ledger", help="The run's ledger; DATA/ledger by default.")] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", help="Also write all that was bought as Parquet, sorted by key.")
    ] = None,
) -> None:
    """Merge the ledger files of ended processes into one."""
    from seethink.teachers.compact import compact, publish

    folder, console = ledger or data / "ledger", terminal()
    if not folder.is_dir():
        raise InputError(f"{folder} is no ledger: name the folder of a run with --data")
    console.print(f"{compact(folder)} files merged")
    if parquet is not None:
        console.print(f"{publish(folder, parquet)} answers: {parquet}")


@commands.command("export")
def export(
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
    console = terminal()
    for name, count in exported.rows.items():
        console.print(f"{name}: {count} rows")
    for reason, count in exported.aside.items():
        console.print(f"[yellow]set aside[/] {count}: {reason}")
    for name in exported.left_out:
        console.print(f"{form} does not take {name}")
    console.print(f"{out / 'README.md'} says what it is")


@commands.command("decided")
def decided(
    data: DataRun = Path("runs/data"),
    first: Annotated[int, typer.Option("--first", help="How many items.", min=1)] = 20,
) -> None:
    """Show what each rule decided about the first items of a run."""
    from seethink.data import decided_table, decisions

    terminal().print(decided_table(decisions(data, first)))


def _sources_figure(data: Path) -> str | None:
    """The funnel of a data run as SVG; None where matplotlib is not installed."""
    from importlib.util import find_spec

    from seethink.core.tables import read_rows

    if find_spec("matplotlib") is None:
        return None
    from seethink.analysis.figures import sources_figure

    drawn = sources_figure(list(read_rows(data / "funnel")))
    return None if drawn is None else drawn.svg
