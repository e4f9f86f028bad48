"""``seethink process``: process rewards, from labels to a benchmark of scorers."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seethink.cli.options import (
    ConfigFile,
    Data,
    FormatOption,
    ImageField,
    Images,
    MappingOption,
    Model,
    Out,
    Overrides,
    PictureFolder,
)
from seethink.cli.pools import MakerField, ResponseField, Responses, open_pools
from seethink.cli.reading import item_files, open_items, tell
from seethink.cli.terminal import terminal

if TYPE_CHECKING:
    from seethink.core.images import ImageStore
    from seethink.process.collect.rows import LabelledTrace
    from seethink.process.step_benchmarks import LabelledSteps


class StepBenchmark(StrEnum):
    """Where solutions with labelled steps come from."""

    VISUALPROCESSBENCH = "visualprocessbench"
    PROCESSBENCH = "processbench"
    WORLD = "world"


commands = typer.Typer(help="Process rewards: label steps, train a scorer, compare scorers.", no_args_is_help=True)


@commands.command("bench")
def bench_command(
    data: Data,
    responses: Responses,
    images: Images = None,
    out: Out = Path("runs/process-bench"),
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    response: ResponseField = "response",
    maker: MakerField = "model",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Best-of-N accuracy of every scorer beside greedy, random, majority and oracle, with intervals."""
    from seethink.core.config import load_config
    from seethink.process.run import bench
    from seethink.process.settings import BenchTask
    from seethink.process.shown import bench_table

    task = load_config(BenchTask, config, overrides or ())
    opened = open_items(item_files(data, images, form, mapping, image_field), out / "images")
    found = open_pools(responses, opened, task.rule, response, maker)
    results = bench(task, found, opened.store, out)
    for generator in results["generators"]:
        terminal().print(bench_table(results, generator))
    terminal().print(f"results: {out / 'results.json'}")


@commands.command("figures")
def figures(
    results: Annotated[Path, typer.Argument(help="results.json of seethink process bench, or of errors.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the SVG files.")] = Path("runs/process-figures"),
    aggregation: str = "mean",
) -> None:
    """Draw the benchmark's figures: accuracy against N, PRM against ORM by data set, the last-n curve, own accuracy
    against value, the split; of first errors the reliability of the scores."""
    from seethink.analysis.figures import (
        best_of_n_figure,
        last_n_figure,
        own_against_value_figure,
        prm_orm_figure,
        reliability_figure,
        splits_figure,
    )
    from seethink.core.tables import read_json, write_text

    tree = read_json(results)
    if "tuning" in tree:
        write_text(out / "reliability.svg", reliability_figure(tree).svg)
        terminal().print(f"figures: {out}")
        return
    write_text(out / "prm_orm.svg", prm_orm_figure(tree, aggregation).svg)
    for number, generator in enumerate(tree["generators"]):
        write_text(out / f"best_of_n_{number}.svg", best_of_n_figure(tree, generator, aggregation).svg)
        write_text(out / f"last_n_{number}.svg", last_n_figure(tree, generator).svg)
        if tree.get("splits"):
            drawn = splits_figure(tree, generator, aggregation=aggregation)
            write_text(out / f"splits_{number}.svg", drawn.svg)
    if "own_against_value" in tree:
        write_text(out / "own_against_value.svg", own_against_value_figure(tree["own_against_value"]).svg)
    terminal().print(f"figures: {out}")


