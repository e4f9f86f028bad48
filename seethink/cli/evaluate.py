"""``seethink eval``: a model on items of one's own, or on a benchmark of the leaderboard."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

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
)
from seethink.cli.reading import item_files, open_items, tell
from seethink.cli.terminal import terminal
from seethink.core.rejected import InputError

if TYPE_CHECKING:
    from seethink.core.images import ImageStore
    from seethink.evaluation.questions import Questions
    from seethink.study.benchmarks import BenchmarkFile


class ItemsUnlessNamed(TyperGroup):
    """``seethink eval --data …`` is ``seethink eval items --data …``."""

    def parse_args(self, ctx: Any, args: list[str]) -> Any:
        if args and args[0] not in self.commands and args[0] not in ("--help", "-h"):
            args = ["items", *args]
        return super().parse_args(ctx, args)


commands = typer.Typer(
    cls=ItemsUnlessNamed,
    help="A model on items of your own (eval --data …), or on a benchmark of the leaderboard.",
    no_args_is_help=True,
)

Benchmark = Annotated[
    str, typer.Argument(help="mathvista, mathvision, mathverse, dynamath, wemath, logicvista, or the harness's name.")
]
TableFile = Annotated[
    Path, typer.Option("--table", help="The harness's TSV or Parquet table, or the benchmark's own records.")
]
Pictures = Annotated[
    Path | None, typer.Option("--images", help="Folder of the pictures, for records that name them by path.")
]
First = Annotated[int | None, typer.Option("--first", help="Only so many rows: a try-out.", min=1)]
BaseUrl = Annotated[
    str | None,
    typer.Option("--base-url", help="OpenAI-compatible endpoint, a vLLM server say, where --model is a name."),
]
KeyEnv = Annotated[str | None, typer.Option("--key-env", help="Variable that holds the endpoint's key.")]
JudgeModel = Annotated[
    str | None, typer.Option("--judge", help="Model that reads answers where the rules cannot; nobody where not given.")
]
JudgeUrl = Annotated[str | None, typer.Option("--judge-url", help="The judge's endpoint.")]
JudgeKeyEnv = Annotated[str | None, typer.Option("--judge-key-env", help="Variable that holds the judge's key.")]
Name = Annotated[str | None, typer.Option("--name", help="What tables call the model.")]
Rules = Annotated[str, typer.Option("--rules", help="2026-08, or 2025-04 as the paper's figures.")]


@commands.command("items")
def items_command(
    data: Data,
    images: Images = None,
    out: Out = Path("runs/eval"),
    model: Model = "base",
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Greedy and sampled accuracy of a model on items of your own, with intervals, strict and lenient."""
    import time

    from seethink.analysis import print_comparison, study_results
    from seethink.core.config import load_config
    from seethink.core.tables import write_json
    from seethink.evaluation.endpoint import EndpointModel
    from seethink.evaluation.respondent import Respondent
    from seethink.evaluation.run import evaluate
    from seethink.study.rewards import EvaluationTask, evaluation_judges, made_of, scored_by

    started = time.time()
    settings = load_config(EvaluationTask, config, [*_endpoint(base_url, key_env), *(overrides or ())])
    made = made_of(settings.open)
    items, _, store = open_items(item_files(data, images, form, mapping, image_field), out / "images")
    answers: str | Respondent = model
    if settings.endpoint is not None:
        answers = EndpointModel(model, settings.endpoint, out / "ledger")
    # Where a model answers does not change what it says.
    drawn_by = settings.model_copy(update={"endpoint": None})
    with scored_by(settings.open, items, store, out / "ledger") as decides:
        judges = evaluation_judges(items, decides)
        responses = evaluate(drawn_by, model, answers, items, store, judges, out / "responses", made_of=made)
    results = study_results(
        {model: responses}, controls=(), costs={}, funnel=(), seconds=time.time() - started, seed=settings.seed
    )
    write_json(out / "results.json", results)
    print_comparison(results)
    _tell_cost(out / "ledger")


