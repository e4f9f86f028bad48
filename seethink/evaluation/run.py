"""Running a model over items: greedy and sampled responses, each with its strict and its lenient verdict.

Work is sealed in parts of items, so a killed run loses at most one part and draws the same responses again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from seethink.core.graded import GradedResponse, graded_from_row, graded_row
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import StepTruth
from seethink.core.rejected import InputError
from seethink.core.tables import claim, data_hash, parts, read_rows, table_hash, write_manifest, write_part
from seethink.core.trace import line_steps
from seethink.core.verdict import Outcome, Verdict, undecided
from seethink.evaluation.bar import progress_bar
from seethink.evaluation.local import LocalModel
from seethink.evaluation.prompts import style_hash
from seethink.evaluation.respondent import Asked, Respondent, Response, in_parts
from seethink.evaluation.settings import EvaluationConfig, Judges

Rows = Callable[[int, list[list[Response]]], list[dict[str, Any]]]
"""The rows of a part, from its number and its questions' responses."""


def evaluate(
    config: EvaluationConfig,
    arm: str,
    model: str | Path | Respondent,
    items: Sequence[Item],
    images: ImageStore,
    judges: Judges,
    out: Path,
    *,
    truth: StepTruth | None = None,
    made_of: Mapping[str, str] | None = None,
) -> list[GradedResponse]:
    """Responses of ``model`` to every item, sealed under ``out``; a finished table is read, not drawn again.

    Args:
        arm: the name that the rows carry.
        model: a local checkpoint, or whoever else answers.
        truth: says which steps are true, where that is known.
        made_of: hashes of what the judges are made of, a scorer's weights or a judge's prompt; recorded with the data,
            and where they change the table is another one.

    Raises:
        InputError: no items, or two items with one id.
    """
    if not items:
        raise InputError("evaluation has no items: every row was set aside, see the reasons above")
    if len({item.id for item in items}) < len(items):
        raise InputError("evaluation has the same item twice: remove duplicates, or the intervals would be too narrow")

    def rows(number: int, responses: list[list[Response]]) -> list[dict[str, Any]]:
        mine = items[number * config.part : (number + 1) * config.part]
        drawn = [(item, response) for item, row in zip(mine, responses, strict=True) for response in row]
        # By decoding, then by item: the order in which tables have always had them.
        drawn.sort(key=lambda one: one[1].decoding.value)
        return [graded_row(one) for one in grade_responses(arm, drawn, judges, truth)]

    data = {"items": data_hash((item.id, item.images) for item in items), "arm": arm, **(made_of or {})}
    asked = [Asked(item.question, item.images) for item in items]
    respond(config, model, asked, images, rows, out, data=data, label=f"evaluate {arm}")
    return [graded_from_row(row) for row in read_rows(out)]


def respond(
    config: EvaluationConfig,
    model: str | Path | Respondent,
    asked: Sequence[Asked],
    images: ImageStore,
    rows: Rows,
    out: Path,
    *,
    data: Mapping[str, str],
    label: str,
) -> None:
    """Put every question to ``model`` and seal what ``rows`` makes of each part's responses under ``out``.

    A finished table is left as it is, and an unfinished one is gone on with.
    """
    started = time.time()
    respondent = LocalModel(model) if isinstance(model, str | Path) else model
    data = {"prompt": style_hash(config.prompt), **respondent.identity, **data}
    if claim(out, config, data):
        return
    if config.blind:
        asked = [one._replace(images=()) for one in asked]
    sealed = len(parts(out))
    left = in_parts(asked, config.part)[sealed:]
    with (
        progress_bar(label, len(asked), min(sealed * config.part, len(asked))) as told,
        closing(respondent.respond(config, left, sealed, images, told)) as answered,
    ):
        for number, responses in enumerate(answered, sealed):
            write_part(out, number, rows(number, responses))
    more = {"resumed_parts": sealed, "table": table_hash(out)}
    write_manifest(out, config, seeds={"sampling": config.seed}, data=data, started=started, more=more)


def grade_responses(
    arm: str, drawn: Sequence[tuple[Item, Response]], judges: Judges, truth: StepTruth | None = None
) -> list[GradedResponse]:
    """Both verdicts of every response; what nobody answered is undecided."""
    answered = [(item, response) for item, response in drawn if response.text is not None]
    items, texts = [item for item, _ in answered], [response.text or "" for _, response in answered]
    verdicts = iter(zip(judges.strict(items, texts), judges.lenient(items, texts), strict=True))
    return [
        _graded(arm, item, response, *next(verdicts), truth)
        if response.text is not None
        else _graded(arm, item, response, *_unanswered(response), None)
        for item, response in drawn
    ]


def _unanswered(response: Response) -> tuple[Verdict, Verdict]:
    verdict = undecided(Outcome.ERROR, response.why)
    return verdict, verdict


def _graded(
    arm: str, item: Item, response: Response, strict: Verdict, lenient: Verdict, truth: StepTruth | None
) -> GradedResponse:
    text = response.text or ""
    steps_true = steps_false = None
    if truth is not None:
        known = truth.step_truth(item, [step.text for step in line_steps(text)])
        steps_true, steps_false = known.count(True), known.count(False)
    return GradedResponse(
        item_id=item.id,
        arm=arm,
        decoding=response.decoding,
        draw=response.draw,
        source=item.source,
        group=str(item.meta.get("template", item.source)),
        verifier=item.verifier,
        question=item.question,
        gold=item.gold,
        images=item.images,
        response=text,
        prompt_tokens=response.prompt_tokens,
        completion_tokens=response.completion_tokens,
        truncated=response.truncated,
        strict=strict,
        lenient=lenient,
        steps_true=steps_true,
        steps_false=steps_false,
    )
