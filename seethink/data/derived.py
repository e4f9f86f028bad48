"""Derived: tables made of the finished sets (highest perplexity, stripped traces), and when they are out of date.

A derived table names in its manifest what it was made of. A build that divides the rows otherwise removes it, as it
empties the folder of a step whose recipe has changed: a subset of a set that is no longer there must not be trained on
by mistake. Measurements are rows by item, stay true of their items, and are kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from seethink.core.tables import MANIFEST, parts, read_json, read_manifest
from seethink.data.curation.pool import Pool

_ABOUT_THE_SETS = ("difficulty.md",)
"""Sections of the card that compare the two sets as they were when it was written."""


def made_of(run: Path, sets: Iterable[str], told: str) -> dict[str, Any]:
    """What the manifest of a table derived from finished ``sets`` holds besides; ``told`` is its part of the card."""
    return {"of": {name: _identity(run, name) for name in sets}, "told": told}


def told_of(table: Path) -> str:
    """The section that a derived table has in the card; "" for any other table."""
    return str((read_manifest(table) or {}).get("told", ""))


def remove_outdated(run: Path, *, changed: bool) -> list[str]:
    """Remove what was made of sets that are no longer the same; returns the names of these tables.

    Args:
        changed: the two sets are not known to be those of the build before.
    """
    removed: list[str] = []
    # What was made of a table that goes, goes too.
    while outdated := [table for table in _derived(run) if table.name not in removed and _is_outdated(run, table)]:
        for table in outdated:
            # The manifest goes first: a kill half-way leaves a table that nobody takes for a finished one.
            for file in (table / MANIFEST, *parts(table)):
                file.unlink()
            removed.append(table.name)
    for name in _ABOUT_THE_SETS if changed else ():
        (run / "card" / name).unlink(missing_ok=True)
    return sorted(removed)


def _derived(run: Path) -> list[Path]:
    return [path.parent for path in run.glob(f"*/{MANIFEST}") if "of" in read_json(path)]


def _is_outdated(run: Path, table: Path) -> bool:
    of = read_json(table / MANIFEST)["of"]
    return any(_identity(run, name) != identity for name, identity in of.items())


def _identity(run: Path, name: str) -> str | None:
    """What a set is, None where it is not finished. Rows of the RL set do not hold their traces, so the step that they
    come from counts there too."""
    manifest = read_manifest(run / name)
    if manifest is None:
        return None
    data = manifest["data"]
    return " ".join(data[key] for key in (("table", "verified") if name == Pool.RL else ("table",)) if key in data)
