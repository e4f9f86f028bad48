"""Selection: which of the first n candidates a reward model takes, and what is there to compare it with."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seethink.answers import vote_hit
from seethink.core.item import Verifier


def best_of_n(scores: Sequence[float], n: int) -> int:
    """Place of the highest score among the first ``n``; of equal ones the first (choice: the paper does not say).

    Nothing behind the n-th is looked at, so the choice among two does not change with a larger pool. A NaN (nobody
    scored that candidate) is taken only where all are.
    """
    return tied(scores, n)[0]


def tied(scores: Sequence[float], n: int) -> list[int]:
    """Every place among the first ``n`` that holds the highest score. Whole-number ratings tie often."""
    first = scores[:n]
    if not first:
        raise ValueError("no candidate to choose from")
    known = [score for score in first if not math.isnan(score)]
    if not known:
        return list(range(len(first)))
    best = max(known)
    return [place for place, score in enumerate(first) if score == best]


def selected_hit(scores: Sequence[float], hits: Sequence[float], n: int, *, average_ties: bool = False) -> float:
    """Worth of the chosen candidate; with ``average_ties`` the mean over those with the highest score."""
    places = tied(scores, n)
    if not average_ties:
        return hits[places[0]]
    return math.fsum(hits[place] for place in places) / len(places)


def random_hit(hits: Sequence[float], n: int) -> float:
    """What a blind choice among the first ``n`` is worth on average."""
    return math.fsum(hits[:n]) / len(hits[:n])


def oracle_hit(hits: Sequence[float], n: int) -> float:
    """What a perfect choice is worth."""
    return max(hits[:n])


def weighted_vote(
    verifier: Verifier, answers: Sequence[str | None], scores: Sequence[float], hits: Sequence[float], n: int
) -> float:
    """Worth of the answer with the largest sum of scores among the first ``n``; scores at least 0.

    With equal scores this is the majority vote. Answers that are equal by the rules of ``verifier`` vote together. A
    candidate without an answer or without a score does not vote; where none votes it is a miss. Ties between answers
    are averaged.
    """
    return vote_hit(verifier, answers[:n], scores[:n], hits[:n])
