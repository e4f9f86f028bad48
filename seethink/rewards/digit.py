"""digit: counting, decided by exact match (perception; CLEVR-Math in the paper, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item, Verifier
from seethink.core.verdict import Verdict
from seethink.rewards.responses import Extract, rule_reward, strict


def digit(items: Sequence[Item], responses: Sequence[str], extract: Extract = strict) -> list[Verdict]:
    """1 where the answer states exactly the gold's whole number, else 0. ``answers.number`` reads it."""
    return rule_reward(Verifier.DIGIT, items, responses, extract)
