r"""Equality of two answers in MATH-V, as the harness has it.

Both are lower-cased and stripped. Equal are identical texts; texts whose values as Python expressions differ by less
than 1e-6; texts whose LaTeX, parsed and printed, has such values. Hence ``2^3`` is 1 (an exclusive or) and 8 (LaTeX),
``\sqrt{4}`` is not 2 (Python knows no sqrt), and ``a`` is whatever the gold is: the evaluated text reads a variable of
the function it is evaluated in. The harness evaluates, we work the text out (``arithmetic``), in worker processes.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Sequence
from enum import StrEnum
from functools import cache

from seethink.core.workers import Pool, Unanswered

TOLERANCE = 1e-6
DEADLINE = 30.0
"""Seconds for one equality, then unequal: the harness's."""


class Match(StrEnum):
    """What became of one equality; all but the first are unequal."""

    EQUAL = "equal"
    UNEQUAL = "unequal"
    TIMEOUT = "timeout"
    LOST = "lost"
    CODE = "code"
    """Only running the text as a program could tell, and it is not run."""


_PLAIN = re.compile(r"-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,9})?", re.ASCII)
_SPECIAL = re.compile(r"[\\|≈#'\"_]")
_PAIR = re.compile(r"(?<!\S)(?=([a-z]{2,}) ([a-z]{2,})(?!\S))")
_REPLACED = re.compile(r"inf|percent|pct|sqrt")
_KEPT = re.compile(r"[^abe].*[^abe]")


class Equality:
    """Decides pairs of answer and gold; starts its workers when first needed."""

    def __init__(self, size: int = 1, deadline: float = DEADLINE) -> None:
        self.pool = Pool("seethink.evaluation.rules.equality_worker", size, deadline)

    def matches(self, pairs: Sequence[tuple[str, str]]) -> list[Match]:
        """One match per pair of (answer, gold), in order; equal pairs are decided once."""
        cleaned = [(answer.lower().strip(), gold.lower().strip()) for answer, gold in pairs]
        decided = {pair: found for pair in cleaned if (found := _at_once(*pair))}
        asked = [pair for pair in dict.fromkeys(cleaned) if pair not in decided]
        replies = self.pool.ask([[gold, answer] for answer, gold in asked])
        for pair, reply in zip(asked, replies, strict=True):
            decided[pair] = Match(reply.value if isinstance(reply, Unanswered) else reply)
        return [decided[pair] for pair in cleaned]

    def close(self) -> None:
        """End the workers; the next pair starts new ones."""
        self.pool.close()


@cache
def shared_equality() -> Equality:
    """The workers that every scoring of this process uses; they end with it."""
    return Equality()


def _at_once(answer: str, gold: str) -> Match | None:
    """The match where it is plain to see: identical, two decimal numbers, or a sentence."""
    if answer == gold:
        return Match.EQUAL
    if _PLAIN.fullmatch(answer) and _PLAIN.fullmatch(gold):
        return Match.EQUAL if abs(float(gold) - float(answer)) < TOLERANCE else Match.UNEQUAL
    return Match.UNEQUAL if _is_sentence(answer) else None


def _is_sentence(text: str) -> bool:
    """Two words in a row are no Python, and their letters are symbols in LaTeX, which Python does not know."""
    if _SPECIAL.search(text):
        return False
    return any(
        not keyword.iskeyword(first)
        and not keyword.iskeyword(second)
        and any(_KEPT.search(word) and not _REPLACED.search(word) for word in (first, second))
        for first, second in _PAIR.findall(text)
    )
