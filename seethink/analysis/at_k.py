"""What several draws of one item are worth: pass@k (can it at all?) and maj@k (does its majority?).

Both ask for hits (``core.verdict.is_hit``) rather than scores, and average over items with a bootstrap interval. An
item with fewer than k draws to go by leaves; ``n`` says how many stayed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from scipy.special import comb

from seethink.analysis.compare import RESAMPLES, Interval, Rule, interval, score, verdict_of
from seethink.answers import vote_hit
from seethink.core.graded import GradedResponse
from seethink.core.verdict import is_hit


def pass_at_k(
    responses: Sequence[GradedResponse],
    k: int,
    *,
    rule: Rule = Rule.STRICT,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Chance that one of k draws is a hit, as a mean over items."""
    return interval(item_pass_at_k(responses, k, rule=rule).values(), seed=seed, resamples=resamples)


def item_pass_at_k(responses: Sequence[GradedResponse], k: int, *, rule: Rule = Rule.STRICT) -> dict[str, float]:
    """``chance_at_k`` of every item with k decided draws or more."""
    return {
        item: chance_at_k(counts, k) for item, counts in item_hits(responses, rule=rule).items() if counts.draws >= k
    }


class Hits(NamedTuple):
    """Of one item: decided draws, and how many of them are hits."""

    draws: int
    hits: int


def chance_at_k(counts: Hits, k: int) -> float:
    """1 - C(n-c, k) / C(n, k) with n >= k decided draws, c of them hits.

    Unbiased for every k up to n (Chen et al. 2021, arXiv 2107.03374, equation 1).
    """
    return 1.0 - float(comb(counts.draws - counts.hits, k) / comb(counts.draws, k))


def item_hits(responses: Sequence[GradedResponse], *, rule: Rule = Rule.STRICT) -> dict[str, Hits]:
    """Draws and hits by item; an item that nobody decided has none."""
    found = {}
    for item, draws in _draws(responses).items():
        decided = [draw for draw in draws if score(draw, rule) is not None]
        found[item] = Hits(len(decided), sum(_hit(draw, rule) for draw in decided))
    return found


def maj_at_k(
    responses: Sequence[GradedResponse],
    k: int,
    *,
    rule: Rule = Rule.STRICT,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Interval:
    """Hit rate of the answer that most of the first k draws extracted, as a mean over items."""
    return interval(item_maj_at_k(responses, k, rule=rule).values(), seed=seed, resamples=resamples)


def item_maj_at_k(responses: Sequence[GradedResponse], k: int, *, rule: Rule = Rule.STRICT) -> dict[str, float]:
    """The hit of every item's majority.

    A tie counts as the expected hit over the tied answers. A draw without an extracted answer does not vote; where none
    votes, the item is a miss, and where nobody decided any of them it leaves.
    """
    found = {}
    for item, draws in _draws(responses).items():
        first = draws[:k]
        if len(first) == k and any(score(draw, rule) is not None for draw in first):
            found[item] = majority_hit(first, rule)
    return found


def majority_hit(draws: Iterable[GradedResponse], rule: Rule = Rule.STRICT) -> float:
    """Expected hit of the most frequent extracted answer of one item's draws; equal answers vote together."""
    told = [draw for draw in draws if score(draw, rule) is not None]
    answers = [verdict_of(draw, rule).extracted for draw in told]
    return vote_hit(told[0].verifier, answers, [1.0] * len(told), [_hit(draw, rule) for draw in told]) if told else 0.0


def powers_of_two(draws: int) -> list[int]:
    """1, 2, 4, … and the number of draws itself: the k of pass@k and maj@k."""
    return sorted(
        {2**power for power in range(draws.bit_length()) if 2**power <= draws} | ({draws} if draws else set())
    )


def _draws(responses: Sequence[GradedResponse]) -> dict[str, list[GradedResponse]]:
    found: defaultdict[str, list[GradedResponse]] = defaultdict(list)
    for response in sorted(responses, key=lambda response: response.draw):
        found[response.item_id].append(response)
    return found


def _hit(response: GradedResponse, rule: Rule) -> bool:
    return is_hit(verdict_of(response, rule), response.verifier)
