"""Verdicts of a rule set: the score is the harness's, the outcome says how it came about."""

from __future__ import annotations

from seethink.core.verdict import Outcome, Verdict
from seethink.evaluation.rules.judge import JudgeCall
from seethink.evaluation.rules.scored import RowVerdict

_SHOWN = 200
"""Characters of an extraction that a verdict keeps. choice."""


def counted(
    number: int,
    hit: bool,
    extracted: object,
    why: str,
    *,
    calls: tuple[JudgeCall, ...] = (),
    read: bool = True,
    outcome: Outcome | None = None,
    by_rules: bool = False,
) -> RowVerdict:
    """A row as the harness counts it.

    Args:
        read: whether the extraction could be read as an answer of its kind.
        outcome: where it is neither of correct, wrong and unparseable: the score stays the harness's.
    """
    if outcome is None:
        outcome = Outcome.CORRECT if hit else Outcome.WRONG if read else Outcome.UNPARSEABLE
    shown = None if extracted is None else str(extracted)[:_SHOWN]
    return RowVerdict(number, Verdict(float(hit), outcome, shown, why), calls, by_rules)


def unjudged(number: int, why: str = "the rules do not settle it, and there is no judge") -> RowVerdict:
    return RowVerdict(number, Verdict(None, Outcome.UNSCORED, None, why))


def drawn(number: int, calls: tuple[JudgeCall, ...]) -> RowVerdict:
    """The harness draws an option at random, and there is no seed to draw it with."""
    why = "the judge chose no option, where the harness draws one at random: give a seed to draw it"
    return RowVerdict(number, Verdict(None, Outcome.UNSCORED, None, why), calls)


def stopping(number: int, why: str, calls: tuple[JudgeCall, ...] = ()) -> RowVerdict:
    """The harness has no verdict on any row, since it ends here."""
    return RowVerdict(number, Verdict(None, Outcome.ERROR, None, f"the harness stops at this row: {why}"), calls)