@commands.command("run")
def run_command(
    benchmark: Benchmark,
    table: TableFile,
    images: Pictures = None,
    model: Model = "base",
    name: Name = None,
    prompt: Annotated[
        list[str] | None, typer.Option("--prompt", help="thinking, direct or none; several are asked in turn.")
    ] = None,
    blind: Annotated[bool, typer.Option("--blind", help="Ask without the pictures as well.")] = False,
    judge: JudgeModel = None,
    judge_url: JudgeUrl = None,
    judge_key_env: JudgeKeyEnv = None,
    base_url: BaseUrl = None,
    key_env: KeyEnv = None,
    rules: Rules = "2026-08",
    first: First = None,
    retry_unanswered: Annotated[
        bool, typer.Option("--retry-unanswered", help="Ask again what an endpoint refused or left unanswered.")
    ] = False,
    out: Out = Path("runs/benchmarks"),
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Ask a model a benchmark's questions and score them as the leaderboard does, with intervals, beside our own."""
    from seethink.analysis import benchmark_table
    from seethink.core.config import load_config
    from seethink.study.benchmarks import BenchmarkTask, run_benchmark

    asked = [*_endpoint(base_url, key_env), *_judge(judge, judge_url, judge_key_env), f"scoring.rules={rules}"]
    task = load_config(BenchmarkTask, config, [*asked, *(overrides or ())])
    questions, store = _questions(_file(benchmark, table, images, first), out, pictures=True)
    console, results = terminal(), []
    for style in prompt or [task.prompt.value]:
        for hidden in dict.fromkeys((task.blind, task.blind or blind)):
            condition = load_config(
                BenchmarkTask, config, [*asked, *(overrides or ()), f"prompt={style}", f"blind={str(hidden).lower()}"]
            )
            results.append(
                run_benchmark(
                    condition,
                    model,
                    name or model,
                    questions,
                    store,
                    out,
                    retry_unanswered=retry_unanswered,
                    console=console,
                )
            )
    console.print(benchmark_table(results))
    _tell_cost(out / "ledger")
    console.print(
        f"{out / questions.entry.name}: results.json, the harness's result file and differences.tsv, by prompt"
    )


@commands.command("score")
def score_command(
    benchmark: Annotated[str | None, typer.Argument(help="As for eval run; not with --run.")] = None,
    predictions: Annotated[
        Path | None,
        typer.Option("--predictions", help="A result file of the harness, or any table with index and prediction."),
    ] = None,
    table: Annotated[Path | None, typer.Option("--table", help="The benchmark's file, as for eval run.")] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Score a run again instead: its folder, OUT/<entry>/<prompt>.")
    ] = None,
    name: Name = None,
    judge: JudgeModel = None,
    judge_url: JudgeUrl = None,
    judge_key_env: JudgeKeyEnv = None,
    rules: Rules = "2026-08",
    out: Out = Path("runs/benchmarks"),
    config: ConfigFile = None,
    overrides: Overrides = None,
) -> None:
    """Score predictions that are there: a result file of the harness, or a run under other rules or another judge."""
    from seethink.analysis import benchmark_table
    from seethink.core.config import load_config
    from seethink.study.benchmarks import ScoreTask, score_again, score_predictions

    asked = [*_judge(judge, judge_url, judge_key_env), f"scoring.rules={rules}"]
    console = terminal()
    if run is not None:
        # What was passed on of predictions has been chosen before they came.
        given = ["scoring.passed_on=whole"] if run.resolve().name == "predictions" else []
        task = load_config(ScoreTask, config, [*given, *asked, *(overrides or ())])
        ledger = run.parent.parent / "ledger"
        results = score_again(task.scoring, task.judge, run, ledger, console=console)
    else:
        if benchmark is None or table is None or predictions is None:
            raise InputError("what is scored? give a benchmark with --table and --predictions, or a run with --run")
        # The model's wrapper has chosen what of a response is passed on already.
        task = load_config(ScoreTask, config, ["scoring.passed_on=whole", *asked, *(overrides or ())])
        questions, _ = _questions(_file(benchmark, table, None, None), out, pictures=False)
        called, ledger = name or predictions.stem, out / "ledger"
        results = score_predictions(task.scoring, task.judge, predictions, called, questions, out, console=console)
    console.print(benchmark_table([results]))
    _tell_cost(ledger)