@commands.command("label")
def label_command(
    data: Data,
    responses: Annotated[
        list[Path] | None,
        typer.Option("--responses", help="As of bench; without any a tree per question writes its own."),
    ] = None,
    images: Images = None,
    out: Out = Path("runs/process-labels"),
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    response: ResponseField = "response",
    maker: MakerField = "model",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Label the steps of sampled responses, or of a tree per question; OUT/rows.jsonl has the form of ViLReward-73K."""
    from seethink.analysis import Rule
    from seethink.core.config import load_config
    from seethink.core.tables import read_manifest
    from seethink.process.label import label, label_questions
    from seethink.process.settings import LabelTask
    from seethink.study.rewards import training_reward

    task = load_config(LabelTask, config, overrides or ())
    opened = open_items(item_files(data, images, form, mapping, image_field), out / "store")
    rule = Rule(task.rule or Rule.STRICT)
    reward = training_reward(opened.items, rule=rule)
    if responses:
        pools = open_pools(responses, opened, rule, response, maker)
        released = label(task, pools, opened.store, reward, out)
    else:
        released = label_questions(task, opened.items, opened.store, reward, out)
    cost = (read_manifest(out / "labels") or {}).get("cost", {})
    each = f"{cost.get('tokens_per_label', 0):.1f} tokens generated and {cost.get('read_tokens_per_label', 0):.1f} read"
    terminal().print(f"{cost.get('labels', 0)} labels, {each} for each")
    if cost.get("unread"):
        terminal().print(f"[yellow]no rating[/] of {cost['unread']} steps: the judge gave none")
    for reason, count in released.reasons.items():
        terminal().print(f"[yellow]set aside[/] {count}: {reason}")
    terminal().print(f"{len(released.rows)} rows: {out / 'rows.jsonl'}")


@commands.command("train")
def train_command(
    rows: Annotated[Path, typer.Option("--rows", help="Labelled processes: image_path, question, process, value.")],
    images: PictureFolder,
    out: Out = Path("runs/prm"),
    model: Model = "base",
    splitting: Annotated[str, typer.Option("--splitting", help="How processes are cut into steps.")] = "auto",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Train a process reward model; it lies in OUT/model."""
    from seethink.core.config import load_config
    from seethink.core.images import ImageStore
    from seethink.process.prm_config import PRMConfig
    from seethink.process.train import train_prm

    settings = load_config(PRMConfig, config, overrides or ())
    store = ImageStore(out / "images")
    train_prm(settings, model, _labelled_rows(rows, images, splitting, store), store, out)
    terminal().print(f"model: {out / ('model' if (out / 'model').is_dir() else 'adapter')}")


@commands.command("calibrate")
def calibrate_command(
    model: Annotated[Path, typer.Argument(help="Folder of a process reward model: RUN/model, or RUN/adapter.")],
    rows: Annotated[Path, typer.Option("--rows", help="Labelled processes that it was not trained on.")],
    images: PictureFolder,
    splitting: Annotated[str, typer.Option("--splitting", help="How processes are cut into steps.")] = "auto",
    hard: Annotated[
        float | None, typer.Option("--hard", help="Values above this count as 1, others as 0, as in its training.")
    ] = None,
    first_error: Annotated[
        float | None,
        typer.Option("--first-error", help="Steps behind the first value at or below this are left out, as there."),
    ] = None,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Traces per forward.")] = 16,
) -> None:
    """Fit a process reward model's scores to labelled steps, in place; their order stays."""
    from tempfile import TemporaryDirectory

    from seethink.core.images import ImageStore
    from seethink.process.calibrate import calibrate
    from seethink.process.targets import up_to_first_error

    with TemporaryDirectory() as folder:
        store = ImageStore(Path(folder))
        traces = _labelled_rows(rows, images, splitting, store)
        if first_error is not None:
            traces = up_to_first_error(traces, first_error)
        fit = calibrate(model, traces, store, hard=hard, batch=batch)
    terminal().print(
        f"calibration error {fit.error_before:.3f}, now {fit.error:.3f}, on the {fit.steps} steps it was fitted on; "
        f"slope {fit.slope:.3g}, offset {fit.offset:.3g}: {model}"
    )


@commands.command("errors")
def errors(
    data: Annotated[Path, typer.Option("--data", help="Solutions with labelled steps, or items of the world.")],
    images: PictureFolder,
    benchmark: Annotated[
        StepBenchmark, typer.Option("--benchmark", help="How the file is written; world: items, with --responses.")
    ] = StepBenchmark.VISUALPROCESSBENCH,
    responses: Annotated[
        list[Path] | None, typer.Option("--responses", help="Folder that seethink eval wrote, for items of the world.")
    ] = None,
    out: Out = Path("runs/process-errors"),
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Where scorers see the first error of a solution, and whether their scores mean what they say."""
    from seethink.core.config import load_config
    from seethink.process.measure import ErrorsTask, measure_errors
    from seethink.process.shown import errors_table

    task = load_config(ErrorsTask, config, overrides or ())
    solutions, store = _labelled(benchmark, data, images, responses or [], out)
    terminal().print(errors_table(measure_errors(task, solutions, store, out)))
    terminal().print(f"results: {out / 'results.json'}")


@commands.command("probe")
def probe_command(
    data: Data,
    images: Images = None,
    out: Out = Path("runs/process-probe"),
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """What moves a scorer that should not: length, position, the answer; on items of the world."""
    from seethink.core.config import load_config
    from seethink.core.rejected import InputError
    from seethink.process.measure import ProbeTask, measure_probes
    from seethink.process.shown import probes_table
    from seethink.process.world_steps import probed_items

    task = load_config(ProbeTask, config, overrides or ())
    opened = open_items(item_files(data, images), out / "images")
    traces = list(probed_items(opened.items))
    if not traces:
        raise InputError("--data holds no item whose right and wrong way differ: give more items of the world")
    terminal().print(probes_table(measure_probes(task, traces, opened.store, out)))
    terminal().print(f"results: {out / 'results.json'}")


@commands.command("search")
def search_command(
    data: Data,
    images: Images = None,
    out: Out = Path("runs/process-search"),
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Answer items by step-level beam search: a scorer chooses among next steps while the response is written."""
    from seethink.analysis import Rule
    from seethink.core.config import load_config
    from seethink.process.run import search
    from seethink.process.settings import SearchTask
    from seethink.study.rewards import training_reward

    task = load_config(SearchTask, config, overrides or ())
    opened = open_items(item_files(data, images, form, mapping, image_field), out / "images")
    reward = training_reward(opened.items, rule=Rule(task.rule or Rule.STRICT))
    found = search(task, opened.items, opened.store, reward, out)
    told = found["accuracy"]
    if told["mean"] is not None:
        share = f"{100 * told['mean']:.1f} % right ({100 * told['low']:.0f} to {100 * told['high']:.0f})"
        terminal().print(f"{share}, {found['tokens_per_item']:.0f} tokens an item")
    terminal().print(f"results: {out / 'results.json'}")


@commands.command("construct")
def construct_command(
    data: Data,
    responses: Responses,
    images: Images = None,
    out: Out = Path("runs/process-construct"),
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    response: ResponseField = "response",
    maker: MakerField = "model",
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Choose the items on which scoring steps is worth more than scoring responses, by quotas per source."""
    from rich.text import Text

    from seethink.core.config import load_config
    from seethink.process.construct import write_chosen
    from seethink.process.run import construct
    from seethink.process.settings import ConstructTask
    from seethink.process.shown import unread_told

    task = load_config(ConstructTask, config, overrides or ())
    opened = open_items(item_files(data, images, form, mapping, image_field), out / "images")
    found = open_pools(responses, opened, task.rule, response, maker)
    results = construct(task, found, opened.store, out)
    chosen = results["chosen"]
    if owed := unread_told(results):
        terminal().print(Text(owed))
    write_chosen(chosen, opened.items, opened.store, out)
    terminal().print(f"{len(chosen)} items chosen: {out / 'items.jsonl'}, pictures below {opened.store.root}")


def _labelled_rows(rows: Path, images: Path, splitting: str, store: ImageStore) -> list[LabelledTrace]:
    from seethink.process.collect.rows import value_counts
    from seethink.process.targets import read_labelled

    traces, aside = read_labelled(rows, images, store, splitting)
    tell(aside)
    terminal().print(f"{len(traces)} traces with {value_counts(traces)} labelled steps")
    return traces


def _labelled(
    benchmark: StepBenchmark, data: Path, images: Path, responses: list[Path], out: Path
) -> tuple[list[LabelledSteps], ImageStore]:
    from seethink.analysis import Rule
    from seethink.core.images import ImageStore
    from seethink.core.rejected import InputError, Rejected
    from seethink.process.step_benchmarks import process_bench, visual_process_bench
    from seethink.process.world_steps import labelled_pools

    store = ImageStore(out / "images")
    if benchmark is StepBenchmark.WORLD:
        if not responses:
            raise InputError("steps of the world are those of responses: give --responses, a folder of seethink eval")
        opened = open_items(item_files([data], [images]), out / "images")
        return list(labelled_pools(open_pools(responses, opened, Rule.STRICT, "response", "model"))), opened.store
    visual = benchmark is StepBenchmark.VISUALPROCESSBENCH
    read = list(visual_process_bench(data, images, store) if visual else process_bench(data))
    tell([one for one in read if isinstance(one, Rejected)])
    return [one for one in read if not isinstance(one, Rejected)], store
