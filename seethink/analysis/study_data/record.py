"""What a study keeps of itself beside its tables: its arms, what they declare to change, controls, and its runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from seethink.core.config import Config

VERSION = 1

NOT_IN_ARM = "-"
"""A control's value in an arm that has no such stage."""


class ArmRecord(Config):
    """One arm of a study.

    An arm that no stage trained is one checkpoint: it has one run, and another seed would not make another one.
    """

    changes: dict[str, Any] = Field(default_factory=dict)
    """What it declares to change against what all arms share: dotted path of a setting and its value."""
    stages: tuple[str, ...] = ()
    """Names of its training stages, in order."""
    trained: bool = True
    settings: dict[str, Any] = Field(default_factory=dict)
    """What may not differ where two sittings are brought together, by name: values or hashes, nothing that is another
    one for every seed. Where empty the controls are compared, which suits sittings of the same arms only."""
    dials: dict[str, float] = Field(default_factory=dict)
    """Where it stands on every dial that an arm of the study turns, by dotted path; what it does not turn itself is the
    shared level. Empty in tables made before it was kept."""


_ASKING = ("start", "heldout", "evaluation", "pictures.evaluation")


def asking(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Of an arm's changes those that an untrained arm can share: where it starts, and how it is asked."""
    return {
        path: value
        for path, value in changes.items()
        if any(path == one or path.startswith(f"{one}.") for one in _ASKING)
    }


class RunRecord(Config):
    """One training run of an arm, and where its tables lie in the folder."""

    arm: str
    seed: int
    table: str
    table_hash: str
    curves: str | None = None
    curves_hash: str | None = None
    cost: dict[str, float | None] = Field(default_factory=dict)
    """``train_tokens``, ``train_seconds``, ``steps``, ``completions``, ``eval_seconds``; unknown ones are left out."""
    cues: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Occurrences of every reflective expression, by decoding."""


class StudyRecord(Config):
    """``study.json`` of a folder of tables."""

    version: int = Field(default=VERSION, ge=VERSION, le=VERSION)
    name: str
    title: str | None = None
    """Of report and page, where the study gives one."""
    code: str
    """Version of the package that made the tables."""
    items: str
    """Name of the table of items."""
    items_hash: str
    arms: dict[str, ArmRecord]
    compare: list[tuple[str, str]] = Field(default_factory=list)
    """The comparisons that the study set out to make, a minus b; their p-values are corrected together."""
    controls: list[dict[str, Any]] = Field(default_factory=list)
    """Rows ``{control, matched, <arm>: value, …}`` with ``declared`` where a difference is explained (by the settings
    that an arm declares, or by the study's reason for accepting it: ``controls_told``), and ``per_run`` where the value
    is another one for every seed. A row with ``measured`` is a finding about the arms' data, neither matched nor
    declared, and says in a few words what came out."""
    runs: list[RunRecord]
    funnel: list[dict[str, Any]] = Field(default_factory=list)
    seconds: float = 0.0
    stage_seconds: dict[str, float] = Field(default_factory=dict)
