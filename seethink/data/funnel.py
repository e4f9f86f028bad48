"""Funnel: how many rows of every source entered a step, left it, and why the others did not (VLAA-Thinking table 1)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

UNREAD = "(unread)"
"""Source of rows that could not be read far enough to tell."""


@dataclass(frozen=True, slots=True)
class FunnelRow:
    """One source at one step: ``entered == kept + sum(rejected.values())``.

    ``sft`` and ``rl`` divide what the last step kept, and are 0 before it.
    """

    source: str
    step: str
    entered: int
    kept: int
    rejected: Mapping[str, int]
    sft: int = 0
    rl: int = 0


def funnel_rows(
    step: str,
    kept: Iterable[str],
    rejected: Iterable[tuple[str, str]],
    *,
    sft: Mapping[str, int] | None = None,
    rl: Mapping[str, int] | None = None,
) -> list[FunnelRow]:
    """Count one step: the sources of the kept rows, and (source, reason) of the rejected ones."""
    stayed = Counter(kept)
    reasons: dict[str, Counter[str]] = {}
    for source, reason in rejected:
        reasons.setdefault(source or UNREAD, Counter())[reason] += 1
    rows = []
    for source in sorted(stayed.keys() | reasons.keys()):
        why = reasons.get(source, Counter())
        entered = stayed[source] + why.total()
        ordered = dict(sorted(why.items()))
        rows.append(
            FunnelRow(
                source, step, entered, stayed[source], ordered, (sft or {}).get(source, 0), (rl or {}).get(source, 0)
            )
        )
    return rows


def funnel_record(row: FunnelRow) -> dict[str, Any]:
    """The row for a table; reasons and their counts as JSON, for they differ from run to run."""
    return {
        "source": row.source,
        "step": row.step,
        "entered": row.entered,
        "kept": row.kept,
        "rejected": json.dumps(dict(row.rejected), ensure_ascii=False),
        "sft": row.sft,
        "rl": row.rl,
    }


def funnel_from_record(record: Mapping[str, Any]) -> FunnelRow:
    return FunnelRow(**{**record, "rejected": json.loads(record["rejected"])})


def funnel_table(rows: Iterable[FunnelRow]) -> Table:
    """The funnel for a terminal, source by source in step order."""
    table = Table(title="What every step kept", title_justify="left")
    table.add_column("source")
    table.add_column("step")
    table.add_column("entered", justify="right")
    table.add_column("kept", justify="right")
    table.add_column("kept of entered", justify="right")
    table.add_column("set aside, by reason")
    ordered = sorted(enumerate(rows), key=lambda pair: (pair[1].source, pair[0]))
    for place, (_, row) in enumerate(ordered):
        first = place == 0 or ordered[place - 1][1].source != row.source
        if first and place:
            table.add_section()
        share = f"{row.kept / row.entered:.0%}" if row.entered else ""
        split = f" ({row.sft} SFT, {row.rl} RL)" if row.sft or row.rl else ""
        why = ", ".join(f"{reason}: {count}" for reason, count in row.rejected.items())
        # Sources and reasons may quote data files: plain text, never markup.
        table.add_row(
            Text(row.source if first else ""), row.step, str(row.entered), f"{row.kept}{split}", share, Text(why)
        )
    return table
