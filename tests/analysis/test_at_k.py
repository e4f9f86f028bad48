"""pass@k and maj@k against enumeration."""

from itertools import combinations

import pytest

from seethink.analysis.at_k import maj_at_k, majority_hit, pass_at_k
from seethink.core.item import Verifier
from seethink.core.verdict import Outcome, correct, graded, undecided, unparseable, wrong


@pytest.mark.parametrize("k", [1, 2, 3, 5, 7])
@pytest.mark.parametrize("hits", [0, 1, 3, 7])
def test_pass_at_k_is_the_share_of_subsets_with_a_hit(respond, hits, k):
    draws = [respond("a", correct("3") if draw < hits else wrong("2"), draw=draw) for draw in range(7)]
    subsets = list(combinations(range(7), k))
    brute = sum(any(draw < hits for draw in subset) for subset in subsets) / len(subsets)
    assert pass_at_k(draws, k).mean == pytest.approx(brute)


def test_an_undecided_draw_is_no_draw(respond):
    draws = [respond("a", correct("3")), respond("a", undecided(Outcome.TIMEOUT, ""), draw=1)]
    assert pass_at_k(draws, 1).mean == 1.0
    assert pass_at_k(draws, 2).n == 0


def test_a_box_is_a_hit_from_half_overlap_on(respond):
    draws = [
        respond("a", graded(score, "box"), draw=draw, verifier=Verifier.IOU) for draw, score in enumerate((0.5, 0.49))
    ]
    assert pass_at_k(draws, 1).mean == 0.5


def test_the_majority_answers(respond):
    said = [wrong("2"), correct("3"), correct("3"), wrong("4")]
    draws = [respond("a", verdict, draw=draw) for draw, verdict in enumerate(said)]
    assert maj_at_k(draws, 4).mean == 1.0
    assert maj_at_k(draws, 1).mean == 0.0


def test_a_tie_counts_as_the_expected_hit(respond):
    said = [correct("3"), wrong("2"), wrong("4"), correct("3"), wrong("4")]
    draws = [respond("a", verdict, draw=draw) for draw, verdict in enumerate(said)]
    assert majority_hit(draws) == 0.5
    assert majority_hit(draws[:3]) == pytest.approx(1 / 3)


def test_equal_answers_vote_together(respond):
    said = [correct("0.5"), wrong("3"), correct("\\frac{1}{2}"), wrong("3"), correct("1/2")]
    draws = [respond("a", verdict, draw=draw, verifier=Verifier.MATH) for draw, verdict in enumerate(said)]
    assert maj_at_k(draws, 5).mean == 1.0


def test_a_draw_that_cannot_be_read_does_not_vote(respond):
    said = [unparseable("no tags"), unparseable("no tags"), correct("3")]
    draws = [respond("a", verdict, draw=draw) for draw, verdict in enumerate(said)]
    assert maj_at_k(draws, 3).mean == 1.0
    assert maj_at_k(draws, 2).mean == 0.0


def test_items_with_too_few_draws_leave(respond):
    draws = [respond("a", draw=draw) for draw in range(4)] + [respond("b", draw=0)]
    assert maj_at_k(draws, 4).n == pass_at_k(draws, 4).n == 1
