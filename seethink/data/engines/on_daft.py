"""The engine of a cluster: Daft carries parts to workers, and a worker runs them as the engine at home does.

What is carried is the number of a part, never a row or a picture: items, pictures, ledger and tables lie on a disk that
all workers see, and every worker seals the parts it finishes. So the tables are those of the engine at home, a restart
skips what is sealed, and neither a retry nor a batch of the carrier can repeat a paid call. Width, limits per minute
and what is left of the budget are divided among the workers; a share that is not used up is not passed on.

``runner`` decides where the workers are: processes of this machine ("native"), or actors of a Ray cluster ("ray", at
the address in RAY_ADDRESS, else one that is started here). API keys have to be in the workers' environment.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import traceback
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

# It would report home, and draw bars over ours.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("DAFT_PROGRESS_BAR", "0")

import daft
from daft.exceptions import DaftCoreException

from seethink.core.config import parse_config
from seethink.core.images import ImageStore
from seethink.core.rejected import InputError, Stopped
from seethink.core.tables import write_text
from seethink.data.config import DataConfig
from seethink.data.engines.choice import DaftEngine, Workshop
from seethink.data.engines.local import carry as carry_here
from seethink.data.engines.parts import Counts, Mine, Progress, every_part, numbers, pending
from seethink.data.roles import Teachers, open_teachers
from seethink.data.steps import STEPS, Step
from seethink.teachers.gate import Amount, Budget, Gate
from seethink.teachers.ledger import Ledger, Tally
from seethink.teachers.pace import PerMinute
from seethink.teachers.purchase import Patience

_CHUNKS = 4
"""Chunks of parts per worker: so many that none is idle for long at the end, and so few that its gate seldom runs dry.
choice."""
_LOOK = 0.5
"""Seconds between two looks at whether the run goes on."""
_ERRORS: dict[str, type[Exception]] = {"InputError": InputError, "Stopped": Stopped}
_CPUS = 0.25
"""Of a cluster's processors that one worker asks for: it waits for the network most of the time. choice."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What a worker has to know."""

    step: str
    source: str
    target: str
    config: dict[str, Any]
    images: str
    ledger: str
    patience: dict[str, Any]
    workers: int
    spent: list[float]
    run: str


async def carry(
    step: Step,
    source: Path,
    target: Path,
    teachers: Teachers,
    *,
    progress: Progress,
    engine: DaftEngine,
    workshop: Workshop,
    mine: Mine = every_part,
) -> Counts:
    """Run ``step`` over the parts of ``source`` that ``target/rows`` does not hold yet, of ``mine`` only.

    Raises Stopped after a stop, or the first error that concerns the whole run; sealed parts stay.
    """
    todo, counts = pending(source, target, mine)
    progress(step.name, counts)
    if not todo:
        return counts
    gate, ledger = teachers.gate, teachers.ledger
    workers = min(engine.workers, gate.width, len(todo))
    failure: Exception | None = None
    with _carrying(target) as sign:
        if sign.orphans:
            # Workers of a run that was killed see that another one has begun, and end.
            await gate.pause(4 * _LOOK)
        order = _Order(
            step=step.name,
            source=str(source.resolve()),
            target=str(target.resolve()),
            config=workshop.config.model_dump(mode="json"),
            images=str(workshop.images.resolve()),
            ledger=str(ledger.folder.resolve()),
            patience=asdict(workshop.patience),
            workers=workers,
            spent=list(gate.spent),
            run=sign.run,
        )
        reports: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        carrying = loop.run_in_executor(None, _carry, order, engine.runner, numbers(todo), loop, reports)
        carrying.add_done_callback(lambda done: reports.put_nowait(None))
        while (report := await _next(reports, gate, sign)) is not None:
            counts = replace(counts, kept=counts.kept + report["kept"], rejected=counts.rejected + report["rejected"])
            gate.release(Amount(), Amount(*report["spent"]))
            for model, tally in report["tallies"].items():
                ledger.tallies[model] = ledger.tallies.get(model, Tally()).plus(Tally(**tally))
            progress(step.name, counts)
            if report["error"] is not None:
                error = _ERRORS.get(report["error"], RuntimeError)(report["told"])
                if failure is None or isinstance(failure, Stopped):
                    failure = error
                sign.stop(report["told"])
        await carrying
    if failure is not None:
        raise failure
    return counts


