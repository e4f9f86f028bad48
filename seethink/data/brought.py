"""Brought: what a source has itself, so that no teacher is asked for it."""

from __future__ import annotations

from dataclasses import replace

from seethink.core.rejected import Rejected
from seethink.data.per_source import Captions, Reasoning, SourceSettings
from seethink.data.row import Row, think_block

CAPTION, REASONING = "caption", "ds_answer"
"""Fields of an item's ``meta`` with what its record brought; the names are those of the released files."""


def brought(step: str, row: Row, settings: SourceSettings) -> Row | Rejected | None:
    """The row after ``step`` where its source spares the teacher; None where the teacher has to be asked.

    Reasons: "no caption brought", "no reasoning brought" (none, or not exactly one think block with an answer after
    it).
    """
    if step == "caption":
        return _caption(row, settings)
    if settings.reasoning is Reasoning.ASKED:
        return None
    if step == "distill" and settings.reasoning is not Reasoning.NONE:
        return _reasoning(row, settings)
    # A trace that was brought is asked about; one taken as it is, or none, is not.
    return None if settings.reasoning is Reasoning.BROUGHT else row


def _caption(row: Row, settings: SourceSettings) -> Row | Rejected | None:
    if settings.reasoning is not Reasoning.ASKED or settings.captions is Captions.NONE:
        return row
    if settings.captions is Captions.ASKED:
        return None
    text = str(row.item.meta.get(CAPTION) or "").strip()
    if not text:
        return Rejected("no caption brought", f"its record has no {CAPTION}; captions: asked would buy one")
    return replace(row, caption=text)


def _reasoning(row: Row, settings: SourceSettings) -> Row | Rejected:
    text = str(row.item.meta.get(REASONING) or "")
    block = think_block(text)
    if block is None or not block[1]:
        return Rejected("no reasoning brought", f"its record's {REASONING} begins {text[:60]!r}")
    return replace(row, reasoning=text, trace=text if settings.reasoning is Reasoning.AS_IS else "")
