"""The process term of a reward: a penalty for steps that spoil what was sound, and nothing to be earned.

Adding step scores pays for more steps. Here a response starts at the outcome's reward and can only lose: as in PS-GRPO
(URSA, arXiv 2501.04686) a sharp drop of the step scores counts, and it counts once. So no step, long or short, empty or
repeated, is worth anything, and leaving out the steps altogether is worth as much as a response of one bad step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seethink.core.item import Item
from seethink.core.protocols import Reward, StepScorer
from seethink.core.verdict import Verdict
from seethink.process.score import score_many
from seethink.process.steps import Splitting, split


def largest_drop(scores: Sequence[float]) -> float:
    """The largest fall from the best score so far, in [0, 1] for scores in [0, 1]; a sound start is 1.

    The first step falls from 1. Steps without a score are passed over. A trace without a scored step has fallen all the
    way: otherwise silence would be the safest reasoning.
    """
    best, drop, known = 1.0, 0.0, False
    for score in scores:
        if math.isnan(score):
            continue
        known = True
        drop = max(drop, best - score)
    return min(1.0, max(0.0, drop)) if known else 1.0


@dataclass(frozen=True)
class DropPenalty:
    """A Reward: the outcome's verdict, its score lowered by ``weight`` where the steps drop by more than ``allowed``.

    What is not right stays worth 0, so a clean way to a wrong answer earns nothing. Verdicts that nobody decided stay
    as they are.

    Attributes:
        weight: share of the score that a drop costs; PS-GRPO halves it.
        allowed: the largest drop that costs nothing, as a share of the scorer's scale. choice.
        scale: the scorer's lowest and highest score.
    """

    outcome: Reward
    scorer: StepScorer
    weight: float = 0.5
    allowed: float = 0.5
    splitting: Splitting = Splitting.AUTO
    scale: tuple[float, float] = (0.0, 1.0)

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        verdicts = self.outcome(items, responses)
        # Only a score above 0 can be lowered: the others need no step scores.
        places = [place for place, verdict in enumerate(verdicts) if verdict.score]
        traces = [[step.text for step in split(responses[place], self.splitting, answer=False)] for place in places]
        scored = score_many(self.scorer, [items[place] for place in places], traces)
        low, high = self.scale
        for place, scores in zip(places, scored, strict=True):
            drop = largest_drop([(score - low) / (high - low) for score in scores])
            if drop > self.allowed:
                verdict = verdicts[place]
                lowered = (verdict.score or 0.0) * (1 - self.weight)
                verdicts[place] = replace(
                    verdict, score=lowered, why=f"{verdict.why}; steps drop by {drop:.2f}".removeprefix("; ")
                )
        return verdicts
