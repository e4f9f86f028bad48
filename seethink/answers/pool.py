"""Comparing pairs of expressions in worker processes (``core/workers``), and remembering what was decided."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from enum import StrEnum

from seethink.core.workers import Pool, Unanswered

DEADLINE = 5.0
"""Seconds one comparison may take, once its worker has started. choice."""
REMEMBERED = 4_096
"""Decided pairs kept, so that a group of equal completions is compared once. choice."""

Pair = tuple[str, str] | tuple[str, str, str]
"""Gold and answer in LaTeX, and the item's tolerance where it has one."""


class Comparison(StrEnum):
    """What became of one comparison."""

    EQUAL = "equal"
    DIFFERENT = "different"
    ANSWER_UNREADABLE = "answer unreadable"
    GOLD_UNREADABLE = "gold unreadable"
    REFUSED = "refused"
    TIMEOUT = "timeout"
    LOST = "lost"


_DECIDED = frozenset(Comparison) - {Comparison.TIMEOUT, Comparison.LOST}


class Workers:
    """``size`` workers that compare pairs of LaTeX expressions, each within ``deadline`` seconds."""

    def __init__(self, size: int = 1, deadline: float = DEADLINE) -> None:
        self.pool = Pool("seethink.answers.worker", size, deadline)
        self._begin()

    @property
    def deadline(self) -> float:
        return self.pool.deadline

    @deadline.setter
    def deadline(self, seconds: float) -> None:
        self.pool.deadline = seconds

    def compare(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """One comparison per pair, in order; equal pairs are compared once. InputError where no worker can start."""
        if self._owner != os.getpid():
            self._begin()
        known = {pair: comparison for pair in pairs if (comparison := self._recall(pair))}
        fresh = [pair for pair in dict.fromkeys(pairs) if pair not in known]
        replies = self.pool.ask(fresh)
        compared = [Comparison(one.value if isinstance(one, Unanswered) else one) for one in replies]
        new = dict(zip(fresh, compared, strict=True))
        self._remember(new)
        return [known.get(pair) or new[pair] for pair in pairs]

    def close(self) -> None:
        """End every worker process; the next comparison starts a new one."""
        self.pool.close()

    def _begin(self) -> None:
        # A forked child may have inherited the lock in a thread's hands.
        self._owner = os.getpid()
        self._lock = threading.Lock()
        self._known: OrderedDict[Pair, Comparison] = OrderedDict()

    def _recall(self, pair: Pair) -> Comparison | None:
        with self._lock:
            if pair in self._known:
                self._known.move_to_end(pair)
            return self._known.get(pair)

    def _remember(self, new: dict[Pair, Comparison]) -> None:
        with self._lock:
            self._known.update((pair, comparison) for pair, comparison in new.items() if comparison in _DECIDED)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
