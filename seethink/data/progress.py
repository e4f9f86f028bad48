"""Progress of a run in a terminal: one line per step, with what it cost and the time left."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from seethink.data.engines.local import Counts
from seethink.teachers.ledger import Ledger


class StepLines:
    """Lines for the steps, used as ``with StepLines(console) as lines``. Silent where there is no console."""

    def __init__(self, console: Console | None) -> None:
        self._ledger: Ledger | None = None
        self._before: dict[str, tuple[int, int]] = {}
        self._tasks: dict[str, TaskID] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=28),
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

    def watch(self, ledger: Ledger) -> None:
        """Show this ledger's payments from now on."""
        self._ledger = ledger

    def __call__(self, step: str, counts: Counts) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(step, total=counts.total, news="")
            self._before[step] = self._payments()
        paid, reused = (now - then for now, then in zip(self._payments(), self._before[step], strict=True))
        news = f"{counts.rejected} set aside, {paid} calls paid, {reused} reused"
        self._bars.update(self._tasks[step], completed=counts.kept + counts.rejected, total=counts.total, news=news)

    def _payments(self) -> tuple[int, int]:
        return (self._ledger.paid, self._ledger.reused) if self._ledger else (0, 0)
