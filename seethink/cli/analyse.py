"""``seethink analyse``: how traces reason, and what finished runs show, from files alone."""

from __future__ import annotations

import shlex
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from seethink.cli.options import FormatOption, ImageField, Images, MappingOption, Overrides
from seethink.cli.reading import item_files, open_items, tell
from seethink.cli.terminal import terminal
from seethink.core.rejected import InputError, Rejected

if TYPE_CHECKING:
    from collections.abc import Sequence

    from seethink.analysis.pseudo_reasoning import Diagnosis, TraceRow
    from seethink.analysis.score_matrix import ArmRuns

commands = typer.Typer(help="How traces reason, and what finished runs show.", no_args_is_help=True)

File = Annotated[
    Path, typer.Argument(help="Responses: JSON Lines, a JSON array, a table, or the folder of an evaluation.")
]
By = Annotated[str | None, typer.Option("--by", help="Column that groups the rows; arm, model or step by default.")]
Field = Annotated[str | None, typer.Option("--field", help="Field of the response, where it has an unusual name.")]
Items = Annotated[
    list[Path] | None,
    typer.Option("--data", help="Items that the responses name by id; those of the world bring truth."),
]


@commands.command("traces")
def traces(
    file: File,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables and the page.")] = Path("runs/traces"),
    by: By = None,
    field: Field = None,
    data: Items = None,
    images: Images = None,
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
) -> None:
    """Diagnose traces: cues, hesitation, contradictions, reflection, does the answer follow? A table and a page."""
    from seethink.analysis.pseudo_reasoning import step_records, trace_record
    from seethink.analysis.pseudo_reasoning.page import write_traces_page
    from seethink.analysis.pseudo_reasoning.told import diagnosis_tree, measures_table, qualities_table
    from seethink.core.item import items_by_id
    from seethink.core.tables import write_json, write_rows
    from seethink.study.step_columns import with_truth

    rows, rejected = _read(file, by, field)
    if data:
        opened = open_items(item_files(data, images, form, mapping, image_field), out / "images")
        rows = with_truth(rows, items_by_id(opened.items))
    diagnoses = _diagnose(rows)
    tree = diagnosis_tree(diagnoses, rejected, file.name)
    write_rows(out / "table", map(trace_record, diagnoses))
    write_rows(out / "steps", (record for one in diagnoses for record in step_records(one)))
    write_json(out / "summary.json", {name: tree[name] for name in tree if name != "to_read"})
    write_traces_page(out / "traces.html", tree)
    console = terminal()
    console.print(measures_table(tree))
    if tree["qualities"]:
        console.print(qualities_table(tree))
    console.print(f"page: {out / 'traces.html'}   a row per trace: {out / 'table'}   a row per step: {out / 'steps'}")


@commands.command("gold")
def gold(
    file: File,
    data: Annotated[list[Path], typer.Option("--data", help="Items that the responses name by id.")],
    images: Images = None,
    model: Annotated[str, typer.Option("--model", help="The checkpoint that is asked, or 'base'.")] = "base",
    out: Annotated[Path, typer.Option("--out", help="Folder for the table; a killed run goes on.")] = Path("runs/gold"),
    by: By = None,
    field: Field = None,
    form: FormatOption = None,
    mapping: MappingOption = None,
    image_field: ImageField = "image",
    overrides: Overrides = None,
) -> None:
    """Measure how likely a model finds the gold answer after each step, as a table that `analyse traces` reads."""
    from seethink.core.config import load_config
    from seethink.core.item import items_by_id
    from seethink.study.step_columns import GoldConfig, with_truth, write_gold_columns

    settings = load_config(GoldConfig, None, overrides or ())
    rows, _ = _read(file, by, field)
    opened = open_items(item_files(data, images, form, mapping, image_field), out / "images")
    items = items_by_id(opened.items)
    unknown = write_gold_columns(settings, model, with_truth(rows, items), items, opened.store, out)
    tell(unknown)
    terminal().print(f"{len(rows) - len(unknown)} traces: {out}")


@commands.command("survival")
def survival_command(
    file: Annotated[Path, typer.Argument(help="Traces sampled during RL, with the step of each.")],
    sft: Annotated[Path, typer.Option("--sft", help="Traces of the model that SFT left.")],
    base: Annotated[Path, typer.Option("--base", help="Traces of the model before SFT.")],
    by: Annotated[str, typer.Option("--by", help="Column with the step of RL.")] = "step",
    field: Field = None,
    out: Annotated[Path | None, typer.Option("--out", help="JSON file to write.")] = None,
) -> None:
    """How much of the SFT style survives each step of RL: every habit between its rate before and after SFT.

    RL samples: of files that name decodings only sampled rows are read.
    """
    from dataclasses import asdict

    from seethink.analysis.pseudo_reasoning import by_group, sampled_traces, survival
    from seethink.analysis.pseudo_reasoning.told import survival_table
    from seethink.core.tables import write_json

    during, after, before = (
        _diagnose(sampled_traces(_read(path, key, field)[0], path))
        for path, key in ((file, by), (sft, None), (base, None))
    )
    found = survival(by_group(during), after, before)
    console = terminal()
    console.print(survival_table(found))
    if out is not None:
        write_json(out, [asdict(one) for one in found])
        console.print(f"{out}")


