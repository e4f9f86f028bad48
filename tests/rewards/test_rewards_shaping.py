import math

import pytest

from seethink.core.item import Verifier, make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome, graded, undecided
from seethink.rewards.shaping import Shaping, Term, in_format, overlong, repetition, weighted


def test_nothing_is_weighted_or_added_by_default():
    assert (dict(Shaping().weights), Shaping().terms) == ({}, ())


def test_a_weight_changes_what_the_trainer_gets_and_no_verdict():
    items = [make_item(source="t", question="?", gold="1", verifier=verifier) for verifier in ("digit", "iou", "open")]
    verdicts = [graded(1.0, "1"), graded(0.5, "box"), undecided(Outcome.ERROR, "judge")]
    assert weighted(items, verdicts, {Verifier.IOU: 3.0}) == [1.0, 1.5, None]
    assert [verdict.score for verdict in verdicts] == [1.0, 0.5, None]


def test_the_format_term_is_the_tag_rule():
    assert [in_format(text) for text in (write_tags("a", "b"), "b", "<think>a</think>")] == [1.0, 0.0, 0.0]


def test_length_costs_nothing_then_falls_evenly_to_minus_one():
    lengths = (0, 60, 80, 100, 5_000)
    assert [overlong("x" * n, longest=100, soft=40) for n in lengths] == [0.0, 0.0, -0.5, -1.0, -1.0]
    assert [overlong("x" * n, longest=100, soft=100) for n in (0, 25)] == [0.0, -0.25]


def test_repetition_is_the_share_of_runs_that_were_there_before():
    assert [repetition(text, words=2) for text in ("", "a", "a b c d")] == [0.0, 0.0, 0.0]
    assert repetition("a b a b a", words=2) == -0.5
    assert -1.0 < repetition("wait " * 10_000, words=8) < -0.99


@pytest.mark.parametrize("text", ["x" * 1_000_000, "a b " * 250_000, "\n" * 1_000_000, "<think>" * 100_000])
def test_huge_texts_are_measured_at_once(text):
    assert all(-1.0 <= one <= 1.0 for one in (in_format(text), overlong(text, 4_000, 1_000), repetition(text, 8)))


def test_a_term_twice_and_a_weight_that_is_no_number_are_named():
    term = Term("format", in_format, 0.1)
    with pytest.raises(InputError, match=r"format.* twice"):
        Shaping(terms=(term, term))
    with pytest.raises(InputError, match="weight of format is nan"):
        Shaping(terms=(Term("format", in_format, math.nan),))
    with pytest.raises(InputError, match="weight of digit is inf"):
        Shaping(weights={Verifier.DIGIT: math.inf})
