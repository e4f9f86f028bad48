"""mixed: the paper's reward. Every sample has one verifier, and that one decides it (VLAA-Thinking section 4.1).

No mixing weights and no format term: all five rewards are on one scale from 0 to 1, and a response whose answer cannot
be read is worth 0. Who wants weights or further terms all the same adds them outside, where they are logged apart:
``shaping``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import MappingProxyType

from seethink.core.item import Item, Verifier
from seethink.core.protocols import AnswerScorer
from seethink.core.verdict import Verdict
from seethink.rewards.digit import digit
from seethink.rewards.iou import iou
from seethink.rewards.math import math
from seethink.rewards.mcq import mcq
from seethink.rewards.open import BETA, OpenReward
from seethink.rewards.responses import Extract, strict

Decides = Callable[[Sequence[Item], Sequence[str], Extract], list[Verdict]]

RULES: Mapping[Verifier, Decides] = MappingProxyType(
    {Verifier.DIGIT: digit, Verifier.MCQ: mcq, Verifier.MATH: math, Verifier.IOU: iou}
)


@dataclass(frozen=True, slots=True)
class MixedReward:
    """Routes every sample to its verifier's reward.

    Attributes:
        open: decides open items (``OpenReward``, or ``CoverageReward`` where all facts are known).
        extract: ``strict`` for training; ``lenient`` gives the same reward on the answer stated anywhere.
    """

    open: Decides = field(default_factory=OpenReward)
    extract: Extract = strict

    def __call__(self, items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
        """One verdict per response; each verifier sees its samples as one batch, and open answers are with their
        scorer while the others are decided."""
        if len(items) != len(responses):
            raise ValueError(f"{len(items)} items and {len(responses)} responses: one response per item")
        places: dict[Verifier, list[int]] = {}
        for place, item in enumerate(items):
            places.setdefault(item.verifier, []).append(place)

        def decide(reward: Decides, mine: Sequence[int]) -> list[Verdict]:
            return reward([items[place] for place in mine], [responses[place] for place in mine], self.extract)

        verdicts: dict[int, Verdict] = {}
        scored = places.pop(Verifier.OPEN, [])
        # A scorer waits, for a judge or for an accelerator; comparing answers does not.
        with ThreadPoolExecutor(1, thread_name_prefix="open-reward") as aside:
            waiting = aside.submit(decide, self.open, scored) if scored and places else None
            for verifier, mine in places.items():
                verdicts.update(zip(mine, decide(RULES[verifier], mine), strict=True))
            decided = waiting.result() if waiting else decide(self.open, scored)
        verdicts.update(zip(scored, decided, strict=True))
        return [verdicts[place] for place in range(len(items))]


def mixed(open_scorer: AnswerScorer | None = None, beta: float = BETA, extract: Extract = strict) -> MixedReward:
    """The mixed reward: ``mixed()(items, responses)`` gives one verdict per response."""
    return MixedReward(OpenReward(open_scorer, beta), extract)
