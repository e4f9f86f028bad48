"""Sample: one row of a finished set on its way out, and the words it is shown with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from seethink.core.chat import system_prompt
from seethink.core.item import Item, item_from_row, item_row
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import parts, read_manifest, read_rows
from seethink.data.row import row_from_record
from seethink.data.stage import column

MARKS = (
    "<image>", "<video>", "<audio>", "<bbox>", "<ref-object>",
    "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>",
)  # fmt: skip
"""What trainers and chat templates take for a picture or the end of a turn, wherever in a text it stands."""


class Kind(StrEnum):
    """What a table is for: rows of an SFT table have a response."""

    SFT = "sft"
    RL = "rl"


@dataclass(frozen=True, slots=True)
class Sample:
    """One row.

    Attributes:
        response: what SFT learns; "" in an RL table.
        caption, trace: what the teachers said; "" where it is not known.
    """

    item: Item
    response: str = ""
    caption: str = ""
    trace: str = ""


def table_kind(table: Path) -> Kind:
    """InputError where ``table`` is not a finished table of items."""
    if read_manifest(table) is None:
        raise InputError(f"{table} is no finished table: run seethink data build to its end")
    first = next(read_rows(table), None)
    if first is not None and "question" not in first:
        raise InputError(f"{table} holds no items: name sft, rl, or a table made of one of them")
    if first is None:
        return Kind.RL if table.name.startswith(Kind.RL) else Kind.SFT
    return Kind.SFT if "response" in first else Kind.RL


def read_samples(run: Path, table: Path, kind: Kind) -> Iterator[Sample]:
    """Rows of ``table``; for RL with caption and trace, where the run's last step still has them."""
    verified = run / "verify" / "rows"
    if kind is Kind.SFT or not parts(verified):
        for record in read_rows(table):
            yield Sample(item_from_row(record), record.get("response", ""))
        return
    wanted = {item_id for path in parts(table) for item_id in column(path, "id")}
    for record in read_rows(verified):
        if record["id"] in wanted:
            wanted.remove(record["id"])
            row = row_from_record(record)
            yield Sample(row.item, "", row.caption, row.trace)
    if wanted:
        raise InputError(f"{len(wanted)} rows of {table} are not in {verified}: run seethink data build to its end")


def chat(sample: Sample, mark: str = "") -> list[dict[str, str]]:
    """System prompt, question and, where there is one, response, as plain texts; ``mark`` once per picture in front of
    the question."""
    turns = [
        {"role": "system", "content": system_prompt()},
        {"role": "user", "content": mark * len(sample.item.images) + sample.item.question},
    ]
    if sample.response:
        turns.append({"role": "assistant", "content": sample.response})
    return turns


def item_text(item: Item) -> str:
    """The item without its pictures' bytes and its ``meta``, as JSON: what a reward needs, for ``item_from_row``."""
    return json.dumps(item_row(item) | {"meta": ""}, ensure_ascii=False, sort_keys=True)


def marked(sample: Sample) -> Rejected | None:
    """A text that a trainer would take for a picture or a turn is set aside: "text holds a trainer's mark"."""
    text = sample.item.question + sample.response
    for mark in MARKS:
        if mark in text:
            return Rejected("text holds a trainer's mark", f"{mark} stands in question or response", sample.item.id)
    return None
