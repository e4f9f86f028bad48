"""The data factory from items to the two training sets: collect, caption, distill, rewrite, verify, curate.

Every step runs over the whole table before the next begins, so one GPU can serve one teacher after another and every
boundary can be looked at. Below the output folder:

    collect/ caption/ distill/ rewrite/ verify/   ``rows/`` and ``rejected/`` of each step, sealed part by part
    curate/rejected/                              what was left over
    sft/ rl/                                      the finished sets: item columns, and ``response`` in ``sft``
    funnel/                                       counts by source and step
    ledger/                                       every paid answer
    manifest.json                                 there when, and only when, the run is complete
"""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import Rejected
from seethink.core.tables import MANIFEST, write_manifest
from seethink.data.collect import collect_table
from seethink.data.config import DataConfig
from seethink.data.engines.local import carry
from seethink.data.funnel import FunnelRow
from seethink.data.lock import only_run
from seethink.data.progress import StepLines
from seethink.data.roles import Teachers, instructions_hash, open_teachers
from seethink.data.sets import Sets, spent_record, write_sets
from seethink.data.stage import Stage, claim, unseal
from seethink.data.steps import STEPS, Step
from seethink.teachers.gate import Budget, Gate
from seethink.teachers.ledger import Ledger, Spent
from seethink.teachers.purchase import NO_ANSWER, REFUSES, Patience


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run made.

    Attributes:
        sft, rl, rejected: rows in the two sets, and set aside at any step.
        unanswered: rejected rows that the teachers, not the data, are to blame for; ``retry_unanswered`` asks again.
        funnel: by source and step.
        spent: by model, over the whole ledger.
        paid, reused: answers of this run.
    """

    out: Path
    sft: int
    rl: int
    rejected: int
    unanswered: int
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
    retry_unanswered: bool = False,
    patience: Patience | None = None,
    console: Console | None = None,
) -> Summary:
    """Run all six steps; make the same call again to go on after a stop or a crash.

    Args:
        images: holds the pictures of ``items``.
        ledger: folder of paid answers, to share them between runs; ``out/ledger`` where None.
        retry_unanswered: ask again for rows set aside because a teacher refused or did not answer.
        console: where progress is shown; nowhere where None.

    Raises:
        Stopped: SIGTERM, Ctrl-C, or the budget; calls in flight were recorded, nothing paid is lost.
        InputError: an empty key variable, a folder in use, an endpoint that no request can reach.
    """
    out = Path(out)
    with only_run(out):
        (out / MANIFEST).unlink(missing_ok=True)
        collected = collect_table(items, config, Stage(out / "collect"))
        run = _Run(images, config, out, ledger or out / "ledger", retry_unanswered, patience or Patience(), console)
        return asyncio.run(run.steps(collected))


@dataclass(frozen=True)
class _Run:
    images: ImageStore
    config: DataConfig
    out: Path
    ledger: Path
    retry_unanswered: bool
    patience: Patience
    console: Console | None

    async def steps(self, collected: str) -> Summary:
        started = time.time()
        config = self.config
        gate = Gate(config.width, Budget(config.max_calls, config.max_completion_tokens))
        if self.retry_unanswered:
            unseal([Stage(self.out / step.name) for step in STEPS], frozenset({REFUSES, NO_ANSWER}))
        with StepLines(self.console) as lines, _stopping(gate):
            async with (
                Ledger(self.ledger) as ledger,
                open_teachers(config, self.images, ledger, gate, self.patience) as teachers,
            ):
                lines.watch(ledger)
                made_by, source = collected, Stage(self.out / "collect")
                for step in STEPS:
                    made_by, source = await self._step(step, source, made_by, teachers, lines)
                spent = ledger.spent()
                sets = await asyncio.to_thread(write_sets, source.rows, config, self.out, made_by, spent, started)
                summary = self._summary(sets, spent, ledger)
        write_manifest(
            self.out,
            config,
            seeds={"curate": config.seed},
            data={"items": collected, "verified": made_by},
            started=started,
            cost=spent_record(spent),
            more={"sft": summary.sft, "rl": summary.rl, "rejected": summary.rejected},
        )
        return summary

    async def _step(
        self, step: Step, source: Stage, made_by: str, teachers: Teachers, lines: StepLines
    ) -> tuple[str, Stage]:
        started = time.time()
        role = self.config.role(step.role)
        stage = Stage(self.out / step.name)
        recipe = {
            "step": step.name,
            "input": made_by,
            "model": role.model,
            "sampling": asdict(role.sampling),
            "instructions": instructions_hash(step.name),
        }
        made = claim(stage, recipe)
        counts = await carry(step, source.rows, stage.folder, teachers, progress=lines)
        write_manifest(
            stage.folder,
            self.config,
            seeds={},
            data={"input": made_by},
            started=started,
            cost=spent_record({model: one for model, one in teachers.ledger.spent().items() if model == role.model}),
            more={"recipe": made, "rows": counts.kept, "rejected": counts.rejected},
        )
        return made, stage

    def _summary(self, sets: Sets, spent: Mapping[str, Spent], ledger: Ledger) -> Summary:
        reasons = [reason for row in sets.funnel for reason in row.rejected.items()]
        return Summary(
            out=self.out,
            sft=sets.sft,
            rl=sets.rl,
            rejected=sum(count for _, count in reasons),
            unanswered=sum(count for reason, count in reasons if reason in (REFUSES, NO_ANSWER)),
            funnel=sets.funnel,
            spent=spent,
            paid=ledger.paid,
            reused=ledger.reused,
        )


@contextmanager
def _stopping(gate: Gate) -> Iterator[None]:
    """SIGTERM and Ctrl-C close the gate; the second one ends the process as usual."""
    loop = asyncio.get_running_loop()
    signals = (signal.SIGTERM, signal.SIGINT)

    def unhook() -> None:
        for number in signals:
            loop.remove_signal_handler(number)

    def stop() -> None:
        unhook()
        gate.stop("stopped on request; calls in flight were recorded, the same command goes on from here")

    hooked = threading.current_thread() is threading.main_thread()
    try:
        if hooked:
            for number in signals:
                loop.add_signal_handler(number, stop)
    except NotImplementedError:
        # Event loops of some systems know no signal handlers; a kill then costs at most the calls in flight.
        hooked = False
    try:
        yield
    finally:
        if hooked:
            unhook()
