"""Work: tasks that depend on each other, done by any number of processes, each task by one of them at a time.

A task is claimed by a lock on a file, which goes with its process: what a killed one was doing is free at once, and is
gone on with from its last checkpoint. There is no list of what is done beside the outputs themselves; a process that
comes to a finished task finds it so.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from seethink.core.lock import Held, held

T = TypeVar("T")

PAUSE = 1.0
"""Seconds between two looks at what others hold. choice."""


def work_off(
    tasks: Mapping[str, T],
    needs: Callable[[T], Sequence[str]],
    lock: Callable[[T], Path],
    do: Callable[[T], None],
    *,
    finished: set[str],
    waiting: Callable[[Sequence[str]], None] = lambda names: None,
) -> None:
    """Do every task after what it needs; return once all are done, here or elsewhere.

    A task that another process holds is passed over, and this one waits only where nothing else is left.

    Args:
        tasks: by name, in the order in which they are tried.
        needs: names of what a task needs.
        lock: the file that says a task is being done.
        do: makes a task, goes on with one left unfinished, and returns at once where it is finished.
        finished: names that are done; grows.
        waiting: told the names of others' tasks, once each time this process begins to wait.
    """
    told = False
    while left := [name for name in tasks if name not in finished]:
        ready = [name for name in left if finished.issuperset(needs(tasks[name]))]
        held_elsewhere = []
        for name in ready:
            try:
                with held(lock(tasks[name])):
                    do(tasks[name])
            except Held:
                held_elsewhere.append(name)
                continue
            finished.add(name)
            told = False
            # What has become possible meanwhile may come before what is next in this round.
            break
        else:
            if not told:
                waiting(held_elsewhere)
                told = True
            time.sleep(PAUSE)
