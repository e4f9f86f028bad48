"""How the arms agree in a control, told from its row: the page and the report say the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

Tree = Mapping[str, Any]


class Agreement(StrEnum):
    MATCHED = "matched"
    DECLARED = "declared"
    """They differ, and that follows from settings which an arm declares to change."""
    ACCEPTED = "accepted"
    """They differ, no arm declares it, and the study accepts it for a reason."""
    MEASURED = "measured"
    """A finding about the arms' data, and no control."""
    DIFFERS = "differs"


MARKS = {
    Agreement.MATCHED: "✓",
    Agreement.DECLARED: "◇",
    Agreement.ACCEPTED: "□",
    Agreement.MEASURED: "",
    Agreement.DIFFERS: "✗",
}


class Told(NamedTuple):
    """How the arms agree; ``why`` is what a difference follows from, why it is accepted, or what was measured."""

    how: Agreement
    why: str


def agreement(row: Tree, arms: Mapping[str, Tree]) -> Told:
    """Of one row of ``controls`` of results.json.

    A row keeps one text, ``declared``, for both kinds of explained difference. It names settings that some arm changes
    where the difference is declared, and is the study's reason where it is accepted.

    Args:
        arms: ``arms`` of results.json.
    """
    if row.get("measured"):
        return Told(Agreement.MEASURED, str(row["measured"]))
    if row["matched"]:
        return Told(Agreement.MATCHED, "")
    why = row.get("declared")
    if not why:
        return Told(Agreement.DIFFERS, "")
    if why is True:
        # Tables that an earlier version brought together say only that there is an explanation.
        return Told(Agreement.DECLARED, "")
    changed = {path for arm in arms.values() for path in arm["changes"]}
    declared = set(re.split("[,;] ", why)) <= changed
    return Told(Agreement.DECLARED if declared else Agreement.ACCEPTED, why)
