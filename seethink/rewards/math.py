"""math: expressions, decided by equivalence (cognition; Math-PUMA Synthesis in the paper, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item, Verifier
from seethink.core.verdict import Verdict
from seethink.rewards.responses import Extract, rule_reward, strict


def math(items: Sequence[Item], responses: Sequence[str], extract: Extract = strict) -> list[Verdict]:
    """1 where the answer is equivalent to the gold, else 0, None past the deadline; see ``answers.expression``."""
    return rule_reward(Verifier.MATH, items, responses, extract)
