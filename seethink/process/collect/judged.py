"""Judge-only labels: what a step scorer says, on the scale from 0 to 1."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from pydantic import Field

from seethink.core.config import Config, config_hash
from seethink.core.protocols import StepScorer
from seethink.process.collect.labels import Labelled, Solution, first_below
from seethink.process.score import Priced, score_priced


class JudgeOnlyConfig(Config):
    """Labels of a judge, or of any other step scorer."""

    kind: Literal["judge"] = "judge"
    lowest: float = 1.0
    highest: float = 5.0
    """The scorer's scale; ``seethink process label`` takes it from the scorer."""
    threshold: float = Field(default=0.5, ge=0, le=1)
    """A step at or below this, on the scale from 0 to 1, is wrong. choice."""


@dataclass(frozen=True)
class JudgeOnly:
    """No completion at all: one rating per step, paid in the scorer's tokens."""

    config: JudgeOnlyConfig
    scorer: StepScorer

    @property
    def identity(self) -> dict[str, str]:
        return {"collector": config_hash(self.config)}

    def label(self, solutions: Sequence[Solution]) -> list[Labelled]:
        traces = score_priced(self.scorer, [one.item for one in solutions], [one.steps for one in solutions])
        return [self._labelled(one, told) for one, told in zip(solutions, traces, strict=True)]

    def _labelled(self, solution: Solution, told: Priced) -> Labelled:
        values = tuple(as_value(score, self.config.lowest, self.config.highest) for score in told.scores)
        first = first_below(values, self.config.threshold)
        return Labelled(solution, values, first.place, told.cost, first.decided)


def as_value(score: float, lowest: float, highest: float) -> float | None:
    """A score of that scale between 0 and 1; None for no score."""
    return None if math.isnan(score) else min(1.0, max(0.0, (score - lowest) / (highest - lowest)))
