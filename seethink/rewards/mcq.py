"""mcq: multiple choice, decided by the option letter (cognition; GeoQA170K and ArxivQA in the paper, section 4.1)."""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item, Verifier
from seethink.core.verdict import Verdict
from seethink.rewards.responses import Extract, rule_reward, strict


def mcq(items: Sequence[Item], responses: Sequence[str], extract: Extract = strict) -> list[Verdict]:
    """1 where the answer chooses exactly the gold's option, else 0. ``answers.choice`` reads it."""
    return rule_reward(Verifier.MCQ, items, responses, extract)