async def _next(reports: asyncio.Queue[dict[str, Any] | None], gate: Gate, sign: _Sign) -> dict[str, Any] | None:
    while True:
        try:
            return await asyncio.wait_for(reports.get(), _LOOK)
        except TimeoutError:
            if gate.stopped is not None:
                sign.stop(gate.stopped)


class _Sign:
    """A file that says which run is at work on a step; workers whose run it no longer names stop."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.run = uuid.uuid4().hex
        self.orphans = path.exists()
        self._stopped = False
        write_text(path, self.run)

    def stop(self, reason: str) -> None:
        if not self._stopped:
            self._stopped = True
            write_text(self.path, reason)


@contextmanager
def _carrying(target: Path) -> Iterator[_Sign]:
    sign = _Sign(target / "carrying")
    try:
        yield sign
    finally:
        for path in (sign.path, *target.glob(".worker-*")):
            path.unlink(missing_ok=True)


def _carry(
    order: _Order,
    runner: str,
    parts: list[int],
    loop: asyncio.AbstractEventLoop,
    reports: asyncio.Queue[dict[str, Any] | None],
) -> None:
    """Hand the parts to the workers; blocks until all have been reported on."""
    _choose(runner)
    size = max(1, -(-len(parts) // (order.workers * _CHUNKS)))
    chunks = [json.dumps(parts[start : start + size]) for start in range(0, len(parts), size)]
    placed = {"cpus": _CPUS} if runner == "ray" else {"use_process": True}
    worker = daft.cls(_Worker, max_concurrency=order.workers, **placed)(json.dumps(asdict(order)))
    table = daft.from_pydict({"parts": chunks})
    if runner == "ray":
        table = table.into_partitions(len(chunks))
    for row in table.select(worker.work(table["parts"]).alias("report")).iter_rows():
        loop.call_soon_threadsafe(reports.put_nowait, json.loads(row["report"]))


def _choose(runner: str) -> None:
    """A process has one runner, once and for all. InputError where it has another one, or where there is no cluster."""
    if runner == "native":
        with suppress(DaftCoreException):
            daft.set_runner_native()
    else:
        try:
            daft.set_runner_ray(noop_if_initialized=True)
        except Exception as error:
            raise InputError(f"no Ray cluster can be reached ({error}): check RAY_ADDRESS, or use native") from error
    if (has := daft.get_or_create_runner().name) != runner:
        raise InputError(f"this process uses Daft's {has} runner already: use that, or another process")


class _Worker:
    """One process that runs parts; its ledger file, its gate and its connections last as long as it does."""

    def __init__(self, order: str) -> None:
        self.order = _Order(**json.loads(order))
        self.step = next(step for step in STEPS if step.name == self.order.step)
        self.loop = asyncio.new_event_loop()
        self.teachers: Teachers | None = None
        self.parent = os.getppid()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        if threading.current_thread() is threading.main_thread():
            # Ctrl-C and a job's end reach whole groups of processes; who began the run says when it stops.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, self._asked_to_stop)

    def _work_all(self, chunks: daft.Series) -> list[str]:
        return [json.dumps(self._report(json.loads(chunk))) for chunk in chunks.to_pylist()]

    work = daft.method.batch(_work_all, return_dtype=daft.DataType.string(), batch_size=1)
    """Reports on chunks of part numbers, one chunk at a time."""

    def _report(self, parts: list[int]) -> dict[str, Any]:
        report: dict[str, Any] = {
            "kept": 0, "rejected": 0, "spent": Amount(), "tallies": {}, "error": None, "told": "",
        }  # fmt: skip
        try:
            asyncio.run_coroutine_threadsafe(self._work(frozenset(parts), report), self.loop).result()
        except (InputError, Stopped) as error:
            report |= {"error": type(error).__name__, "told": str(error)}
        # A defect of ours: the others are to stop as after any other error, with their calls recorded.
        except Exception as error:
            report |= {"error": type(error).__name__, "told": traceback.format_exc()}
        return report

    async def _work(self, parts: frozenset[int], report: dict[str, Any]) -> None:
        if self.teachers is None:
            self.teachers = await self._open()
        teachers, target = self.teachers, Path(self.order.target)
        ledger, gate = teachers.ledger, teachers.gate
        await ledger.refresh()
        ledger.tallies.clear()
        before = gate.spent
        latest = Counts(0)

        def told(step: str, counts: Counts) -> None:
            nonlocal latest
            latest = counts

        try:
            await carry_here(
                self.step, Path(self.order.source), target, teachers, progress=told, mine=parts.__contains__
            )
        finally:
            report |= {
                "kept": latest.kept,
                "rejected": latest.rejected,
                "spent": gate.spent.plus(before, -1),
                "tallies": {model: asdict(tally) for model, tally in ledger.tallies.items()},
            }

    async def _open(self) -> Teachers:
        order = self.order
        config = parse_config(DataConfig, order.config, "the run's settings")
        place = _place(Path(order.target), order.run, order.workers)
        spent = Amount(int(order.spent[0]), int(order.spent[1]), order.spent[2])
        gate = Gate(
            _share(config.width, place, order.workers),
            _left(config.budget, spent, place, order.workers),
            _limits(config.limits, place, order.workers),
        )
        # Never closed: a worker ends with its process, and what is recorded is on disk.
        self.open = AsyncExitStack()
        ledger = await self.open.enter_async_context(Ledger(Path(order.ledger)))
        opened = open_teachers(config, ImageStore(Path(order.images)), ledger, gate, Patience(**order.patience))
        teachers = await self.open.enter_async_context(opened)
        self.watching = self.loop.create_task(self._watch(gate))
        return teachers

    async def _watch(self, gate: Gate) -> None:
        sign = Path(self.order.target) / "carrying"
        while gate.stopped is None:
            await asyncio.sleep(_LOOK)
            try:
                told = sign.read_text(encoding="utf-8")
            except OSError:
                told = "the run has ended"
            if os.getppid() != self.parent:
                told = "whoever began the run is gone"
            if told != self.order.run:
                gate.stop(told)

    def _asked_to_stop(self, number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self.teachers is not None:
            self.loop.call_soon_threadsafe(self.teachers.gate.stop, "stopped on request; run again to go on")


def _place(target: Path, run: str, workers: int) -> int:
    """Which of the workers this is, from 0: the first number that nobody took."""
    for place in range(workers):
        try:
            (target / f".worker-{run}-{place}").touch(exist_ok=False)
        except FileExistsError:
            continue
        return place
    raise Stopped(f"more than {workers} workers were started: nothing is left of the width for this one")


def _share(whole: int, place: int, workers: int) -> int:
    return whole // workers + (place < whole % workers)


def _left(budget: Budget, spent: Amount, place: int, workers: int) -> Budget:
    calls, tokens, cost = budget.max_calls, budget.max_completion_tokens, budget.max_cost
    return Budget(
        None if calls is None else _share(max(0, calls - spent.calls), place, workers),
        None if tokens is None else _share(max(0, tokens - spent.tokens), place, workers),
        None if cost is None else max(0.0, cost - spent.cost) / workers,
    )


def _limits(limits: PerMinute, place: int, workers: int) -> PerMinute:
    requests, tokens = limits.requests, limits.tokens
    return PerMinute(
        None if requests is None else max(1, _share(requests, place, workers)),
        None if tokens is None else max(1, _share(tokens, place, workers)),
    )
