"""Decided: what every rule of steps 1 to 6 decided about single items, for a person who wants to see it happen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rich.table import Table
from rich.text import Text

from seethink.core.cues import CURATION_CUES, count_cues
from seethink.core.item import Verifier, own_id
from seethink.core.tables import read_rows
from seethink.data.curation.pool import Pool
from seethink.data.rewrite import MAX_GAP, word_gap
from seethink.data.row import Row, row_from_record
from seethink.data.sources.cleaning import clean


@dataclass(frozen=True, slots=True)
class Decided:
    """One item's way.

    Attributes:
        cleaned: rules that changed its gold; none where it was taken as given.
        gap: words by which rewriting changed the length of its trace; None where there is no rewritten trace.
        verified: what became of it at step 5; "" where it did not get there.
        cues: reflective cues in its trace, with their counts.
        fate: "sft", "rl", or the step and reason for which it was set aside.
    """

    item_id: str
    source: str
    given: str
    gold: str
    cleaned: tuple[str, ...]
    gap: int | None
    verified: str
    cues: Mapping[str, int]
    fate: str


def decisions(run: Path, first: int = 50) -> list[Decided]:
    """The first rows of a finished run, in the order they were collected."""
    rows = {row.item.id: row for row in islice(map(row_from_record, read_rows(run / "collect" / "rows")), first)}
    for step in ("caption", "distill", "rewrite", "verify"):
        rows |= {row.item.id: row for row in _of(rows, run / step / "rows")}
    fates: dict[str, str] = {}
    for step in ("caption", "distill", "rewrite", "verify", "curate"):
        for record in read_rows(run / step / "rejected"):
            if record["item_id"] in rows:
                detail = f" ({record['detail']})" if record["detail"] else ""
                fates[record["item_id"]] = f"{step}: {record['reason']}{detail}"
    for pool in Pool:
        fates |= {record["id"]: pool.value for record in read_rows(run / pool) if record["id"] in rows}
    verified = {row.item.id for row in _of(rows, run / "verify" / "rows")}
    return [_decided(row, fates.get(row.item.id, ""), row.item.id in verified) for row in rows.values()]


def _of(wanted: Mapping[str, Row], folder: Path) -> list[Row]:
    return [row_from_record(record) for record in read_rows(folder) if record["id"] in wanted]


def _decided(row: Row, fate: str, verified: bool) -> Decided:
    item = row.item
    given = str(item.meta.get("given_gold", item.gold))
    return Decided(
        item_id=own_id(item),
        source=item.source,
        given=given,
        gold=item.gold,
        cleaned=_rules(given, row),
        gap=word_gap(row.reasoning, row.trace) if row.trace else None,
        verified=_verdict(row, fate, verified),
        cues=dict(count_cues(row.trace, CURATION_CUES)),
        fate=fate,
    )


def _rules(given: str, row: Row) -> tuple[str, ...]:
    item = row.item
    if given == item.gold:
        return ()
    if item.verifier is Verifier.MATH:
        return clean(given, f"{item.question}\n{item.context}").rules
    return (f"spelling of a {item.verifier} gold",)


def _verdict(row: Row, fate: str, verified: bool) -> str:
    if fate.startswith("verify: "):
        return fate.removeprefix("verify: ").partition(" (")[0]
    return "agrees" if verified and row.trace else ""


def decided_table(rows: Iterable[Decided]) -> Table:
    """One line per item for a terminal."""
    table = Table(title="What each rule decided", title_justify="left")
    heads = ("item", "gold as given", "gold", "cleaning", "rewrite gap", "verification", "cues", "goes to")
    for head in heads:
        table.add_column(head, overflow="fold")
    for one in rows:
        gap = "" if one.gap is None else f"{one.gap} of {MAX_GAP} words"
        cues = ", ".join(f"{cue} {count}" for cue, count in one.cues.items())
        cells = (
            f"{one.source}\n{one.item_id}", _short(one.given), _short(one.gold), ", ".join(one.cleaned), gap,
            one.verified, cues, " ".join(one.fate.split()),
        )  # fmt: skip
        # All of it may quote data files: plain text, never markup.
        table.add_row(*map(Text, cells))
    return table


def _short(text: str, limit: int = 40) -> str:
    return text if len(text) <= limit else f"… {text[-limit:]}"
