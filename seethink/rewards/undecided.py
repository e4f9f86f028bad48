"""Numbers for trainers that know of no missing reward.

TRL leaves a completion without a reward out of its group. Others take floats only, and a 0 there would train the model
away from answers that nobody judged.
"""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item
from seethink.core.verdict import Verdict


def group_filled(items: Sequence[Item], verdicts: Sequence[Verdict]) -> list[float | None]:
    """Scores, with the mean of its group's decided ones in place of each that is undecided.

    A group is what the batch holds of one item. Such a completion has no advantage in GRPO and leaves its group's mean
    as it was; only the standard deviation shrinks, by sqrt((d - 1) / (n - 1)) for d decided of n. None where nobody
    decided on any completion of the group.
    """
    groups: dict[str, list[float]] = {}
    for item, verdict in zip(items, verdicts, strict=True):
        decided = groups.setdefault(item.id, [])
        if verdict.score is not None:
            decided.append(verdict.score)
    return [
        verdict.score if verdict.score is not None else _mean(groups[item.id])
        for item, verdict in zip(items, verdicts, strict=True)
    ]


def _mean(scores: Sequence[float]) -> float | None:
    return sum(scores) / len(scores) if scores else None
