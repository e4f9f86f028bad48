"""Stage: the folder of one step, and whether what lies in it is still what the run would make.

``rows/`` and ``rejected/`` hold sealed parts, ``recipe.json`` what decides them: model, sampling, instructions and the
recipe of the input. A changed recipe empties the folder; the ledger still has every paid answer, so only calls whose
text changed are paid again.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from seethink.core.tables import MANIFEST, parts, read_json, write_json

_RECIPE = "recipe.json"


@dataclass(frozen=True, slots=True)
class Stage:
    folder: Path

    @property
    def rows(self) -> Path:
        return self.folder / "rows"

    @property
    def rejected(self) -> Path:
        return self.folder / "rejected"


def claim(stage: Stage, recipe: Mapping[str, Any]) -> str:
    """Make the stage ready for ``recipe``, emptied where another one made it; returns the recipe's hash."""
    (stage.folder / MANIFEST).unlink(missing_ok=True)
    path = stage.folder / _RECIPE
    if not path.exists() or read_json(path) != recipe:
        empty(stage)
        sign(stage, recipe)
    return recipe_hash(recipe)


def empty(stage: Stage) -> None:
    """Remove what lies there. The recipe goes first: a kill half-way leaves a stage that will be emptied again."""
    for name in (MANIFEST, _RECIPE):
        (stage.folder / name).unlink(missing_ok=True)
    for table in (stage.rows, stage.rejected):
        if table.exists():
            shutil.rmtree(table)


def sign(stage: Stage, recipe: Mapping[str, Any]) -> None:
    write_json(stage.folder / _RECIPE, recipe)


def signed(stage: Stage) -> str | None:
    """The hash of the recipe that the stage was made or is being made by, or None."""
    path = stage.folder / _RECIPE
    return recipe_hash(read_json(path)) if path.exists() else None


def recipe_hash(recipe: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(recipe, sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:12]


def unseal(stages: list[Stage], reasons: frozenset[str]) -> None:
    """Open every part that set a row aside for one of ``reasons``, at its stage and at all later ones."""
    opened: set[str] = set()
    for stage in stages:
        for path in parts(stage.rejected):
            if any(reason in reasons for reason in column(path, "reason")):
                opened.add(path.name)
        for name in opened:
            (stage.rows / name).unlink(missing_ok=True)


def column(path: Path, name: str) -> list[Any]:
    """One column of a part; a part without rows has no columns."""
    if pq.read_metadata(path).num_rows == 0:
        return []
    values: list[Any] = pq.read_table(path, columns=[name]).column(name).to_pylist()
    return values


def table_column(folder: Path, name: str) -> Iterator[Any]:
    for path in parts(folder):
        yield from column(path, name)
