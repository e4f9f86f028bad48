"""``seethink data``, after a run: leakage, measurements of its sets, and the subsets that they make."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seethink.cli.options import ConfigFile, DataRun, Model, Overrides
from seethink.cli.reading import tell
from seethink.cli.terminal import terminal
from seethink.core.rejected import InputError

commands = typer.Typer()


@commands.command("fingerprint")
def fingerprint(
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
    tell(unread)
    terminal().print(f"{(read_manifest(out) or {})['rows']} fingerprints of {settings.benchmark}: {out}")


@commands.command("perplexity")
def perplexity(
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

    settings, console = load_config(PerplexityConfig, config, overrides or ()), terminal()
    store = ImageStore(data / "images")
    for subset in perplexity_subsets(settings, model or ["base"], data, store, name=name, console=console):
        console.print(f"{subset.folder}: {subset.rows} rows, perplexity {subset.lowest:.3g} and higher")


@commands.command("difficulty")
def difficulty(
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
    terminal().print(difficulty_table(found))


@commands.command("blind")
def blind(
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
    items, store, folder, console = read_collected(data), ImageStore(data / "images"), out or data / "blind", terminal()
    if model is not None:
        settings = load_config(BlindConfig, None, [f"draws={draws}", *(overrides or ())])
        found = audit_with_model(settings, model, items, store, folder)
    else:
        config = load_config(DataConfig, teachers, overrides or ())
        found = audit_with_teacher(config, draws, items, store, folder, ledger=data / "ledger", console=console)
    write_text(data / "card" / "blind.md", blind_section(found))
    console.print(blind_table(found))


@commands.command("strip")
def strip(data: DataRun = Path("runs/data"), overrides: Overrides = None) -> None:
    """Write ROWS_stripped, without hesitating and repeating steps, and ROWS_unstripped, the same rows with them."""
    from seethink.core.config import load_config
    from seethink.data.curation import StripConfig, write_stripped

    settings = load_config(StripConfig, None, overrides or ())
    counts = write_stripped(settings, data)
    console = terminal()
    for what, count in counts.items():
        console.print(f"{what}: {count:,}")
    console.print(
        f"{data / f'{settings.rows}_stripped'} and {data / f'{settings.rows}_unstripped'} hold the same items"
    )
