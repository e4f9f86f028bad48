"""grade: rule-verified answers, each decided by its item's verifier."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence

from seethink.answers.box import overlap
from seethink.answers.choice import same_choice
from seethink.answers.expression import same_expressions
from seethink.answers.number import same_number
from seethink.answers.pool import DEADLINE, Workers
from seethink.core.item import RULE_VERIFIERS, Item, Verifier
from seethink.core.rejected import InputError, Rejected
from seethink.core.verdict import Outcome, Verdict, undecided, unparseable

MAX_ANSWER = 2_000
"""Longest answer that is read, in characters; anything longer is no answer but a text. choice."""

_log = logging.getLogger(__name__)
_PER_ITEM = {Verifier.DIGIT: same_number, Verifier.MCQ: same_choice, Verifier.IOU: overlap}


def grade(items: Sequence[Item], answers: Sequence[str]) -> list[Verdict]:
    """One verdict per answer; ``answers`` are payloads, tags already read. Never raises for what an answer holds.

    Scores are in [0, 1] (VLAA-Thinking section 4.1). Unreadable answers score 0. A gold its verifier cannot read, a
    comparison past its deadline and a math worker that cannot start leave the score None. Items of the open verifier
    need a scorer and come out unscored: ``seethink.rewards`` decides them.
    """
    if len(items) != len(answers):
        raise ValueError(f"{len(items)} items and {len(answers)} answers: one answer per item")
    verdicts = [_one(item, answer) for item, answer in zip(items, answers, strict=True)]
    math = [place for place, verdict in enumerate(verdicts) if verdict is None]
    decided = _math([items[place] for place in math], [answers[place] for place in math])
    for place, verdict in zip(math, decided, strict=True):
        verdicts[place] = verdict
    return [verdict for verdict in verdicts if verdict is not None]


def check_gold(item: Item) -> Rejected | None:
    """Why a gold cannot be used, None where it can: a rule-verified one must score 1 against itself, none may be empty.

    Raises InputError where no math worker can be started, because that says nothing of the gold.
    """
    if not item.gold.strip():
        return Rejected("no gold", "the gold answer is empty: give one or drop the row", item.id)
    if item.verifier not in RULE_VERIFIERS:
        return None
    if item.verifier is Verifier.MATH:
        verdict = same_expressions([item], [item.gold], shared_workers())[0]
    else:
        verdict = _PER_ITEM[item.verifier](item, item.gold)
    if verdict.score == 1.0:
        return None
    why = verdict.why or verdict.outcome
    detail = f"as {item.verifier} {item.gold[-80:]!r} scores {verdict.score} against itself ({why})"
    return Rejected("gold its verifier rejects", detail, item.id)


def use_workers(size: int = 1, deadline: float = DEADLINE) -> None:
    """Set how many processes this process compares expressions with, and the seconds each comparison may take."""
    global _shared
    workers = Workers(size, deadline)
    with _shared_lock:
        _shared, before = workers, _shared
    if before is not None:
        before.close()


def shared_workers() -> Workers:
    """What ``grade`` compares with: one worker, started by the first expression, unless ``use_workers`` said more."""
    global _shared
    with _shared_lock:
        if _shared is None:
            _shared = Workers()
        return _shared


_shared: Workers | None = None
_shared_lock = threading.Lock()


def _one(item: Item, answer: str) -> Verdict | None:
    """The verdict, None where it is for the math workers."""
    if item.verifier not in RULE_VERIFIERS:
        return undecided(Outcome.UNSCORED, "an open answer needs a scorer")
    if not answer.strip():
        return unparseable("empty answer")
    if len(answer) > MAX_ANSWER:
        return unparseable(f"longer than {MAX_ANSWER:,} characters")
    return None if item.verifier is Verifier.MATH else _PER_ITEM[item.verifier](item, answer)


def _math(items: Sequence[Item], answers: Sequence[str]) -> list[Verdict]:
    if not items:
        return []
    try:
        return same_expressions(items, answers, shared_workers())
    except InputError as error:
        _log.error("%d expressions left undecided: %s", len(items), error)
        return [undecided(Outcome.ERROR, str(error)) for _ in items]
