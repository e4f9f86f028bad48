"""Progress of a run in a terminal: one line per step, with what it cost, what it will cost, and the time left."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from types import TracebackType

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from seethink.core.rejected import Rejected
from seethink.data.engines.parts import Counts
from seethink.teachers.gate import Gate
from seethink.teachers.ledger import Ledger, Tally
from seethink.teachers.prices import Prices

_EVERY = 0.1
"""Seconds between two looks; drawing takes longer than a row."""


class CollectLine:
    """The line of the first step, used as ``with CollectLine(console) as line``. How many rows its sources hold is not
    known before they are read. Silent where there is no console."""

    def __init__(self, console: Console | None) -> None:
        self._reasons: Counter[str] = Counter()
        self._kept = 0
        self._shown = 0.0
        self._bar = Progress(
            TextColumn("collect"),
            BarColumn(bar_width=20),
            TextColumn("{task.completed:,.0f} rows,"),
            TextColumn("{task.fields[news]}", markup=False),
            TimeElapsedColumn(),
            console=console,
            disable=console is None,
        )
        self._task = self._bar.add_task("", total=None, news="")

    def __enter__(self) -> CollectLine:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        rows = self._kept + self._reasons.total()
        self._bar.update(self._task, completed=rows, total=rows if error is None else None, news=self._news())
        self._bar.stop()

    def __call__(self, aside: Rejected | None) -> None:
        """One more row: kept, or set aside."""
        if aside is None:
            self._kept += 1
        else:
            self._reasons[aside.reason] += 1
        if (now := time.monotonic()) - self._shown >= _EVERY:
            self._shown = now
            self._bar.update(self._task, completed=self._kept + self._reasons.total(), news=self._news())

    def _news(self) -> str:
        why = ", ".join(f"{reason}: {count}" for reason, count in self._reasons.most_common(3))
        return f"{self._reasons.total()} set aside" + (f" ({why}{', …' * (len(self._reasons) > 3)})" if why else "")


class StepLines:
    """Lines for the steps, used as ``with StepLines(console, prices) as lines``. Silent where there is no console."""

    def __init__(self, console: Console | None, prices: Prices) -> None:
        self._silent = console is None
        self._prices = prices
        self._ledger: Ledger | None = None
        self._gate: Gate | None = None
        self._tasks: dict[str, TaskID] = {}
        self._begun: dict[str, tuple[float, int, dict[str, Tally]]] = {}
        self._shown = 0.0
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            MofNCompleteColumn(),
            TextColumn("{task.fields[news]}"),
            TimeRemainingColumn(),
            console=console,
            disable=console is None,
        )

    def __enter__(self) -> StepLines:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def watch(self, ledger: Ledger, gate: Gate) -> None:
        """Show this ledger's payments and this gate's width from now on."""
        self._ledger, self._gate = ledger, gate

    def __call__(self, step: str, counts: Counts) -> None:
        now, done = time.monotonic(), counts.kept + counts.rejected
        if self._silent or (step in self._tasks and now - self._shown < _EVERY and done < counts.total):
            return
        self._shown = now
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=counts.total, news="")
            self._begun[step] = now, done, self._tallies()
        self._bars.update(
            self._tasks[step], completed=done, total=counts.total, news=self._news(step, counts, now, done)
        )

    def _news(self, step: str, counts: Counts, now: float, done: int) -> str:
        started, done_before, before = self._begun[step]
        tallies = {model: tally.plus(before.get(model, Tally()), -1) for model, tally in self._tallies().items()}
        paid = sum(tally.paid for tally in tallies.values())
        tokens = sum(tally.paid_prompt_tokens + tally.paid_completion_tokens for tally in tallies.values())
        seconds = max(now - started, 1e-3)
        reused = sum(tally.reused for tally in tallies.values())
        told = [f"{counts.rejected} set aside"]
        if counts.deferred:
            told.append(f"{counts.deferred} wait for a batch file")
        if paid or reused:
            told.append(f"{paid} calls paid, {reused} reused")
            told.append(f"{paid / seconds:.1f} calls/s, {tokens / seconds:,.0f} tokens/s")
        money = [self._money(model, tally) for model, tally in tallies.items() if tally.paid]
        spent = sum(one for one in money if one is not None)
        if money and None not in money:
            told.append(f"{spent:.2f} {self._prices.currency}")
            if done > done_before:
                more = spent * (counts.total - done) / (done - done_before)
                told.append(f"{spent + more:.2f} projected")
        if self._gate is not None and self._gate.open_width < self._gate.width:
            told.append(f"width cut to {self._gate.open_width}")
        return ", ".join(told)

    def _tallies(self) -> dict[str, Tally]:
        return {model: replace(tally) for model, tally in self._ledger.tallies.items()} if self._ledger else {}

    def _money(self, model: str, tally: Tally) -> float | None:
        price = self._prices.at(model, datetime.now(UTC).date())
        return None if price is None else price.cost(tally.paid_prompt_tokens, tally.paid_completion_tokens)
