"""coverage: an open answer judged by how much of what could be said it says, where all of that is known."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seethink.core.item import Item, Verifier
from seethink.core.verdict import Outcome, Verdict, graded, undecided
from seethink.rewards.responses import Extract, judge_responses, strict

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CoverageReward:
    """``share(items, answers)`` gives true facts stated minus false ones over all facts, in [0, 1]."""

    share: Callable[[Sequence[Item], Sequence[str]], list[float]]

    def __call__(self, items: Sequence[Item], responses: Sequence[str], extract: Extract = strict) -> list[Verdict]:
        return judge_responses(Verifier.OPEN, self.judge, items, responses, extract)

    def judge(self, items: Sequence[Item], answers: Sequence[str]) -> list[Verdict]:
        try:
            shares = self.share(items, answers)
        except Exception as error:
            _log.warning("%d open answers left undecided, coverage failed: %r", len(items), error)
            return [undecided(Outcome.ERROR, f"coverage failed: {error!r:.200}") for _ in items]
        return [
            graded(share, answer, f"{share:.0%} of the facts") for share, answer in zip(shares, answers, strict=True)
        ]
