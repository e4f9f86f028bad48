"""What a finished output says of itself, and whether that can be believed: held against what lies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seethink.core.config import tree_hash
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, manifest_seal, read_json, read_manifest
from seethink.study.arms import Stage
from seethink.study.controls import Records
from seethink.study.stages import Imported, Run, Training, folder_of

RECIPE = "recipe.json"
"""What a stage signed before it began (``core.tables.claim``)."""


def read_recorded(folder: Path, *, weights: bool = False) -> dict[str, Any]:
    """The manifest of a finished output.

    Args:
        weights: also hash the weights in ``model/`` and compare.

    Raises:
        InputError: there is none; it was edited; its settings, its signature or its weights are not those it names.
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
    return manifest


def _check_weights(folder: Path, recorded: str) -> None:
    from seethink.models.load import weights_hash

    found = weights_hash(folder / "model")
    if found != recorded:
        raise InputError(
            f"{folder / 'model'}: its weights have hash {found}, and {folder / MANIFEST} recorded {recorded}: "
            "they were exchanged after training; put the original back, or train again"
        )


def read_run(run: Run, root: Path) -> Records:
    """Manifests of a run's stages and of its evaluation, each held against the weights before and after it."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    before: str | None = None
    for training in run.trainings:
        folder = folder_of(training, root)
        manifest = read_recorded(folder, weights=True)
        if before is not None and manifest["data"]["base"] != before:
            raise InputError(
                f"arm {run.arm}: {folder} started from weights {manifest['data']['base']}, and the stage before it "
                f"left {before}: they are not one chain"
            )
        before = manifest["model"]
        found.append((_stage_of(training, manifest), manifest))
    folder = folder_of(run.evaluation, root)
    manifest = read_recorded(folder)
    if before is not None and manifest["data"]["model"] != before:
        raise InputError(
            f"arm {run.arm}: {folder} asked weights {manifest['data']['model']}, and its last stage left {before}: "
            "remove that folder and run again"
        )
    return [*found, ("evaluation", manifest)]


def _stage_of(training: Training | Imported, manifest: Mapping[str, Any]) -> str:
    if isinstance(training, Training):
        return training.chain[-1].value
    return (Stage.SFT if "demonstrations" in manifest["data"] else Stage.RL).value
