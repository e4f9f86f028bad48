"""The process term of a reward: a penalty for steps that spoil what was sound. Adding steps earns nothing.

Adding step scores pays for more steps. Here a response starts at the outcome's reward and can only lose: as in PS-GRPO
(URSA, arXiv 2501.04686) a sharp drop of the step scores counts, and it counts once. PS-GRPO measures a drop from one
step to the next, which a response of one step, or of one line, never has; here it is measured from the outcome's own
score, the 1 of a right answer. What is a step is not left to the writer (``process.claims``). So no step, long or
short, empty or repeated, is worth anything; reasoning that holds nothing is worth as much as a bad step. Fewer claims
remain less to fall with: that is not closed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from seethink.core.item import Item
from seethink.core.protocols import Reward, StepScorer
from seethink.core.verdict import Outcome, Verdict
from seethink.process.claims import Held, held_steps
from seethink.process.missing import Missing, missing_of
from seethink.process.score import score_many

SCORED = 0.5
"""Share of the claims that need a score: with fewer nobody can say what the reasoning is worth. choice."""


def drop(steps: Sequence[Held], scores: Sequence[float]) -> float:
    """How far the worst step falls below 1, in [0, 1] for scores in [0, 1].

    A step without a score (NaN: it claims nothing, or lies behind what the scorer reads) is passed over. 1, all the
    way, where no step claims anything, where less than ``SCORED`` of the claims have a score, and where a clause is too
    long for one.
    """
    known = [score for score in scores if not math.isnan(score)]
    told = [not math.isnan(score) for step, score in zip(steps, scores, strict=True) if step.claims]
    if not any(told) or sum(told) < SCORED * len(told) or any(step.overlong for step in steps):
        return 1.0
    return min(1.0, max(0.0, 1.0 - min(known)))


@dataclass(frozen=True)
class DropPenalty:
    """A Reward: the outcome's verdict, its score lowered by ``weight`` where the steps drop by more than ``allowed``.

    What is not right stays worth 0, so a clean way to a wrong answer earns nothing. Verdicts that nobody decided stay
    as they are. Where a judge leaves a step without a rating and the others do not drop, nobody knows: the verdict is
    an error without a score, and the response leaves its group.

    Attributes:
        scorer: gives a score for every step; one that rates whole responses cannot be used.
        weight: share of the score that a drop costs; PS-GRPO halves it.
        allowed: the largest drop that costs nothing, as a share of the scorer's scale. choice.
        scale: the scorer's lowest and highest score.
    """

    outcome: Reward
    scorer: StepScorer
    weight: float = 0.5
    allowed: float = 0.5
    scale: tuple[float, float] = (0.0, 1.0)

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        verdicts = self.outcome(items, responses)
        # Only a score above 0 can be lowered: the others need no step scores.
        places = [place for place, verdict in enumerate(verdicts) if verdict.score]
        held = [held_steps(responses[place]) for place in places]
        traces = [[step.text for step in steps] for steps in held]
        scored = score_many(self.scorer, [items[place] for place in places], traces)
        for place, steps, scores in zip(places, held, scored, strict=True):
            verdicts[place] = self._lowered(verdicts[place], steps, scores)
        return verdicts

    def _lowered(self, verdict: Verdict, steps: Sequence[Held], scores: Sequence[float]) -> Verdict:
        low, high = self.scale
        found = [(score - low) / (high - low) for score in scores]
        unanswered = sum(map(math.isnan, found)) if missing_of(self.scorer) is Missing.UNANSWERED else 0
        # What is unanswered might be sound: were it, would there be a drop all the same?
        fall = drop(steps, [1.0 if unanswered and math.isnan(score) else score for score in found])
        if fall > self.allowed:
            lowered = (verdict.score or 0.0) * (1 - self.weight)
            return replace(verdict, score=lowered, why=_also(verdict, f"steps drop by {fall:.2f}"))
        if unanswered:
            told = f"{unanswered} of {len(found)} steps got no rating"
            return replace(verdict, score=None, outcome=Outcome.ERROR, why=_also(verdict, told))
        return verdict


def _also(verdict: Verdict, told: str) -> str:
    return f"{verdict.why}; {told}".removeprefix("; ")
