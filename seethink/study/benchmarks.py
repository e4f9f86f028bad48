"""Benchmarks: one model on one of the six, asked, scored by the harness's rules and by our own verifiers, and reported.

Below the output folder:

    images/, ledger/                         pictures of all tables; every paid answer, of models and judges
    <entry>/questions/                       the rows, ready to be asked
    <entry>/<prompt>[-blind]/                one condition: responses, verdicts, figures (``evaluation.benchmark_run``)
    <entry>/predictions/                     the same of predictions that were given
        asked.json                           whose it is, and how it was asked
        results.json                         every figure with its interval, and what it was made of
        <model>_<entry>.xlsx                 the harness's result file
        differences.tsv                      rows on which the harness and our verifiers differ
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from seethink.analysis import BenchmarkRun, agreement, benchmark_results, write_spreadsheet
from seethink.core.config import Config
from seethink.core.graded import Decoding, GradedResponse, graded_from_row
from seethink.core.images import ImageStore
from seethink.core.lock import only_run
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, read_json, read_rows, write_json, write_manifest
from seethink.evaluation.bar import progress_bar
from seethink.evaluation.benchmark_run import (
    FIGURES,
    GRADED,
    answered_table,
    ask_questions,
    figure_rows,
    open_unanswered,
    read_answered,
    seal_predictions,
    unanswered,
    write_scores,
)
from seethink.evaluation.catalogue import Entry
from seethink.evaluation.endpoint import EndpointModel
from seethink.evaluation.judge import JudgeConfig, PaidJudge
from seethink.evaluation.purse import EndpointConfig
from seethink.evaluation.questions import Questions, TableConfig, read_questions, reasons, sealed_questions
from seethink.evaluation.respondent import Respondent
from seethink.evaluation.result_file import read_predictions, result_name, write_predictions
from seethink.evaluation.rules.wording import judge_prompt_hash
from seethink.evaluation.scoring import (
    Answered,
    BenchmarkConfig,
    Draw,
    Scores,
    ScoringConfig,
    caveats,
    score_responses,
)
from seethink.study.rewards import evaluation_judges

RESULTS, ASKED = "results.json", "asked.json"
_GREEDY = Draw(Decoding.GREEDY, 0)
_OFF = 0.05
"""Per cent; the harness's own rounding stays below."""


class BenchmarkTask(BenchmarkConfig):
    """``seethink eval run``."""

    scoring: ScoringConfig = ScoringConfig()
    judge: JudgeConfig | None = None
    """Who is asked where the rules cannot decide; nobody where None, and figures are then not comparable."""
    endpoint: EndpointConfig | None = None
    """Where the model answers; on this machine where None."""


class ScoreTask(Config):
    """``seethink eval score``."""

    scoring: ScoringConfig = ScoringConfig()
    judge: JudgeConfig | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkFile:
    """A benchmark's file, and what is asked of it.

    Attributes:
        table: the harness's table, or the benchmark's own records.
        pictures: folder that picture paths start from; None for tables that hold their pictures.
        first: only so many rows from the top.
    """

    entry: Entry
    table: Path
    pictures: Path | None = None
    first: int | None = None


def open_questions(file: BenchmarkFile, out: Path, *, pictures: bool = True) -> tuple[Questions, ImageStore]:
    """The file's questions, sealed below ``out``, and the store of their pictures."""
    images = ImageStore(out / "images")
    config = TableConfig(entry=file.entry.name, pictures=pictures, first=file.first)
    folder = out / file.entry.name / "questions"
    return read_questions(file.entry, file.table, images, file.pictures, folder, config), images


def run_benchmark(
    task: BenchmarkTask,
    model: str,
    name: str,
    questions: Questions,
    images: ImageStore,
    out: Path,
    *,
    retry_unanswered: bool = False,
    console: Console | None = None,
) -> dict[str, Any]:
    """Ask ``model``, score what it said, write everything below ``out``, and return the results.

    Run again it goes on where it was stopped or killed, and pays for nothing twice but the calls that were in flight.

    Args:
        model: a checkpoint folder, "base", or a name that the task's endpoint knows.
        name: what tables call it.
        retry_unanswered: ask again what an endpoint refused or left unanswered.

    Raises:
        InputError: ``out`` holds another model's answers, among others.
        Stopped: on request, or a budget is spent.
    """
    folder = out / questions.entry.name / condition(task)
    drawing = BenchmarkConfig.model_validate(task.model_dump(include=set(BenchmarkConfig.model_fields)))
    respondent: str | Respondent = model
    if task.endpoint is not None:
        respondent = EndpointModel(model, task.endpoint, out / "ledger")
    asked = {"model": name, "prompt": task.prompt.value, "blind": task.blind}
    with only_run(folder):
        _sign(folder, asked)
        if retry_unanswered:
            open_unanswered(folder)
        ask_questions(drawing, respondent, questions, images, folder)
        answered = read_answered(questions, folder)
        return _score(task, asked, questions, answered, folder, out / "ledger", task.scoring, task.judge, console)


