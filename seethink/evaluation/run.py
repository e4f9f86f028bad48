"""Running a model over items: greedy and sampled responses, each with its strict and its lenient verdict.

Work is sealed in parts of items, so a killed run loses at most one part and draws the same responses again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from seethink.core.chat import messages, prompt_hash
from seethink.core.graded import Decoding, GradedResponse, graded_from_row, graded_row
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import StepTruth
from seethink.core.rejected import InputError
from seethink.core.tables import claim, data_hash, parts, read_rows, write_manifest, write_part
from seethink.core.trace import line_steps
from seethink.core.verdict import Verdict
from seethink.evaluation.settings import EvaluationConfig, Judges
from seethink.models.device import own_device
from seethink.models.load import Checkpoint, load_checkpoint, weights_hash
from seethink.models.sampling import Draw, Prompt, sample


def evaluate(
    config: EvaluationConfig,
    arm: str,
    model: str | Path,
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
    started = time.time()
    data = {
        "items": data_hash(item.id for item in items),
        "model": weights_hash(model),
        "prompt": prompt_hash(),
        "arm": arm,
        **(made_of or {}),
    }
    if claim(out, config, data):
        return [graded_from_row(row) for row in read_rows(out)]
    sealed = len(parts(out))
    checkpoint = load_checkpoint(model, dtype=config.dtype, max_pixels=config.max_pixels)
    checkpoint.model.to(own_device())
    with Progress(
        TextColumn(f"evaluate {arm}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn()
    ) as bar:
        task = bar.add_task("", total=len(items), completed=min(sealed * config.part, len(items)))
        for number in range(sealed, -(-len(items) // config.part)):
            chunk = items[number * config.part : (number + 1) * config.part]
            responses = _respond(config, arm, checkpoint, chunk, images, judges, truth, number)
            write_part(out, number, [graded_row(response) for response in responses])
            bar.advance(task, len(chunk))
    write_manifest(
        out, config, seeds={"sampling": config.seed}, data=data, started=started, more={"resumed_parts": sealed}
    )
    return [graded_from_row(row) for row in read_rows(out)]


def _respond(
    config: EvaluationConfig,
    arm: str,
    checkpoint: Checkpoint,
    items: Sequence[Item],
    images: ImageStore,
    judges: Judges,
    truth: StepTruth | None,
    number: int,
) -> list[GradedResponse]:
    prompts = [Prompt(messages(item), [images.open(digest) for digest in item.images]) for item in items]
    seed = config.seed * 1_000_003 + number
    drawn: list[tuple[Item, Decoding, int, Draw]] = []
    passes = [(Decoding.GREEDY, 1, 0.0), (Decoding.SAMPLED, config.draws, config.temperature)]
    for decoding, draws, temperature in passes:
        if draws == 0:
            continue
        sampled = sample(
            checkpoint,
            prompts,
            draws=draws,
            temperature=temperature,
            max_tokens=config.max_tokens,
            batch=config.batch,
            seed=seed,
        )
        drawn += [
            (item, decoding, index, draw)
            for item, row in zip(items, sampled, strict=True)
            for index, draw in enumerate(row)
        ]
    asked = [item for item, _, _, _ in drawn]
    texts = [draw.text for _, _, _, draw in drawn]
    return [
        _graded(arm, *what, strict, lenient, truth)
        for what, strict, lenient in zip(drawn, judges.strict(asked, texts), judges.lenient(asked, texts), strict=True)
    ]


def _graded(
    arm: str,
    item: Item,
    decoding: Decoding,
    index: int,
    draw: Draw,
    strict: Verdict,
    lenient: Verdict,
    truth: StepTruth | None,
) -> GradedResponse:
    steps_true = steps_false = None
    if truth is not None:
        known = truth.step_truth(item, [step.text for step in line_steps(draw.text)])
        steps_true, steps_false = known.count(True), known.count(False)
    return GradedResponse(
        item_id=item.id,
        arm=arm,
        decoding=decoding,
        draw=index,
        source=item.source,
        group=str(item.meta.get("template", item.source)),
        verifier=item.verifier,
        question=item.question,
        gold=item.gold,
        images=item.images,
        response=draw.text,
        prompt_tokens=draw.prompt_tokens,
        completion_tokens=draw.completion_tokens,
        truncated=draw.truncated,
        strict=strict,
        lenient=lenient,
        steps_true=steps_true,
        steps_false=steps_false,
    )
