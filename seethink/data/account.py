"""Account: what the steps of a run asked for, and how much of it the ledger already had.

The ledger says what was paid, not how often it was used. So every step adds a line to ``account.jsonl`` of its run when
it ends, well or not; a process that is killed adds none.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from seethink.teachers.ledger import Ledger, Tally

_FILE = "account.jsonl"


@contextmanager
def accounted(out: Path, step: str, ledger: Ledger) -> Iterator[None]:
    """Add what ``step`` asked of ``ledger`` to the run's account, where it asked anything."""
    started = time.time()
    before = {model: replace(tally) for model, tally in ledger.tallies.items()}
    try:
        yield
    finally:
        since = {model: tally.plus(before.get(model, Tally()), -1) for model, tally in ledger.tallies.items()}
        asked = {model: asdict(tally) for model, tally in since.items() if tally != Tally()}
        if asked:
            line = {"step": step, "started": round(started, 3), "seconds": round(time.time() - started, 3)}
            with (out / _FILE).open("a", encoding="utf-8") as file:
                file.write(json.dumps(line | {"models": asked}) + "\n")


def read_account(out: Path) -> dict[tuple[str, str], Tally]:
    """Sums over all runs of a folder, by step and model."""
    sums: dict[tuple[str, str], Tally] = {}
    path = out / _FILE
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            told = json.loads(line)
            for model, numbers in told["models"].items():
                place = told["step"], model
                sums[place] = sums.get(place, Tally()).plus(Tally(**numbers))
        except (ValueError, KeyError, TypeError):
            # The last line of a full disk, say.
            continue
    return sums
