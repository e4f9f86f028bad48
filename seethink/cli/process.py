"""``seethink process``: process rewards, from labels to a benchmark of scorers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seethink.cli.options import ConfigFile, Data, FormatOption, ImageField, Images, Model, Out, Overrides
from seethink.cli.reading import Format, ItemFile, OpenedItems, open_items, tell
from seethink.cli.terminal import terminal

if TYPE_CHECKING:
    from seethink.analysis import Rule
    from seethink.process.pool import Pool

commands = typer.Typer(help="Process rewards: label steps, train a scorer, compare scorers.", no_args_is_help=True)

Responses = Annotated[
    list[Path],
    typer.Option("--responses", help="Folder that seethink eval wrote (draws=16), or JSON Lines of responses."),
]


@commands.command("bench")
def bench_command(
    data: Data,
    images: Images,
    responses: Responses,
    out: Out = Path("runs/process-bench"),
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    maker: Annotated[str, typer.Option("--maker", help="Field of a response that names its model.")] = "model",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Best-of-N accuracy of every scorer beside greedy, random, majority and oracle, with intervals."""
    from seethink.core.config import load_config
    from seethink.process.run import bench
    from seethink.process.settings import BenchTask
    from seethink.process.shown import bench_table

    task = load_config(BenchTask, config, overrides or ())
    opened = open_items(ItemFile(data, images, form, image_field), out / "images")
    found = _pools(responses, opened, task.rule, maker)
    results = bench(task, found, opened.store, out)
    for generator in results["generators"]:
        terminal().print(bench_table(results, generator))
    terminal().print(f"results: {out / 'results.json'}")


@commands.command("figures")
def figures(
    results: Annotated[Path, typer.Argument(help="results.json of seethink process bench.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the SVG files.")] = Path("runs/process-figures"),
    aggregation: str = "mean",
) -> None:
    """Draw the benchmark's figures: accuracy against N, the last-n curve, own accuracy against value, the split."""
    from seethink.analysis.figures import (
        best_of_n_figure,
        last_n_figure,
        own_against_value_figure,
        splits_figure,
    )
    from seethink.core.tables import read_json, write_text

    tree = read_json(results)
    n = max(row["n"] for row in tree["rows"])
    for number, generator in enumerate(tree["generators"]):
        write_text(out / f"best_of_n_{number}.svg", best_of_n_figure(tree, generator, aggregation).svg)
        write_text(out / f"last_n_{number}.svg", last_n_figure(tree, generator, n).svg)
    if "own_against_value" in tree:
        write_text(out / "own_against_value.svg", own_against_value_figure(tree["own_against_value"]).svg)
    if tree.get("splits"):
        write_text(out / "splits.svg", splits_figure(tree, n, aggregation).svg)
    terminal().print(f"figures: {out}")


@commands.command("label")
def label_command(
    data: Data,
    images: Images,
    responses: Responses,
    out: Out = Path("runs/process-labels"),
    form: FormatOption = Format.RECORDS,
    image_field: ImageField = "image",
    maker: Annotated[str, typer.Option("--maker", help="Field of a response that names its model.")] = "model",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Label the steps of sampled responses; OUT/rows.jsonl has the form of ViLReward-73K."""
    from seethink.core.config import load_config
    from seethink.core.tables import read_manifest
    from seethink.process.run import label
    from seethink.process.settings import LabelTask
    from seethink.study.rewards import training_reward

    task = load_config(LabelTask, config, overrides or ())
    opened = open_items(ItemFile(data, images, form, image_field), out / "store")
    reward = training_reward(opened.items)
    from seethink.analysis import Rule

    label(task, _pools(responses, opened, Rule.STRICT, maker), opened.store, reward, out)
    cost = (read_manifest(out / "labels") or {}).get("cost", {})
    terminal().print(
        f"{cost.get('labels', 0)} labels, {cost.get('tokens_per_label', 0):.1f} tokens each: {out / 'rows.jsonl'}"
    )


@commands.command("train")
def train_command(
    rows: Annotated[Path, typer.Option("--rows", help="Labelled processes: image_path, question, process, value.")],
    images: Images,
    out: Out = Path("runs/prm"),
    model: Model = "base",
    splitting: Annotated[str, typer.Option("--splitting", help="How processes are cut into steps.")] = "auto",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Train a process reward model; it lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.core.rejected import InputError, Rejected
    from seethink.process.collect.rows import labelled_traces, read_rows_file, value_counts
    from seethink.process.steps import Splitting
    from seethink.process.train import PRMConfig, train_prm

    settings = load_config(PRMConfig, config, overrides or ())
    if splitting not in list(Splitting):
        raise InputError(f"splitting {splitting!r}: choose among {', '.join(Splitting)}")
    read = list(read_rows_file(rows))
    good = [row for row in read if not isinstance(row, Rejected)]
    store = ImageStore(out / "images")
    traces, rejected = labelled_traces(good, images, store, Splitting(splitting))
    tell([*(row for row in read if isinstance(row, Rejected)), *rejected])
    terminal().print(f"{len(traces)} traces with {value_counts(traces)} labelled steps")
    train_prm(settings, model, traces, store, out)
    terminal().print(f"model: {out / 'model'}")


def _pools(paths: list[Path], opened: OpenedItems, rule: Rule, maker: str) -> list[Pool]:
    from seethink.core.graded import graded_from_row
    from seethink.core.tables import parts, read_rows
    from seethink.process.pool import pools, read_pools
    from seethink.study.rewards import evaluation_judges

    found = []
    for path in paths:
        if path.is_dir():
            folder = path if parts(path) else path / "responses"
            found += pools(map(graded_from_row, read_rows(folder)), opened.items, rule)
        else:
            judges = evaluation_judges(opened.items)
            reward = judges.strict if rule == "strict" else judges.lenient
            made, rejected = read_pools(path, opened.items, reward, generator=path.stem, maker=maker)
            tell(rejected)
            found += made
    return found
