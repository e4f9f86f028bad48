"""What it means that a scorer gives a step no score: NaN looks the same whoever wrote it."""

from __future__ import annotations

from enum import StrEnum

from seethink.core.protocols import StepScorer


class Missing(StrEnum):
    """Why a scorer leaves steps without a score."""

    SILENT = "claims nothing"
    """The step says nothing that could be true or false: nothing is missing."""
    UNREAD = "was not read"
    """It stands behind the last token that the scorer reads."""
    UNANSWERED = "got no rating"
    """The judge failed, or gave no number: nobody knows."""


def missing_of(scorer: StepScorer) -> Missing:
    """What the scorer says in its attribute ``missing``; of one that does not say, NaN claims nothing."""
    return getattr(scorer, "missing", Missing.SILENT)
