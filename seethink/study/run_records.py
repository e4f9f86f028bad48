"""What one run of an arm recorded, stage by stage, each held against the weights before and after it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from seethink.core.rejected import InputError
from seethink.study.controls import Records
from seethink.study.recorded import read_recorded, recorded_stage
from seethink.study.runs import Run
from seethink.study.stages import Training, folder_of


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
        stage = training.chain[-1] if isinstance(training, Training) else recorded_stage(manifest)
        found.append((stage.value, manifest))
    folder = folder_of(run.evaluation, root)
    manifest = read_recorded(folder, rows=True)
    if before is not None and manifest["data"]["model"] != before:
        raise InputError(
            f"arm {run.arm}: {folder} asked weights {manifest['data']['model']}, and its last stage left {before}: "
            "remove that folder and run again"
        )
    return [*found, ("evaluation", manifest)]
