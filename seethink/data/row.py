"""Row: an item on its way through the six steps, with what the teachers have said of it so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seethink.core.item import Item, item_from_row, item_row
from seethink.core.rejected import Rejected
from seethink.core.trace import THINK_CLOSE, THINK_OPEN


@dataclass(frozen=True, slots=True)
class Row:
    """One item and its growing record.

    Attributes:
        caption: the captioner's words for the item's pictures; "" before that step and where there is no picture.
        reasoning: the reasoner's response as it came: a think block, then prose.
        trace: the same after rewriting.
    """

    item: Item
    caption: str = ""
    reasoning: str = ""
    trace: str = ""


def row_record(row: Row) -> dict[str, Any]:
    """The row as one line of a table; ``row_from_record`` reads it back."""
    return item_row(row.item) | {"caption": row.caption, "reasoning": row.reasoning, "trace": row.trace}


def row_from_record(record: Mapping[str, Any]) -> Row:
    return Row(item_from_row(record), record["caption"], record["reasoning"], record["trace"])


def rejection_record(step: str, rejected: Rejected, item: Item | None = None) -> dict[str, Any]:
    """A rejection as one line of a table. What could not be read as an item has no id, and may have no source."""
    return {
        "step": step,
        "item_id": item.id if item else "",
        "source": item.source if item else _writable(rejected.source[:_LONGEST_NAME]),
        "reason": rejected.reason,
        "detail": _writable(rejected.detail),
        "where": _writable(rejected.where or (item.id if item else "")),
    }


_LONGEST_NAME = 200


def _writable(text: str) -> str:
    """Details quote data files, and those may hold what no file can: half a character."""
    return text.encode("utf-8", "replace").decode("utf-8")


def think_block(text: str) -> tuple[str, str] | None:
    """Thinking and the prose after it, stripped, where the text has exactly one think block; None otherwise.

    Text in front of the block is dropped. Servers that put the opening tag into the prompt return a response without
    it; it is not guessed at, their reasoning parser has to be switched on.
    """
    if text.count(THINK_OPEN) != 1 or text.count(THINK_CLOSE) != 1:
        return None
    opening, closing = text.find(THINK_OPEN), text.find(THINK_CLOSE)
    if closing < opening:
        return None
    return text[opening + len(THINK_OPEN) : closing].strip(), text[closing + len(THINK_CLOSE) :].strip()
