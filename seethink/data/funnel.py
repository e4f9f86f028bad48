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


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """One line of the paper's table 1.

    Attributes:
        original: rows that entered step 1, bad ones included.
        pipeline: rows that step 5 kept.
        sft, rl: rows of the two sets.
    """

    source: str
    original: int
    pipeline: int
    sft: int
    rl: int


def by_source(rows: Iterable[FunnelRow]) -> list[SourceCounts]:
    """The funnel in the shape of the paper's table 1, one line per source."""
    found: dict[str, dict[str, FunnelRow]] = {}
    for row in rows:
        found.setdefault(row.source, {})[row.step] = row
    return [
        SourceCounts(
            source,
            steps["collect"].entered if "collect" in steps else 0,
            steps["verify"].kept if "verify" in steps else 0,
            steps["curate"].sft if "curate" in steps else 0,
            steps["curate"].rl if "curate" in steps else 0,
        )
        for source, steps in sorted(found.items())
    ]


def sources_table(rows: Iterable[FunnelRow]) -> Table:
    """Table 1 for a terminal."""
    table = Table(title="What every source gave", title_justify="left")
    table.add_column("source")
    for name in ("original", "after the pipeline", "SFT", "RL"):
        table.add_column(name, justify="right")
    lines = by_source(rows)
    for one in lines:
        # Sources may quote data files: plain text, never markup.
        table.add_row(Text(one.source), *(f"{count:,}" for count in (one.original, one.pipeline, one.sft, one.rl)))
    table.add_section()
    totals = (sum(getattr(one, name) for one in lines) for name in ("original", "pipeline", "sft", "rl"))
    table.add_row("total", *(f"{total:,}" for total in totals))
    return table


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
