"""bar: how far an evaluation is, what it cost, and the time left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


@contextmanager
def progress_bar(
    what: str, total: int | None, done: int = 0, console: Console | None = None
) -> Iterator[Callable[[int, str], None]]:
    """A line that is told how many more are done, with a word beside it; ``total`` may be unknown."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[news]}"),
        console=console,
    ) as bar:
        task = bar.add_task(what.replace("[", "\\["), total=total, completed=done, news="")

        def told(more: int, news: str) -> None:
            bar.update(task, advance=more)
            if news:
                bar.update(task, news=news)

        yield told
