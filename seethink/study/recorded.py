"""What a finished output says of itself, and whether that can be believed: held against what lies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seethink.core.config import tree_hash
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, manifest_seal, read_json, read_manifest, table_hash
from seethink.study.arms import Stage

RECIPE = "recipe.json"
"""What a stage signed before it began (``core.tables.claim``)."""


def read_recorded(folder: Path, *, weights: bool = False, rows: bool = False) -> dict[str, Any]:
    """The manifest of a finished output.

    Args:
        weights: also hash the weights in ``model/`` and compare.
        rows: also hash the rows of the table and compare, where the manifest has their hash (``table``): evaluations
            that were made before it was recorded have none, and their rows cannot be checked.

    Raises:
        InputError: there is none; it was edited; its settings, signature, weights or rows are not those it names.
    """
    path = folder / MANIFEST
    manifest = read_manifest(folder)
    if manifest is None:
        raise InputError(f"{folder} is not finished: it has no {MANIFEST}; run what makes it to its end")
    again = "it was edited, or is of another version: take the original, or run what made it again"
    if not {"config", "config_hash", "data", "seeds", "packages"} <= manifest.keys() or "seal" not in manifest:
        raise InputError(f"{path} lacks what a manifest says: {again}")
    if tree_hash(manifest["config"]) != manifest["config_hash"]:
        raise InputError(f"{path}: config_hash is not the hash of config: {again}")
    if manifest_seal(manifest) != manifest["seal"]:
        raise InputError(f"{path}: its seal is broken: {again}")
    signed = folder / RECIPE
    if signed.exists() and read_json(signed) != {name: manifest[name] for name in ("config_hash", "data")}:
        raise InputError(f"{path} and {signed} name different settings or data: {again}")
    if weights and manifest.get("model") is not None:
        _check_weights(folder, manifest["model"])
    if rows and manifest.get("table") is not None:
        _check_rows(folder, manifest["table"])
    return manifest


def recorded_stage(manifest: Mapping[str, Any]) -> Stage:
    """What kind of training left a manifest."""
    return Stage.SFT if "demonstrations" in manifest["data"] else Stage.RL


def _check_rows(folder: Path, recorded: str) -> None:
    found = table_hash(folder)
    if found != recorded:
        raise InputError(
            f"{folder}: its rows have hash {found}, and {folder / MANIFEST} recorded {recorded}: they were changed "
            "afterwards; put the original back, or remove the folder and run again"
        )


def _check_weights(folder: Path, recorded: str) -> None:
    from seethink.models.load import weights_hash

    found = weights_hash(folder / "model")
    if found != recorded:
        raise InputError(
            f"{folder / 'model'}: its weights have hash {found}, and {folder / MANIFEST} recorded {recorded}: "
            "they were exchanged after training; put the original back, or train again"
        )
