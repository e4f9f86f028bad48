"""open: free answers, worth what a reward model finds them better than the reference (perception; section 4.1).

``R = 1 - exp(-beta (S(answer) - S(reference)))`` where S(answer) is above S(reference), 0 otherwise: a tie is worth
nothing and 1 is approached, never asked for.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

from seethink.core.item import Item, Verifier
from seethink.core.protocols import AnswerScorer
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome, Verdict, graded, undecided
from seethink.rewards.responses import Extract, judge_responses, strict

BETA = 0.2
"""Steepness of the reward. The paper gives none; the work its formula is from has 0.2 in code: choice."""

REMEMBERED = 50_000
"""References whose scores are kept, by item. choice."""

_log = logging.getLogger(__name__)


def margin_reward(answer_score: float, reference_score: float, beta: float = BETA) -> float:
    """The formula above, in [0, 1]."""
    margin = answer_score - reference_score
    return 1.0 - math.exp(-beta * margin) if margin > 0 else 0.0


class ReferenceScores:
    """S(reference) by item id: it depends on the item only, so it is asked for once; the newest are kept."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, items: Sequence[Item], scorer: AnswerScorer) -> list[float]:
        """One score per item, asking the scorer for those not known; a score that is not finite is not kept."""
        with self._lock:
            known = {item.id: self._known[item.id] for item in items if item.id in self._known}
        missing = list({item.id: item for item in items if item.id not in known}.values())
        if missing:
            scores = _score(scorer, missing, [item.gold for item in missing])
            known |= {item.id: score for item, score in zip(missing, scores, strict=True)}
        with self._lock:
            for item in missing:
                if math.isfinite(known[item.id]):
                    self._known[item.id] = known[item.id]
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return [known[item.id] for item in items]


@dataclass(frozen=True, slots=True)
class OpenReward:
    """The open-ended reward of one scorer; without a scorer every verdict is unscored.

    Only the extracted answer reaches the scorer, never the thinking (choice, as in the code the formula is from). A
    scorer that fails, or answers with anything but finite numbers, leaves the verdict undecided: it never counts as 0.
    """

    scorer: AnswerScorer | None = None
    beta: float = BETA
    references: ReferenceScores = field(default_factory=ReferenceScores, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.beta) and self.beta > 0):
            raise InputError(f"beta of the open reward is {self.beta}: give a number above 0, such as {BETA}")

    def __call__(self, items: Sequence[Item], responses: Sequence[str], extract: Extract = strict) -> list[Verdict]:
        return judge_responses(Verifier.OPEN, self.judge, items, responses, extract)

    def judge(self, items: Sequence[Item], answers: Sequence[str]) -> list[Verdict]:
        """Verdicts of answers whose tags are already read."""
        if self.scorer is None:
            return [undecided(Outcome.UNSCORED, "an open answer needs a scorer") for _ in items]
        try:
            references = self.references.of(items, self.scorer)
            scores = _score(self.scorer, items, answers)
        except Exception as error:
            # Whatever a scorer runs into, out of memory or a server gone, it is not the model that failed.
            _log.warning("%d open answers left undecided, the scorer failed: %r", len(items), error)
            return [undecided(Outcome.ERROR, f"the scorer failed: {error!r:.200}") for _ in items]
        return [
            self._verdict(answer, score, reference)
            for answer, score, reference in zip(answers, scores, references, strict=True)
        ]

    def _verdict(self, answer: str, score: float, reference: float) -> Verdict:
        if not (math.isfinite(score) and math.isfinite(reference)):
            return undecided(Outcome.ERROR, f"the scorer gave {score} for the answer and {reference} for the reference")
        why = f"S(answer) {score:.3f}, S(reference) {reference:.3f}"
        return graded(margin_reward(score, reference, self.beta), answer, why)


def _score(scorer: AnswerScorer, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
    scores = [float(score) for score in scorer.score(items, answers)]
    if len(scores) != len(answers):
        raise ValueError(f"{len(scores)} scores for {len(answers)} answers")
    return scores
