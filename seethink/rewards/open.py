"""open: free answers, worth what a reward model finds them better than the reference (perception; section 4.1).

``R = 1 - exp(-beta (S(answer) - S(reference)))`` where S(answer) is above S(reference), 0 otherwise: a tie is worth
nothing and 1 is approached, never asked for.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from seethink.answers import MAX_ANSWER
from seethink.core.item import Item, Verifier
from seethink.core.protocols import AnswerScorer
from seethink.core.rejected import InputError, Stopped
from seethink.core.verdict import Outcome, Verdict, graded, undecided, unparseable
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

    def of(self, items: Sequence[Item]) -> dict[str, float]:
        """What is known, by item id."""
        with self._lock:
            return {item.id: self._known[item.id] for item in items if item.id in self._known}

    def keep(self, scores: Mapping[str, float]) -> None:
        """Remember the finite ones."""
        with self._lock:
            self._known.update((name, score) for name, score in scores.items() if math.isfinite(score))
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)


@dataclass(frozen=True, slots=True)
class OpenReward:
    """The open-ended reward of one scorer; without a scorer every verdict is unscored.

    Only the extracted answer reaches the scorer, never the thinking (choice, as in the code the formula is from), each
    different answer to an item once, and none that is longer than ``MAX_ANSWER`` or repeats the reference. A scorer
    that fails, or answers with anything but finite numbers, leaves the verdict undecided: it never counts as 0.
    ``Stopped`` (a judge's budget is spent) is no failure and goes through.
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
            scores = self._scores(self.scorer, items, answers)
        except Stopped:
            raise
        except Exception as error:
            # Whatever a scorer runs into, out of memory or a server gone, it is not the model that failed.
            _log.warning("%d open answers left undecided, the scorer failed: %r", len(items), error)
            return [undecided(Outcome.ERROR, f"the scorer failed: {error!r:.200}") for _ in items]
        return [
            self._verdict(answer, scores.get((item.id, answer)), scores[item.id, item.gold])
            for item, answer in zip(items, answers, strict=True)
        ]

    def _scores(
        self, scorer: AnswerScorer, items: Sequence[Item], answers: Sequence[str]
    ) -> dict[tuple[str, str], float]:
        """S by item id and text, of references and of answers that are short enough, asked for in one call.

        Equal answers to an item have one score: a scorer's rounding must not rank them, for a group's advantages would
        be made of nothing else.
        """
        known = self.references.of(items)
        scores = {(item.id, item.gold): known[item.id] for item in items if item.id in known}
        texts = [*((item, item.gold) for item in items), *zip(items, answers, strict=True)]
        wanted = {
            (item.id, text): item
            for item, text in texts
            if (item.id, text) not in scores and (text == item.gold or len(text) <= MAX_ANSWER)
        }
        if wanted:
            scores |= zip(wanted, _score(scorer, list(wanted.values()), [text for _, text in wanted]), strict=True)
        self.references.keep({item.id: scores[item.id, item.gold] for item in items if item.id not in known})
        return scores

    def _verdict(self, answer: str, score: float | None, reference: float) -> Verdict:
        if score is None:
            return unparseable(f"longer than {MAX_ANSWER:,} characters")
        if not (math.isfinite(score) and math.isfinite(reference)):
            return undecided(Outcome.ERROR, f"the scorer gave {score} for the answer and {reference} for the reference")
        why = f"S(answer) {score:.3f}, S(reference) {reference:.3f}"
        return graded(margin_reward(score, reference, self.beta), answer, why)


def _score(scorer: AnswerScorer, items: Sequence[Item], answers: Sequence[str]) -> list[float]:
    scores = [float(score) for score in scorer.score(items, answers)]
    if len(scores) != len(answers):
        raise ValueError(f"{len(scores)} scores for {len(answers)} answers")
    return scores
