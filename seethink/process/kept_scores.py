"""Kept scores: a scorer whose every answer is sealed in parts, so that a killed measurement goes on where it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.tables import data_hash
from seethink.process.collect.completer import Cost
from seethink.process.score import Asked, ScoringConfig, sealed_scores


class KeptScores:
    """ManyStepScorer over another one. What is asked for at once is one table, in a folder named by its hash; ``cost``
    is of all that was asked for, None where one of the tables does not tell.

    Args:
        name: of the scorer, in progress and manifests.
        made_of: hashes of what the scores depend on.
    """

    def __init__(
        self, config: ScoringConfig, name: str, scorer: StepScorer, out: Path, made_of: Mapping[str, str]
    ) -> None:
        self.config = config
        self.name = name
        self.scorer = scorer
        self.out = out
        self.made_of = made_of
        self.cost: Cost | None = Cost()

    def score_steps(self, item: Item, steps: Sequence[str]) -> list[float]:
        return self.score_many([item], [steps])[0]

    def score_many(self, items: Sequence[Item], traces: Sequence[Sequence[str]]) -> list[list[float]]:
        asked = [Asked(item, tuple(steps), {"item_id": item.id}) for item, steps in zip(items, traces, strict=True)]
        hashed = data_hash([one.item.id, one.steps] for one in asked)
        data = {**self.made_of, "asked": hashed}
        found, cost = sealed_scores(self.config, self.name, self.scorer, asked, self.out / hashed, data=data)
        self.cost = None if cost is None or self.cost is None else self.cost + cost
        return [list(scores) for scores in found]