def score_predictions(
    scoring: ScoringConfig,
    judge: JudgeConfig | None,
    predictions: Path,
    name: str,
    questions: Questions,
    out: Path,
    *,
    console: Console | None = None,
) -> dict[str, Any]:
    """Score a result file of the harness, or any table with ``index`` and ``prediction``; as ``run_benchmark``.

    The predictions are kept, so that ``score_again`` needs no file.
    """
    answered, aside = read_predictions(predictions, questions)
    asked = {
        "model": name,
        "prompt": None,
        "blind": False,
        "predictions": {"file": predictions.name, "aside": reasons(aside)},
    }
    folder = out / questions.entry.name / "predictions"
    with only_run(folder):
        _sign(folder, asked)
        seal_predictions(answered, questions, folder)
        return _score(scoring, asked, questions, answered, folder, out / "ledger", scoring, judge, console)


def score_again(
    scoring: ScoringConfig,
    judge: JudgeConfig | None,
    folder: Path,
    ledger: Path,
    *,
    console: Console | None = None,
) -> dict[str, Any]:
    """Score the responses of a run by other rules, or with another judge; what it was asked is kept."""
    if not (folder / ASKED).is_file() or not answered_table(folder):
        raise InputError(
            f"{folder} holds no answered questions: give a folder OUT/<entry>/<prompt> that eval run finished, or "
            "OUT/<entry>/predictions"
        )
    questions, asked = sealed_questions(folder.parent / "questions"), read_json(folder / ASKED)
    if answered_table(folder) != questions.table:
        raise InputError(
            f"{folder} answers other questions than those in {folder.parent / 'questions'}: run the command that asked "
            "them again, with its table"
        )
    with only_run(folder):
        answered = read_answered(questions, folder)
        return _score(scoring, asked, questions, answered, folder, ledger, scoring, judge, console)


def condition(task: BenchmarkConfig) -> str:
    """The folder of one way of asking: "thinking", "direct-blind"."""
    return f"{task.prompt.value}{'-blind' if task.blind else ''}"


def _sign(folder: Path, asked: Mapping[str, Any]) -> None:
    """Say whose answers the folder holds. InputError where they are another model's, which must not be lost."""
    other = read_json(folder / ASKED)["model"] if (folder / ASKED).is_file() else asked["model"]
    if other != asked["model"]:
        raise InputError(
            f"{folder} holds the answers of {other}: give {asked['model']} another --out, "
            f"or --name {other} to replace them"
        )
    write_json(folder / ASKED, asked)


def read_run(folder: Path) -> BenchmarkRun:
    """A finished run. InputError where there is none."""
    if not (folder / RESULTS).is_file() or not (folder / MANIFEST).is_file():
        raise InputError(
            f"{folder} holds no finished benchmark run: give a folder with {RESULTS}, as eval run wrote it"
        )
    graded = [graded_from_row(row) for row in read_rows(folder / GRADED)]
    return BenchmarkRun(read_json(folder / RESULTS), graded, list(read_rows(folder / FIGURES)))


