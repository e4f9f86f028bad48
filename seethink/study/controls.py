"""Controls: what was held equal between the arms, read from what each stage recorded of itself, not from the plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from seethink.core.rejected import InputError
from seethink.study.arms import ARMS, Stage, stage_name

NOT_IN_ARM = "-"

_STAGE_FIELDS: dict[Stage, dict[str, tuple[str, ...]]] = {
    Stage.SFT: {
        "SFT data": ("data", "demonstrations"),
        "SFT settings": ("config_hash",),
        "SFT steps": ("cost", "steps"),
        "SFT seed": ("seeds", "training"),
    },
    Stage.RL: {
        "RL items": ("data", "items"),
        "RL settings": ("config_hash",),
        "RL completions": ("cost", "completions"),
        "RL seed": ("seeds", "training"),
    },
}


def controls_table(
    arms: Sequence[str],
    shared: Mapping[str, str],
    stages: Mapping[str, Mapping[str, Any]],
    evaluations: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One row per control: its value in every arm, and whether the arms that have it agree.

    Args:
        shared: controls that every arm has by construction (prompt, reward), by name.
        stages: manifest of every chain of stages, by ``stage_name``.
        evaluations: manifest of every arm's evaluation.
    """
    rows = [_row(name, dict.fromkeys(arms, value)) for name, value in shared.items()]
    rows.append(_row("start", {arm: _start(arm, stages, evaluations) for arm in arms}))
    for stage, fields in _STAGE_FIELDS.items():
        for name, path in fields.items():
            values = {}
            for arm in arms:
                chain = ARMS[arm]
                position = chain.index(stage) + 1 if stage in chain else 0
                values[arm] = _at(stages[stage_name(chain[:position])], path) if position else NOT_IN_ARM
            rows.append(_row(name, values))
    for name, path in {
        "evaluation items": ("data", "items"),
        "evaluation prompt": ("data", "prompt"),
        "evaluation settings": ("config_hash",),
        "evaluation seed": ("seeds", "sampling"),
    }.items():
        rows.append(_row(name, {arm: _at(evaluations[arm], path) for arm in arms}))
    return rows


def check_matched(rows: Sequence[Mapping[str, Any]]) -> None:
    """InputError naming every control in which the arms differ without being meant to."""
    if unmatched := [row for row in rows if not row["matched"]]:
        shown = "; ".join(
            f"{row['control']}: { ({k: v for k, v in row.items() if k not in _META}) }" for row in unmatched
        )
        raise InputError(f"the arms are not matched, no comparison is made: {shown}")


_META = ("control", "matched")


def _row(control: str, values: Mapping[str, str]) -> dict[str, Any]:
    present = {value for value in values.values() if value != NOT_IN_ARM}
    return {"control": control, **values, "matched": len(present) <= 1}


def _at(manifest: Mapping[str, Any], path: Sequence[str]) -> str:
    value: Any = manifest
    for key in path:
        value = value[key]
    return f"{value:g}" if isinstance(value, float) else str(value)


def _start(arm: str, stages: Mapping[str, Mapping[str, Any]], evaluations: Mapping[str, Mapping[str, Any]]) -> str:
    """The checkpoint that the arm's chain began with."""
    chain = ARMS[arm]
    return str(stages[stage_name(chain[:1])]["data"]["base"] if chain else evaluations[arm]["data"]["model"])
