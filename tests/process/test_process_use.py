import math

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import make_item
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.process.beam import BeamConfig, beam_search
from seethink.process.collect.completer import Start
from seethink.process.collect.simulated import SimulatedSolver
from seethink.process.drop import DropPenalty, largest_drop
from seethink.process.steps import Splitting
from seethink.process.truth import TruthScorer
from seethink.rewards import mixed
from seethink.world.chains import ChainTruth, chain, chain_item

ITEM = make_item(source="t", question="?", gold="3", verifier="digit")


class Words:
    """A step that holds "bad" scores 0.1, an empty-handed "so" 1.0, any other 0.9."""

    def score_steps(self, item, steps):
        return [0.1 if "bad" in step else 1.0 if step == "so" else 0.9 for step in steps]


@pytest.fixture
def reward():
    return DropPenalty(mixed(), Words(), splitting=Splitting.LINES)


def worth(reward, think, answer="3"):
    [verdict] = reward([ITEM], [write_tags(think, answer)])
    return verdict.score


def test_a_drop_costs_once_however_often_it_happens(reward):
    assert worth(reward, "good\ngood") == 1.0
    assert worth(reward, "good\nbad\ngood") == worth(reward, "bad\nbad\nbad") == 0.5


def test_nothing_is_earned_by_length_repetition_or_empty_steps(reward):
    short = worth(reward, "good")
    for think in ("good\n" * 40, "so\n" * 40 + "good", "good" + "\n" * 40 + "good"):
        assert worth(reward, think) == short
    # A bad step is not diluted by any number of good ones.
    assert worth(reward, "so\n" * 40 + "bad\n" + "so\n" * 40) == 0.5


def test_silence_is_no_way_round(reward):
    assert worth(reward, "") == 0.5
    assert largest_drop([]) == largest_drop([math.nan]) == 1.0


def test_a_clean_way_to_a_wrong_answer_earns_nothing_and_undecided_stays_so(reward):
    assert worth(reward, "good", "4") == 0.0
    opened = make_item(source="t", question="?", gold="a dog", verifier="open")
    [verdict] = reward([opened], [write_tags("bad", "a cat")])
    assert verdict.outcome is Outcome.UNSCORED and verdict.score is None


def test_the_verdict_says_why(reward):
    [verdict] = reward([ITEM], [write_tags("bad", "3")])
    assert verdict.outcome is Outcome.CORRECT and "drop by 0.90" in verdict.why


def test_beam_search_with_exact_truth_finds_what_sampling_misses(tmp_path):
    store = ImageStore(tmp_path)
    solver = SimulatedSolver(error=0.3)
    items = [chain_item(chain(5, index, 8), store) for index in range(12)]
    config = BeamConfig(beams=2, branch=4, aggregation="min", splitting=Splitting.LINES)
    found = [beam_search(item, solver, TruthScorer(ChainTruth()), config) for item in items]
    greedy = [one.right for [one] in solver.complete([Start(item, "") for item in items], 1, 0)]
    assert sum(bool(one.right) for one in found) > sum(greedy)
    assert all(one.cost.tokens > 0 for one in found)