def _score(
    config: BenchmarkTask | ScoringConfig,
    asked: Mapping[str, Any],
    questions: Questions,
    answered: Answered,
    folder: Path,
    ledger: Path,
    scoring: ScoringConfig,
    judge_config: JudgeConfig | None,
    console: Console | None,
) -> dict[str, Any]:
    started = time.time()
    for stale in (MANIFEST, RESULTS):
        (folder / stale).unlink(missing_ok=True)
    judges = evaluation_judges([question.item for question in questions.rows])
    with ExitStack() as stack:
        judge = None
        if judge_config is not None:
            told = stack.enter_context(progress_bar(f"{questions.entry.name} judge", None, console=console))
            judge = stack.enter_context(PaidJudge(judge_config, ledger, told))
        scores = score_responses(scoring, str(asked["model"]), questions, answered, judges, judge)
        spent = judge.spent() if judge is not None else ""
    about = _about(asked, questions, answered, scores, scoring, judge_config, judge, spent)
    results = benchmark_results(about, scores.graded, figure_rows(scores))
    _place_interval(results, next(iter(scores.figures[_GREEDY])))
    write_scores(scores, questions, folder)
    write_spreadsheet(folder / "differences.tsv", _COLUMNS, _differences(scores.graded))
    name = result_name(str(asked["model"]), questions.entry.name)
    write_predictions(folder / name, questions, answered, scoring.passed_on)
    write_json(folder / RESULTS, results)
    write_manifest(
        folder,
        config,
        seeds={} if scoring.random_seed is None else {"random option": scoring.random_seed},
        data={"questions": questions.table, **{name: str(value) for name, value in (about["judge"] or {}).items()}},
        started=started,
        more={"judge_calls": scores.judge_calls, "judge_spent": spent, "rules": scoring.rules},
    )
    return results


def _about(
    asked: Mapping[str, Any],
    questions: Questions,
    answered: Answered,
    scores: Scores,
    scoring: ScoringConfig,
    judge_config: JudgeConfig | None,
    judge: PaidJudge | None,
    spent: str,
) -> dict[str, Any]:
    entry, greedy = questions.entry, scores.scored[_GREEDY]
    missing = unanswered([pair for pair in answered if pair[1].decoding is Decoding.GREEDY])
    why = caveats(questions, greedy, missing)
    if entry.name != entry.benchmark.entries[0]:
        why.append(f"asked as {entry.name}, and not as the leaderboard's {entry.benchmark.entries[0]}")
    if asked["blind"]:
        why.append("asked without the pictures")
    return {
        "benchmark": entry.benchmark.name,
        "entry": entry.name,
        **asked,
        "table": questions.table,
        "rows": len(questions.rows),
        "aside": reasons(questions.aside),
        "unanswered": missing,
        "own_verdict_leaves_alone": sum(bool(question.undecidable) for question in questions.rows),
        "rules": scoring.rules,
        "storage": scoring.storage,
        "passed_on": scoring.passed_on.value,
        "judge": None if judge is None else {**judge.identity, "judge prompts": judge_prompt_hash()},
        "judge_calls": scores.judge_calls,
        "judge_spent": spent,
        "headline": {
            "name": greedy.headline_name,
            "value": greedy.headline,
            "bounds": greedy.bounds,
            "low": None,
            "high": None,
            "n": 0,
        },
        "caveats": why,
        "sampled_headlines": [one.headline for draw, one in scores.scored.items() if draw != _GREEDY],
        "metrics": [{name: _finite(value) for name, value in line.items()} for line in greedy.metrics],
    }


def _place_interval(results: dict[str, Any], figure: str) -> None:
    """The headline's interval is that of its figure: over the units that the harness averages."""
    found = results["figures"][Decoding.GREEDY.value].get(figure)
    if found is None:
        return
    headline = results["headline"]
    for name in ("low", "high"):
        headline[name] = None if found[name] is None else 100 * found[name]
    headline["n"] = found["n"]
    # We-Math's arithmetic is that of a whole table.
    if headline["value"] is not None and abs(headline["value"] - 100 * found["mean"]) > _OFF:
        results["caveats"].append(
            f"the harness's arithmetic takes the table for whole: over the {found['n']} units that are decided the "
            f"figure is {100 * found['mean']:.1f} %, and the interval is of that"
        )


_COLUMNS = (
    *("item", "decoding", "draw", "gold", "harness", "ours", "agreement"),
    *("harness read", "we read", "question", "response"),
)


def _differences(graded: Sequence[GradedResponse]) -> Iterator[dict[str, Any]]:
    for one in graded:
        found = agreement(one)
        if found not in ("only the harness", "only ours") or one.harness is None:
            continue
        yield {
            "item": one.item_id,
            "decoding": one.decoding.value,
            "draw": one.draw,
            "gold": one.gold,
            "harness": one.harness.score,
            "ours": one.lenient.score,
            "agreement": found,
            "harness read": one.harness.extracted,
            "we read": one.lenient.extracted,
            "question": one.question,
            "response": one.response,
        }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
