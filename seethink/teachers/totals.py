"""What the entries of a ledger come to, and where its batch files stand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from seethink.teachers.entries import BatchEntry, BatchState, State

_READ_BATCHES = """
SELECT name, state, batch_id, account, model, purpose, requests, max_tokens, at FROM batches ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Total:
    """What all entries of one state say for one purpose, model, day and way of paying.

    ``uncounted``: entries whose endpoint did not count its tokens. ``unlimited``: those whose request set no limit.
    """

    purpose: str
    model: str
    state: State
    day: date
    batch: bool
    entries: int
    prompt_tokens: int
    completion_tokens: int
    max_tokens: int
    uncounted: int
    unlimited: int


_TOTAL = """
SELECT purpose, model, state, date(at, 'unixepoch'), batch, COUNT(*), COALESCE(SUM(prompt_tokens), 0),
       COALESCE(SUM(completion_tokens), 0), COALESCE(SUM(max_tokens), 0),
       SUM(prompt_tokens IS NULL OR completion_tokens IS NULL), SUM(max_tokens IS NULL)
FROM entries GROUP BY 1, 2, 3, 4, 5
"""


def totals(readers: Iterable[sqlite3.Connection]) -> list[Total]:
    return [
        Total(purpose, model, State(state), date.fromisoformat(day), bool(batch), *numbers)
        for reader in readers
        for purpose, model, state, day, batch, *numbers in reader.execute(_TOTAL)
    ]


def batches(readers: Iterable[sqlite3.Connection]) -> list[BatchEntry]:
    """Every batch file that was ever sent, as it stands now."""
    latest: dict[str, tuple[float, BatchEntry]] = {}
    for reader in readers:
        for name, state, batch_id, account, model, purpose, requests, limit, at in reader.execute(_READ_BATCHES):
            if name not in latest or latest[name][0] <= at:
                entry = BatchEntry(name, BatchState(state), account, model, purpose, requests, limit, batch_id)
                latest[name] = at, entry
    return [entry for _, entry in latest.values()]
