"""Guesses: a teacher asked without the picture. The reasoner answers from the question alone, k times (``blind``).

Request: system = ``prompts/blind.txt``; user = the question, never picture, caption, context or gold; draws 0 to k - 1.
Answers are read as leniently as a reader can (``core.trace.last_answer``) and decided by the item's rule. Open answers
are shown to the verifier as in step 5.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from rich.console import Console

from seethink.answers import grade
from seethink.core.images import ImageStore
from seethink.core.item import RULE_VERIFIERS, Item
from seethink.core.lock import only_run
from seethink.core.rejected import Rejected
from seethink.core.tables import read_rows
from seethink.core.trace import last_answer
from seethink.core.verdict import is_hit
from seethink.data.collect import collect_table
from seethink.data.config import DataConfig
from seethink.data.engines.local import carry
from seethink.data.progress import StepLines
from seethink.data.roles import Teachers, asked_how, instructions, open_teachers, text_hash
from seethink.data.row import Row, row_from_record
from seethink.data.sets import spent_record
from seethink.data.source_names import check_source_names
from seethink.data.stage import Stage, claim, table_column
from seethink.data.steps import Step
from seethink.data.stopping import stopping
from seethink.data.verify import ask_verifier, verdict
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger
from seethink.teachers.prices import load_prices
from seethink.teachers.purchase import Patience
from seethink.teachers.request import Message

BLIND = "blind"


class Asked(NamedTuple):
    """What came of it.

    Attributes:
        hits: by item id, of every answer that could be decided whether it was right.
        aside: reasons why items got no answer, with their counts.
        paid: what this call added to the ledger, as a manifest's cost.
    """

    hits: dict[str, list[bool]]
    aside: dict[str, int]
    paid: dict[str, float]


def ask_blind(
    items: Iterable[Item | Rejected],
    config: DataConfig,
    draws: int,
    images: ImageStore,
    out: Path,
    *,
    ledger: Path | None = None,
    patience: Patience | None = None,
    console: Console | None = None,
) -> Asked:
    """Ask the config's reasoner about every item, ``draws`` times; the same call goes on after a stop or a crash.

    Args:
        out: folder of the answers.
        ledger: folder of paid answers, to share them between runs; ``out/ledger`` where None.

    Raises Stopped and InputError as ``run_pipeline`` does.
    """
    with only_run(out):
        collected = collect_table(items, config, Stage(out / "collect"), console)
        check_source_names(config, Stage(out / "collect"))
        return asyncio.run(_ask(collected, config, draws, images, out, ledger or out / "ledger", patience, console))


async def _ask(
    collected: str,
    config: DataConfig,
    draws: int,
    images: ImageStore,
    out: Path,
    ledger_folder: Path,
    patience: Patience | None,
    console: Console | None,
) -> Asked:
    stage, gate = Stage(out / BLIND), Gate(config.width, config.budget, config.limits)
    claim(
        stage,
        {
            "step": BLIND,
            "input": collected,
            "draws": draws,
            "asked": asked_how("reasoner", config) | {"instructions": text_hash(instructions(BLIND))},
            "verifier": asked_how("verifier", config),
        },
    )
    step = _Unspared(BLIND, "reasoner", partial(_blind, draws=draws))
    source = Stage(out / "collect").rows
    with StepLines(console, load_prices(config.prices)) as lines, stopping(gate):
        async with Ledger(ledger_folder) as ledger, open_teachers(config, images, ledger, gate, patience) as teachers:
            before = spent_record(ledger.spent())
            lines.watch(ledger, gate)
            both = (desk for role in ("reasoner", "verifier") for desk in teachers.desks(role))
            desks = list({id(desk): desk for desk in both}.values())
            for desk in desks:
                await desk.resume()
            while (await carry(step, source, stage.folder, teachers, progress=lines)).deferred:
                for desk in desks:
                    await desk.settle()
            after = spent_record(ledger.spent())
    aside = Counter(table_column(stage.rejected, "reason"))
    paid = {name: amount - before[name] for name, amount in after.items()}
    return Asked(dict(_hits(map(row_from_record, read_rows(stage.rows)))), dict(aside), paid)


class _Unspared(Step):
    """Asked about rows of every source, whatever it brought."""

    async def run(self, row: Row, teachers: Teachers) -> Row | Rejected:
        return await self.ask(row, teachers)


async def _blind(row: Row, teachers: Teachers, *, draws: int) -> Row:
    """The row with its answers for reasoning: JSON, pairs of an answer and whether the verifier agrees with it."""
    teacher = teachers.role("reasoner", row.item.source).teacher
    asked = [Message("system", instructions(BLIND)), Message("user", row.item.question)]
    answers = await asyncio.gather(*(teacher.ask(asked, draw=draw) for draw in range(draws)))
    texts = [last_answer(answer.text) for answer in answers]
    told: list[bool | None] = [None] * len(texts)
    if row.item.verifier not in RULE_VERIFIERS:
        said = await asyncio.gather(*(ask_verifier(row.item, text, teachers) for text in texts))
        told = [verdict(one) for one in said]
    return replace(row, reasoning=json.dumps(list(zip(texts, told, strict=True))))


def _hits(rows: Iterable[Row]) -> Iterator[tuple[str, list[bool]]]:
    for row in rows:
        answers = json.loads(row.reasoning)
        if row.item.verifier not in RULE_VERIFIERS:
            yield row.item.id, [agrees for _, agrees in answers if agrees is not None]
            continue
        verdicts = grade([row.item] * len(answers), [text for text, _ in answers])
        yield row.item.id, [is_hit(one, row.item.verifier) for one in verdicts if one.score is not None]
