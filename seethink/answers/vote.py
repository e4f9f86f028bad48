"""Votes: several answers to one question, where equal ones vote together however they are written.

``0.5`` and ``\\frac{1}{2}`` are one answer, so a wrong ``3`` that was said twice does not win over them.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations

from seethink.answers.choice import read_choices
from seethink.answers.expression import read_expression
from seethink.answers.grade import shared_workers
from seethink.answers.number import read_number
from seethink.answers.pool import Comparison
from seethink.answers.units import units_agree
from seethink.core.item import Verifier
from seethink.core.rejected import InputError

_log = logging.getLogger(__name__)

# Where what equals the gold is equal to each other. Two boxes that both overlap the gold's, or two open answers that
# both pass, are still two answers.
_ONE_RIGHT = frozenset({Verifier.DIGIT, Verifier.MCQ, Verifier.MATH})


def vote_hit(
    verifier: Verifier, answers: Sequence[str | None], weights: Sequence[float], hits: Sequence[float]
) -> float:
    """Worth, in [0, 1], of the answer with the largest sum of weights; with equal weights, of the majority.

    An answer that is None or whose weight is NaN does not vote; a weight below 0 counts as 0; where none votes it is a
    miss. Answers with equal sums are averaged. Right answers are one answer, since each was found equal to the gold;
    wrong expressions are compared with each other, and only where that can change who wins.

    Args:
        answers: as their verifier read them.
        hits: 1 for a right answer, 0 for a wrong one.
    """
    votes = [
        (answer.strip(), max(0.0, weight), hit)
        for answer, weight, hit in zip(answers, weights, hits, strict=True)
        if answer is not None and not math.isnan(weight)
    ]
    right = math.fsum(weight for _, weight, hit in votes if hit)
    wrong = math.fsum(weight for _, weight, hit in votes if not hit)
    if verifier in _ONE_RIGHT and (not any(hit for *_, hit in votes) or right > wrong):
        return float(right > wrong)
    missed = tuple(sorted({answer for answer, _, hit in votes if not hit}))
    same = dict(zip(missed, alike(verifier, missed), strict=True))
    sums: defaultdict[object, float] = defaultdict(float)
    worth: defaultdict[object, list[float]] = defaultdict(list)
    for answer, weight, hit in votes:
        # A right answer of the others (a box, open text) votes with those written alike.
        name: object = ("right",) if hit and verifier in _ONE_RIGHT else same.get(answer, answer)
        sums[name] += weight
        worth[name].append(hit)
    if not sums:
        return 0.0
    most = max(sums.values())
    # Sums in another order differ by rounding.
    winners = [name for name, total in sums.items() if math.isclose(total, most, rel_tol=1e-12)]
    return math.fsum(math.fsum(worth[name]) / len(worth[name]) for name in winners) / len(winners)


@lru_cache(maxsize=65_536)
def alike(verifier: Verifier, answers: tuple[str, ...]) -> tuple[str, ...]:
    """For every answer the first one that is equal to it, by the rules of its verifier.

    Expressions that cannot be compared (past the deadline, no worker) are as different as they are written.
    """
    plain = [_plain(verifier, answer) for answer in answers]
    first = {text: answer for answer, text in reversed(list(zip(answers, plain, strict=True)))}
    names = [first[text] for text in plain]
    if verifier is not Verifier.MATH or len(first) < 2:
        return tuple(names)
    read = {name: expression for name in dict.fromkeys(names) if (expression := read_expression(name))}
    pairs = list(combinations(read, 2))
    try:
        compared = shared_workers().compare([(read[a].latex, read[b].latex) for a, b in pairs])
    except InputError as error:
        _log.error("answers vote as they are written: %s", error)
        return tuple(names)
    same = {name: name for name in names}
    for (a, b), found in zip(pairs, compared, strict=True):
        if found is Comparison.EQUAL and units_agree(read[a].unit, read[b].unit):
            same[b] = min(same[b], same[a], key=names.index)
    return tuple(same[name] for name in names)


def _plain(verifier: Verifier, answer: str) -> str:
    match verifier:
        case Verifier.DIGIT:
            number = read_number(answer)
            return answer if number is None else str(number)
        case Verifier.MCQ:
            return read_choices(answer) or answer
        case _:
            return " ".join(answer.split())