@commands.command("compare")
def compare_command(
    a: Annotated[Path, typer.Argument(help="A finished run, OUT/<entry>/<prompt>.")],
    b: Annotated[Path, typer.Argument(help="Another one on the same benchmark.")],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for compare.json and rows.tsv.")] = None,
) -> None:
    """Two runs on one benchmark: paired differences with intervals and p, and a table of every row."""
    from seethink.analysis import compare_runs, comparison_tables, write_side_by_side
    from seethink.core.tables import write_json
    from seethink.study.benchmarks import read_run

    runs = read_run(a), read_run(b)
    found = compare_runs(*runs)
    if out is not None:
        write_json(out / "compare.json", found)
        write_side_by_side(out / "rows.tsv", *runs)
    console = terminal()
    for table in comparison_tables(found):
        console.print(table)
    if out is not None:
        console.print(f"{out / 'rows.tsv'}: every row with both responses")


@commands.command("table")
def table_command(
    runs: Annotated[
        list[Path] | None, typer.Argument(help="Folders that eval run or score wrote; all runs below them are shown.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Also write it as tab-separated text.")] = None,
) -> None:
    """The leaderboard's table: published rows, and your own beside them with their intervals."""
    from seethink.analysis import leaderboard_table, own_lines, write_leaderboard

    lines = own_lines(runs) if runs else []
    if out is not None:
        write_leaderboard(out, lines)
    terminal().print(leaderboard_table(lines))


@commands.command("fingerprint")
def fingerprint_command(
    benchmark: Benchmark,
    table: TableFile,
    out: Annotated[Path, typer.Option("--out", help="Folder for the fingerprints; images and questions go below it.")],
    images: Pictures = None,
) -> None:
    """Write a benchmark's fingerprints, for leakage.against of a data run: no training row shows or asks the same."""
    from seethink.evaluation.fingerprints import FingerprintConfig, benchmark_records, write_fingerprints

    questions, store = _questions(_file(benchmark, table, images, None), out / "table", pictures=True)
    records = benchmark_records(questions, store)
    unread = write_fingerprints(records, out, FingerprintConfig(benchmark=questions.entry.name), out)
    tell(unread)
    terminal().print(f"{len(questions.rows) - len(unread)} fingerprints of {questions.entry.name}: {out}")


def _file(benchmark: str, table: Path, images: Path | None, first: int | None) -> BenchmarkFile:
    from seethink.evaluation.catalogue import find_entry
    from seethink.study.benchmarks import BenchmarkFile

    return BenchmarkFile(find_entry(benchmark), table, images, first)


def _questions(file: BenchmarkFile, out: Path, *, pictures: bool) -> tuple[Questions, ImageStore]:
    from seethink.study.benchmarks import open_questions

    questions, store = open_questions(file, out, pictures=pictures)
    tell(questions.aside)
    if questions.aside:
        terminal().print(f"{len(questions.rows)} rows kept, {len(questions.aside)} set aside")
    return questions, store


def _endpoint(base_url: str | None, key_env: str | None) -> list[str]:
    return _given("endpoint", base_url=base_url, key_env=key_env)


def _judge(model: str | None, url: str | None, key_env: str | None) -> list[str]:
    return _given("judge", model=model, base_url=url, key_env=key_env)


def _given(name: str, **fields: str | None) -> list[str]:
    return [f"{name}.{field}={value}" for field, value in fields.items() if value is not None]


def _tell_cost(ledger: Path) -> None:
    from rich.markup import escape

    from seethink.evaluation.purse import ledger_lines

    for line in ledger_lines(ledger):
        terminal().print(f"paid so far, {escape(line)}", highlight=False)