@commands.command("compare")
def compare(
    arms: Annotated[list[str], typer.Argument(help="NAME=FOLDER,FOLDER: an arm's evaluations, one per training seed.")],
    given: Annotated[
        list[str] | None, typer.Option("--given", help="NAME=FOLDER: a start that no stage trained.")
    ] = None,
    pair: Annotated[
        list[str] | None, typer.Option("--pair", help="A,B: read as A minus B. All pairs where none is named.")
    ] = None,
    decoding: Annotated[str, typer.Option("--decoding", help="greedy or sampled.")] = "greedy",
    rule: Annotated[str, typer.Option("--rule", help="strict or lenient.")] = "strict",
    out: Annotated[Path | None, typer.Option("--out", help="JSON file to write.")] = None,
) -> None:
    """Two claims per pair of arms, corrected for the family: about these checkpoints, and about the recipe."""
    from seethink.analysis.claims import compare_arms
    from seethink.analysis.claims_told import claims_table, sentences
    from seethink.analysis.compare import Rule
    from seethink.core.graded import Decoding
    from seethink.core.tables import write_json

    if decoding not in list(Decoding):
        raise InputError(f"--decoding {decoding}: choose among {', '.join(Decoding)}")
    if rule not in list(Rule):
        raise InputError(f"--rule {rule}: choose among {', '.join(Rule)}")
    found = {arm.name: arm for arm in [*(_arm(text, decoding, True) for text in arms),
                                       *(_arm(text, decoding, False) for text in given or ())]}  # fmt: skip
    pairs = [_pair(text) for text in pair] if pair else [(b, a) for a, b in combinations(found, 2)]
    if not pairs:
        raise InputError("one arm alone is compared with nothing: name a second one, or a start with --given")
    tree = compare_arms(found, pairs, rule=Rule(rule))
    console = terminal()
    console.print(claims_table(tree))
    for told in sentences(tree):
        console.print(told, markup=False, highlight=False)
    if out is not None:
        write_json(out, tree | {"decoding": decoding})
        console.print(f"{out}")


@commands.command("study")
def study_command(
    folders: Annotated[list[Path], typer.Argument(help="Folders of tables that studies wrote, at or below these.")],
    claims: Annotated[
        Path | None, typer.Option("--claims", help="YAML of the claims that were registered before the runs.")
    ] = None,
    out: Annotated[Path, typer.Option("--out", help="Folder for results, report, figures and page.")] = Path(
        "runs/told"
    ),
    tables: Annotated[
        Path | None, typer.Option("--tables", help="Folder to write the tables to, brought together.")
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", help="Of report and page; the first that a study gives by default.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Of the resampling.")] = 0,
) -> None:
    """Bring the tables of several sittings together: results, verdicts of registered claims, report, figures, page."""
    from seethink.analysis.registered import load_registration
    from seethink.analysis.registered.told import verdicts_table
    from seethink.analysis.study_data import find_study_data, read_study_data, write_study_data
    from seethink.analysis.tell import PAGE, REPORT, tell_study
    from seethink.analysis.terminal import print_comparison

    registration = load_registration(claims) if claims else None
    study = read_study_data(find_study_data(folders))
    if title is not None:
        study = replace(study, title=title)
    if tables is not None:
        write_study_data(tables, study)
    named = " ".join(map(str, folders)) + (f" --claims {claims}" if claims else "")
    named += f" --title {shlex.quote(title)}" if title else ""
    results = tell_study(out, study, registration=registration, seed=seed, command=f"seethink analyse study {named}")
    console = terminal()
    print_comparison(results, console)
    if results["verdicts"]:
        console.print(verdicts_table(results["verdicts"]))
    console.print(f"report: {out / REPORT}   page: {out / PAGE}   figures: {out / 'figures'}")


def _read(path: Path, by: str | None, field: str | None) -> tuple[list[TraceRow], list[Rejected]]:
    from seethink.analysis.pseudo_reasoning import read_traces

    rows, rejected = read_traces(path, by=by, field=field)
    tell(rejected)
    if rejected:
        terminal().print(f"{len(rows)} responses kept, {len(rejected)} rows set aside")
    return rows, rejected


def _diagnose(rows: Sequence[TraceRow]) -> list[Diagnosis]:
    from rich.progress import Progress

    from seethink.analysis.pseudo_reasoning import diagnose

    with Progress() as bar:
        task = bar.add_task("diagnose", total=len(rows))
        return diagnose(rows, done=lambda count: bar.advance(task, count))


def _arm(text: str, decoding: str, trained: bool) -> ArmRuns:
    """An arm of the command line; its runs are numbered in the order given."""
    from seethink.analysis.score_matrix import ArmRuns
    from seethink.core.graded import graded_from_row
    from seethink.core.records import Record
    from seethink.core.response_records import response_records

    name, equals, folders = text.partition("=")
    if not name or not equals or not folders:
        raise InputError(f"arm {text!r}: write it as NAME=FOLDER or NAME=FOLDER,FOLDER")
    runs = {}
    for seed, folder in enumerate(map(Path, folders.split(","))):
        rows = [one.fields for one in response_records(folder) if isinstance(one, Record)]
        try:
            responses = [graded_from_row(row) for row in rows]
        except (KeyError, TypeError, ValueError):
            raise InputError(f"arm {name}: {folder} holds no verdicts: name the folder of an evaluation") from None
        runs[seed] = [response for response in responses if response.decoding == decoding]
    return ArmRuns(name, runs, trained)


def _pair(text: str) -> tuple[str, str]:
    a, comma, b = text.partition(",")
    if not a or not comma or not b or a == b:
        raise InputError(f"--pair {text!r}: write it as A,B")
    return a, b
