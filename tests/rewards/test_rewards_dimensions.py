import pytest

from seethink.core.item import DIMENSION, Dimension, Verifier, make_item
from seethink.core.verdict import Outcome, correct, graded, undecided, unparseable, wrong
from seethink.rewards import summarise, tally


def item(verifier):
    return make_item(source="test", question="?", gold="1", verifier=verifier)


VERDICTS = [
    ("digit", correct("3")),
    ("digit", unparseable("no tags")),
    ("iou", graded(0.5, "box")),
    ("math", undecided(Outcome.TIMEOUT, "late")),
    ("math", wrong("2")),
    ("open", undecided(Outcome.ERROR, "judge")),
]


def test_means_are_over_decided_verdicts_by_verifier_and_dimension():
    summary = summarise([item(verifier) for verifier, _ in VERDICTS], [verdict for _, verdict in VERDICTS])
    assert {verifier: tally.mean for verifier, tally in summary.verifiers.items()} == {
        Verifier.DIGIT: 0.5,
        Verifier.MATH: 0.0,
        Verifier.IOU: 0.5,
        Verifier.OPEN: None,
    }
    assert summary.dimensions[Dimension.PERCEPTION].mean == pytest.approx(0.5)
    assert summary.dimensions[Dimension.PERCEPTION].undecided == 1
    assert summary.dimensions[Dimension.COGNITION].mean == 0.0


def test_shares_and_counts():
    overall = tally(verdict for _, verdict in VERDICTS)
    assert (overall.n, overall.decided, overall.undecided, overall.unparseable) == (6, 4, 2, 0.25)
    assert sum(overall.outcomes.values()) == overall.n


def test_nothing_has_no_mean():
    empty = tally([])
    assert (empty.n, empty.mean, empty.unparseable, empty.undecided) == (0, None, None, 0)
    assert summarise([], []).verifiers == {}


def test_dimensions_partition_the_verifiers():
    items = [item(verifier) for verifier in Verifier]
    summary = summarise(items, [correct("x")] * len(items))
    assert sum(tally.n for tally in summary.dimensions.values()) == len(items)
    assert set(summary.dimensions) == set(DIMENSION.values())
