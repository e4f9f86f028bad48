"""Does it look? Items that can be answered blind, and how much of a gain comes from seeing.

Two questions of two papers, asked of a study's tables. Which held-out items a model hits without their picture, so that
every accuracy is told on both subsets (Watch Before You Answer). And what is left of an arm where the picture is taken
away in training, in evaluation, or in both: RL that gains on blank or unrelated pictures gains without seeing (arXiv
2604.03179).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seethink.analysis.arm_results import Estimates, Tree, base_first, interval_tree
from seethink.analysis.study_data import ArmRecord, asking
from seethink.core.graded import Decoding

SIGHT = ("needs its picture", "answered blind")
"""Subsets of the held-out items."""

BLIND = 0.5
"""Share of hits from which an item counts as answered blind. choice: that of ``items.seen``, without its correction for
chance, since a table does not know an item's options."""

_TRAINING, _EVALUATION, _WITHHELD = "pictures.training", "pictures.evaluation", "evaluation.blind"
_OWN = "own"


def seen_in(changes: Mapping[str, Any]) -> tuple[str, str]:
    """What an arm is shown in training and in evaluation: own, blank, unrelated or, in evaluation, none."""
    asked = "none" if changes.get(_WITHHELD) else str(changes.get(_EVALUATION, _OWN))
    return str(changes.get(_TRAINING, _OWN)), asked


def blind_arm(arms: Mapping[str, ArmRecord]) -> str | None:
    """The arm that tells which items can be answered blind: not trained, and asked without the pictures.

    Args:
        arms: the records of a study's arms.
    """
    found: dict[str, str] = {}
    for arm, record in arms.items():
        if _beside_pictures(record) == (False, (), {}):
            found.setdefault(seen_in(record.changes)[1], arm)
    return next((found[shown] for shown in ("none", "blank", "unrelated") if shown in found), None)


def sight(told: Estimates) -> dict[str, str]:
    """By item its subset, by the blind arm's draws, sampled ones where there are any. Empty without such an arm."""
    arm = blind_arm(told.study.arms)
    if arm is None:
        return {}
    draws, hits = (told.means(arm, Decoding.SAMPLED, column) for column in ("draws", "hits"))
    shares = {item: hits[item] / drawn for item, drawn in draws.items() if drawn}
    shares = shares or told.means(arm, Decoding.GREEDY, "strict")
    return {item: SIGHT[share >= BLIND] for item, share in shares.items()}


def vision_rows(told: Estimates) -> list[Tree]:
    """What every arm with its pictures is ahead of the same arm without, greedy and strict, over the same items.

    A row says where the pictures were taken away (``training``, ``evaluation``). With them taken from training alone,
    ``gain`` is what the training owes to vision, and ``unseen`` what it gained over its start all the same: null where
    no start was asked alike. Neither p is corrected for the number of rows.
    """
    arms = told.study.arms
    rows = []
    for own in base_first(arms):
        if seen_in(arms[own].changes) != (_OWN, _OWN):
            continue
        for other, record in arms.items():
            shown = seen_in(record.changes)
            if shown != (_OWN, _OWN) and _beside_pictures(record) == _beside_pictures(arms[own]):
                rows.append(_row(told, own, other, shown))
    return rows


def _row(told: Estimates, own: str, other: str, shown: tuple[str, str]) -> Tree:
    gain, start = told.difference(own, other), _start(told, other)
    unseen = told.difference(other, start) if start else None
    return {
        "own": own,
        "other": other,
        "training": shown[0],
        "evaluation": shown[1],
        "gain": interval_tree(gain.difference),
        "gain_p": gain.p,
        "start": start,
        "unseen": unseen and interval_tree(unseen.difference),
        "unseen_p": unseen and unseen.p,
    }


def _start(told: Estimates, trained: str) -> str | None:
    """The arm that was not trained, starts as this one and is asked with the same pictures."""
    record = told.study.arms[trained]
    if not record.trained:
        return None
    wanted = asking(record.changes)
    found = (arm for arm, one in told.study.arms.items() if not one.trained and one.changes == wanted)
    return next(found, None)


def _beside_pictures(record: ArmRecord) -> tuple[Any, ...]:
    """All that makes an arm what it is but the pictures that it is shown."""
    shown = (_TRAINING, _EVALUATION, _WITHHELD)
    return record.trained, record.stages, {path: value for path, value in record.changes.items() if path not in shown}
