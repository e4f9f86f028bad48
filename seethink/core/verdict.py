"""Verdict: what a verifier, a judge or a rule set says of one answer."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from seethink.core.item import Verifier


class Outcome(StrEnum):
    """Why a score is what it is. A failed judge is not a wrong model: see ``UNDECIDED``."""

    CORRECT = "correct"
    WRONG = "wrong"
    GRADED = "graded"
    UNPARSEABLE = "unparseable"
    TIMEOUT = "timeout"
    ERROR = "error"
    UNSCORED = "unscored"


# Nobody decided: such an answer leaves accuracy, leaves its group's baseline, and is counted apart.
UNDECIDED = frozenset({Outcome.TIMEOUT, Outcome.ERROR, Outcome.UNSCORED})

IOU_HIT = 0.5
"""A box is a hit from this intersection over union on (the detection field's usual bar)."""

OPEN_HIT = 0.5
"""An open answer is a hit from this score on. choice."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One decision.

    Attributes:
        score: in [0, 1], or None where nobody decided.
        outcome: why.
        extracted: the answer as the verifier read it, None where it could not.
        why: one line for a person.
    """

    score: float | None
    outcome: Outcome
    extracted: str | None = None
    why: str = ""


def correct(extracted: str, why: str = "") -> Verdict:
    return Verdict(1.0, Outcome.CORRECT, extracted, why)


def wrong(extracted: str, why: str = "") -> Verdict:
    return Verdict(0.0, Outcome.WRONG, extracted, why)


def graded(score: float, extracted: str, why: str = "") -> Verdict:
    return Verdict(min(1.0, max(0.0, score)), Outcome.GRADED, extracted, why)


def unparseable(why: str) -> Verdict:
    """No answer could be read: worth 0 whatever the text says (VLAA-Thinking section 4.1)."""
    return Verdict(0.0, Outcome.UNPARSEABLE, None, why)


def undecided(outcome: Outcome, why: str) -> Verdict:
    assert outcome in UNDECIDED, outcome
    return Verdict(None, outcome, None, why)


def is_hit(verdict: Verdict, verifier: Verifier) -> bool:
    """The verdict as yes or no, as pass@k and maj@k need it."""
    if verdict.score is None:
        return False
    if verifier is Verifier.IOU:
        return verdict.score >= IOU_HIT
    if verifier is Verifier.OPEN:
        return verdict.score >= OPEN_HIT
    return verdict.outcome is Outcome.CORRECT
