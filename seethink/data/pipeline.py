"""The data factory from items to the two training sets: collect, caption, distill, rewrite, verify, curate.

Every step runs over the whole table before the next begins, so one GPU can serve one teacher after another and every
boundary can be looked at. Below the output folder:

    collect/ caption/ distill/ rewrite/ verify/   ``rows/`` and ``rejected/`` of each step, sealed part by part
    curate/rejected/                              what was left over
    sft/ rl/                                      the finished sets: item columns, and ``response`` in ``sft``
    funnel/                                       counts by source and step
    ledger/                                       every paid answer
    account.jsonl                                 what the steps asked for and what the ledger already had
    prompts/                                      the instructions asked with, each under its hash
    manifest.json                                 there when, and only when, the run is complete
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.lock import only_run
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import MANIFEST, write_manifest
from seethink.data.account import accounted
from seethink.data.collect import collect_table
from seethink.data.config import DataConfig
from seethink.data.engines.choice import Engine, LocalEngine, Workshop
from seethink.data.engines.local import carry
from seethink.data.engines.parts import Counts, every_part, pending
from seethink.data.funnel import FunnelRow
from seethink.data.progress import StepLines
from seethink.data.roles import Teachers, asked_how, open_teachers, write_prompts
from seethink.data.sets import Sets, spent_record, withdraw_sets, write_sets
from seethink.data.shard import Shard
from seethink.data.source_names import check_source_names
from seethink.data.stage import Stage, claim, recipe_hash, signed, unseal
from seethink.data.steps import STEPS, Step
from seethink.data.stopping import stopping
from seethink.teachers.compact import compact
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger, Spent
from seethink.teachers.prices import load_prices
from seethink.teachers.purchase import NO_ANSWER, REFUSES, Patience

COLLECT = "collect"
"""The first step; it asks nobody."""

_MANY_FILES = 16
"""Files of ended processes from which on a ledger is merged. choice."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run made.

    Attributes:
        sft, rl, rejected: rows in the two sets, and set aside at any step.
        unanswered: rejected rows that the teachers, not the data, are to blame for; ``retry_unanswered`` asks again.
        outdated: tables that were made of earlier sets (``sft_top_5000``, ``sft_stripped``), and were removed.
        funnel: by source and step.
        spent: by model, over the whole ledger.
        paid, reused: answers of this run.
    """

    out: Path
    sft: int
    rl: int
    rejected: int
    unanswered: int
    outdated: tuple[str, ...]
    funnel: tuple[FunnelRow, ...]
    spent: Mapping[str, Spent]
    paid: int
    reused: int


def run_pipeline(
    items: Iterable[Item | Rejected],
    images: ImageStore,
    config: DataConfig,
    out: Path,
    *,
    ledger: Path | None = None,
    engine: Engine | None = None,
    retry_unanswered: bool = False,
    patience: Patience | None = None,
    console: Console | None = None,
) -> Summary:
    """Run all six steps; make the same call again to go on after a stop or a crash.

    Args:
        images: holds the pictures of ``items``.
        ledger: folder of paid answers, to share them between runs; ``out/ledger`` where None.
        engine: what carries steps 2 to 5; this process where None.
        retry_unanswered: ask again for rows set aside because a teacher refused or did not answer.
        console: where progress is shown; nowhere where None.

    Raises:
        Stopped: SIGTERM, Ctrl-C, the budget, or requests that wait in files; calls in flight were recorded, nothing
            paid is lost.
        InputError: settings for a source that there is not, an empty key variable, a folder in use, an endpoint that no
            request can reach, a full disk.
    """
    run = _Run(images, config, Path(out), ledger, engine, patience, console)
    with only_run(run.out):
        made = run.prepare(items, retry_unanswered=retry_unanswered)
        return asyncio.run(run.whole(made))


def run_until(
    last: str,
    items: Iterable[Item | Rejected],
    images: ImageStore,
    config: DataConfig,
    out: Path,
    *,
    ledger: Path | None = None,
    engine: Engine | None = None,
    patience: Patience | None = None,
    console: Console | None = None,
) -> None:
    """The first steps of ``run_pipeline``, up to ``last``: "collect", "caption", "distill", "rewrite" or "verify"."""
    if last not in (COLLECT, *(step.name for step in STEPS)):
        raise InputError(f"step {last!r}: choose {COLLECT}, {', '.join(step.name for step in STEPS)}")
    run = _Run(images, config, Path(out), ledger, engine, patience, console)
    with only_run(run.out):
        made = run.prepare(items)
        if last != COLLECT:
            asyncio.run(run.some(made, last))


def run_shard(
    shard: Shard,
    images: ImageStore,
    config: DataConfig,
    out: Path,
    *,
    ledger: Path | None = None,
    patience: Patience | None = None,
    console: Console | None = None,
) -> None:
    """Steps 2 to 5 over the parts of one shard of what was collected; others may run their own beside it.

    InputError where the items were not collected, or the steps not prepared for these settings (``run_until`` with
    "collect" does both).
    """
    run = _Run(images, config, Path(out), ledger, None, patience, console, shard)
    with only_run(run.out, str(shard)):
        asyncio.run(run.some(run.prepared(), STEPS[-1].name))


class _Run:
    def __init__(
        self,
        images: ImageStore,
        config: DataConfig,
        out: Path,
        ledger: Path | None,
        engine: Engine | None,
        patience: Patience | None,
        console: Console | None,
        shard: Shard | None = None,
    ) -> None:
        self.images, self.config, self.out, self.shard, self.console = images, config, out, shard, console
        self.ledger = ledger or out / "ledger"
        self.engine = engine or LocalEngine()
        self.patience = patience or Patience()

    def prepare(self, items: Iterable[Item | Rejected], *, retry_unanswered: bool = False) -> dict[str, str]:
        """Collect, and make every step's folder ready; returns the hashes of the recipes, by step."""
        (self.out / MANIFEST).unlink(missing_ok=True)
        write_prompts(self.config, self.out / "prompts")
        made = {COLLECT: collect_table(items, self.config, self._stage(COLLECT), self.console)}
        check_source_names(self.config, self._stage(COLLECT))
        for before, step in self._in_order():
            made[step.name] = claim(self._stage(step.name), self._recipe(step, made[before]))
        if retry_unanswered:
            unseal([self._stage(step.name) for step in STEPS], frozenset({REFUSES, NO_ANSWER}))
        last = STEPS[-1].name
        missing, _ = pending(self._stage(COLLECT).rows, self._stage(last).folder)
        withdraw_sets(self.out, None if missing else made[last])
        compact(self.ledger, at_least=_MANY_FILES)
        return made

    def prepared(self) -> dict[str, str]:
        """The same for a shard, which changes nothing that others may be working on. InputError where it cannot."""
        collected = signed(self._stage(COLLECT))
        made = {COLLECT: collected or ""}
        for before, step in self._in_order():
            made[step.name] = recipe_hash(self._recipe(step, made[before]))
            if collected is None or signed(self._stage(step.name)) != made[step.name]:
                raise InputError(
                    f"{self.out} was not prepared for these settings: "
                    "run the command once without --shard and with --until collect"
                )
        return made

    async def whole(self, made: Mapping[str, str]) -> Summary:
        started = time.time()
        async with self._open() as (teachers, lines):
            for before, step in self._in_order():
                await self._step(step, before, made, teachers, lines)
            spent = teachers.ledger.spent()
            verified = self._stage(STEPS[-1].name).rows
            sets = await asyncio.to_thread(
                write_sets, verified, self.images, self.config, self.out, made[STEPS[-1].name], spent, started, lines
            )
            summary = self._summary(sets, spent, teachers.ledger)
        self._tell(sets.outdated)
        write_manifest(
            self.out,
            self.config,
            seeds={"curate": self.config.seed},
            data={"items": made[COLLECT], "verified": made[STEPS[-1].name]},
            started=started,
            cost=spent_record(spent),
            more={"sft": summary.sft, "rl": summary.rl, "rejected": summary.rejected},
        )
        return summary

    async def some(self, made: Mapping[str, str], last: str) -> None:
        async with self._open() as (teachers, lines):
            for before, step in self._in_order():
                await self._step(step, before, made, teachers, lines)
                if step.name == last:
                    return

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[tuple[Teachers, StepLines]]:
        gate = Gate(self.config.width, self.config.budget, self.config.limits)
        with StepLines(self.console, load_prices(self.config.prices)) as lines, stopping(gate):
            async with (
                Ledger(self.ledger) as ledger,
                open_teachers(self.config, self.images, ledger, gate, self.patience) as teachers,
            ):
                lines.watch(ledger, gate)
                yield teachers, lines

    async def _step(
        self, step: Step, before: str, made: Mapping[str, str], teachers: Teachers, lines: StepLines
    ) -> None:
        started = time.time()
        desks = teachers.desks(step.role)
        with accounted(self.out, step.name, teachers.ledger):
            for desk in desks:
                await desk.resume()
            while (counts := await self._carry(step, before, teachers, lines)).deferred:
                for desk in desks:
                    await desk.settle()
        if self.shard is not None:
            return
        stage = self._stage(step.name)
        write_manifest(
            stage.folder,
            self.config,
            seeds={},
            data={"input": made[before]},
            started=started,
            cost=spent_record(self._spent(step, teachers.ledger)),
            more={"recipe": made[step.name], "rows": counts.kept, "rejected": counts.rejected},
        )

    async def _carry(self, step: Step, before: str, teachers: Teachers, lines: StepLines) -> Counts:
        source, target = self._stage(before).rows, self._stage(step.name).folder
        # Requests for a batch file are gathered in one place.
        if isinstance(self.engine, LocalEngine) or teachers.desks(step.role):
            mine = self.shard.has if self.shard is not None else every_part
            return await carry(step, source, target, teachers, progress=lines, mine=mine)
        try:
            from seethink.data.engines import on_daft
        except ModuleNotFoundError as error:
            raise InputError(
                f"{error.name} is not installed: install seethink[cluster], or use --engine local"
            ) from None
        workshop = Workshop(self.config, self.images.root, self.patience)
        return await on_daft.carry(
            step, source, target, teachers, progress=lines, engine=self.engine, workshop=workshop
        )

    def _stage(self, name: str) -> Stage:
        return Stage(self.out / name)

    def _in_order(self) -> Iterator[tuple[str, Step]]:
        """Every step after the name of the one before it."""
        return zip((COLLECT, *(step.name for step in STEPS)), STEPS, strict=False)

    def _recipe(self, step: Step, input_made: str) -> dict[str, Any]:
        return {"step": step.name, "input": input_made, **asked_how(step.role, self.config)}

    def _spent(self, step: Step, ledger: Ledger) -> dict[str, Spent]:
        models = {self.config.role(step.role, source).model for source in ("", *self.config.per_source)}
        return {model: one for model, one in ledger.spent().items() if model in models}

    def _tell(self, outdated: tuple[str, ...]) -> None:
        if outdated and self.console is not None:
            self.console.print(
                f"removed, for it was made of earlier sets: {', '.join(outdated)}", markup=False, highlight=False
            )

    def _summary(self, sets: Sets, spent: Mapping[str, Spent], ledger: Ledger) -> Summary:
        reasons = [reason for row in sets.funnel for reason in row.rejected.items()]
        return Summary(
            out=self.out,
            sft=sets.sft,
            rl=sets.rl,
            outdated=sets.outdated,
            rejected=sum(count for _, count in reasons),
            unanswered=sum(count for reason, count in reasons if reason in (REFUSES, NO_ANSWER)),
            funnel=sets.funnel,
            spent=spent,
            paid=ledger.paid,
            reused=ledger.reused,
        )
