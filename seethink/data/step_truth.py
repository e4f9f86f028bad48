"""Step truth: how many kept traces hold a wrong step, where the truth of a step is known.

Step 5 sees an answer and a gold; whether the steps that led there are true it cannot see. In the embedded world they
can be held against the picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from seethink.core.item import Item, item_from_row
from seethink.core.protocols import StepTruth
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_manifest, read_rows, write_json
from seethink.core.trace import line_steps
from seethink.data.curation.pool import Pool
from seethink.data.row import row_from_record

_FILE = "step_truth.json"


@dataclass(frozen=True, slots=True)
class WrongSteps:
    """Traces kept after a step of the funnel, and how many of them state something false."""

    after: str
    traces: int
    wrong: int

    @property
    def share(self) -> float:
        return self.wrong / self.traces if self.traces else 0.0


def write_step_truth(out: Path, truth: StepTruth, known: Callable[[Item], bool]) -> list[WrongSteps]:
    """Hold every kept trace of a run against ``truth`` and keep the counts below ``out``.

    Args:
        known: items whose truth is known; the others are not counted.
    """
    found = [_count(after, traces, truth, known) for after, traces in _kept(out)]
    write_json(out / _FILE, {"of": _run(out), "counts": [asdict(one) for one in found]})
    return found


def read_step_truth(out: Path) -> list[WrongSteps]:
    """The counts of a run; none where they were not taken, or the run has changed since."""
    path = out / _FILE
    if not path.exists():
        return []
    told = read_json(path)
    return [WrongSteps(**one) for one in told["counts"]] if told["of"] == _run(out) else []


def _run(out: Path) -> list[Any]:
    """What says that a run is still the same."""
    manifest = read_manifest(out / "funnel")
    if manifest is None:
        raise InputError(f"{out} holds no finished data run: run seethink data build to its end")
    return [manifest["config_hash"], manifest["data"]]


def _kept(out: Path) -> Iterator[tuple[str, Iterator[tuple[Item, str]]]]:
    """The traces after each step: as distilled, as rewritten, as verified, and in the two sets."""
    yield "distill", ((row.item, row.reasoning) for row in map(row_from_record, read_rows(out / "distill" / "rows")))
    for step in ("rewrite", "verify"):
        yield step, ((row.item, row.trace) for row in map(row_from_record, read_rows(out / step / "rows")))
    yield "SFT set", ((item_from_row(row), row["response"]) for row in read_rows(out / Pool.SFT))
    chosen = {row["id"] for row in read_rows(out / Pool.RL)}
    verified = map(row_from_record, read_rows(out / "verify" / "rows"))
    yield "RL set", ((row.item, row.trace) for row in verified if row.item.id in chosen)


def _count(
    after: str, traces: Iterator[tuple[Item, str]], truth: StepTruth, known: Callable[[Item], bool]
) -> WrongSteps:
    total = wrong = 0
    for item, text in traces:
        if text and known(item):
            total += 1
            wrong += False in truth.step_truth(item, [step.text for step in line_steps(text)])
    return WrongSteps(after, total, wrong)
