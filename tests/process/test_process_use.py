import math
from statistics import fmean

import pytest

from seethink.core.config import parse_config
from seethink.core.images import ImageStore
from seethink.core.item import make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.process.beam import BeamConfig, beam_search
from seethink.process.claims import held_steps
from seethink.process.collect.completer import Start
from seethink.process.collect.simulated import SimulatedSolver
from seethink.process.drop import DropPenalty, drop
from seethink.process.settings import SearchTask
from seethink.process.steps import Splitting
from seethink.process.truth import TruthScorer
from seethink.rewards import mixed
from seethink.world.chains import ChainTruth, chain, chain_item
from seethink.world.questions import question
from seethink.world.traces import steps
from seethink.world.truth import WorldTruth

ITEM = make_item(source="t", question="?", gold="3", verifier="digit")


GOOD, BAD = "The left side is 3.", "The bad side is 9."
EMPTY = (
    "so",
    ".",
    "<b>",
    "<b><i><u></u>",
    "---",
    "Hmm.",
    "Okay, let me think about it step by step.",
    "1.",
    "So the answer is 3.",
)
OVERLONG = " and ".join(f"the {place}th side is 3" for place in range(40))


class Words:
    """A step that holds "bad" scores 0.1, an empty-handed one 1.0, any other 0.9."""

    def score_steps(self, item, steps):
        return [0.1 if "bad" in step else 1.0 if len(step.split()) < 3 else 0.9 for step in steps]


class Swayed:
    """A scorer with faults: a step is worth the mean of its sentences, and half of that is the mean of those before."""

    def score_steps(self, item, steps):
        told = [fmean(0.1 if "bad" in one else 1.0 for one in step.split(". ")) for step in steps]
        return [0.5 * score + 0.5 * fmean(told[: place + 1]) for place, score in enumerate(told)]


def penalty(scorer):
    return DropPenalty(mixed(), scorer)


@pytest.fixture(params=[Words, Swayed])
def reward(request):
    return penalty(request.param())


def worth(reward, think, answer="3"):
    text = think if "</think>" in think else write_tags(think, answer)
    [verdict] = reward([ITEM], [text])
    return verdict.score


def layouts(steps, empty=EMPTY):
    """Ways to write the same steps so that a scorer, or the cut, might miss one of them."""
    first, *rest = steps
    for glue in ("\n", " ", "  \n\n", "\u2028", ";", "; "):
        yield glue.join(steps)
    yield "".join(steps)
    for nothing in empty:
        yield "\n".join([nothing] * 40 + list(steps))
        yield f"\n{nothing}\n".join(steps)
        yield "\n".join([*steps, *[nothing] * 40])
    yield "\n".join([first] * 40 + rest)
    yield f"{' '.join(rest)}<think>{first}</think><answer>{{gold}}</answer>"
    yield f"<think>{first}</think>{' '.join(rest)}<answer>{{gold}}</answer>"


def test_a_drop_costs_once_however_often_it_happens(reward):
    assert worth(reward, f"{GOOD}\n{GOOD}") == 1.0
    assert worth(reward, f"{GOOD}\n{BAD}\n{GOOD}") == worth(reward, f"{BAD}\n{GOOD}\n{BAD}") == 0.5


@pytest.mark.parametrize("think", list(layouts([GOOD, BAD])))
def test_no_layout_hides_a_bad_step(reward, think):
    assert worth(reward, think.replace("{gold}", "3")) == 0.5


@pytest.mark.parametrize("think", list(layouts([GOOD, "The right side is 4."])))
def test_no_layout_earns_or_loses_anything(reward, think):
    assert worth(reward, think.replace("{gold}", "3")) == 1.0


@pytest.mark.parametrize("nothing", ["", *EMPTY, "so\n" * 40, "\n".join(EMPTY), OVERLONG, f"{GOOD}\n{OVERLONG}"])
def test_reasoning_that_holds_nothing_costs_as_much_as_a_bad_step(reward, nothing):
    assert worth(reward, nothing) == worth(reward, BAD) == 0.5


def test_steps_that_nobody_could_score_hold_nothing():
    class Half:
        def score_steps(self, item, steps):
            return [0.9 if place < len(steps) / 2 else math.nan for place, _ in enumerate(steps)]

    steps = [f"Side {place} is 3." for place in range(6)]
    assert worth(penalty(Half()), "\n".join(steps)) == 1.0
    held = held_steps(write_tags("\n".join(steps), "3"))
    assert drop(held, [0.9, 0.9, *[math.nan] * 4]) == drop(held, [math.nan] * 6) == drop([], []) == 1.0


def test_a_short_false_step_is_a_step():
    held = held_steps(write_tags("3+4=7\n3-4=7\nx=5", "7"))
    assert [(one.text, one.claims) for one in held] == [("3+4=7", True), ("3-4=7", True), ("x=5", False)]


@pytest.fixture
def two_ways(world_items):
    """Items of the world with the steps of the right and of the wrong way, where these differ."""
    found = []
    for item in world_items:
        asked = question(item.meta["seed"], item.meta["index"])
        ways = [steps(asked.picture, asked.derive(right=way)) for way in (True, False)]
        if ways[0] != ways[1] and item.verifier != "open":
            found.append((item, *ways))
    assert len(found) > 10
    return found


def test_exact_truth_cannot_be_deceived_by_the_layout(two_ways):
    reward = DropPenalty(mixed(), TruthScorer(WorldTruth()))
    # A claim out of its place is false to the truth, which sees fillers and repeats no more than the cut does.
    fillers = [one for one in EMPTY if one != "1."]
    for item, right, wrong in two_ways[:12]:
        sound = ["\n".join(right), " ".join(right)]
        commas = ", ".join(step.rstrip(".") for step in wrong) + "."
        spoilt = [*layouts(wrong, fillers), commas, *fillers, ""]
        written = [one.replace("{gold}", item.gold) for one in (*sound, *spoilt)]
        texts = [one if "</think>" in one else write_tags(one, item.gold) for one in written]
        scores = [verdict.score for verdict in reward([item] * len(texts), texts)]
        assert scores == [1.0] * len(sound) + [0.5] * len(spoilt)


def test_a_clean_way_to_a_wrong_answer_earns_nothing_and_undecided_stays_so(reward):
    assert worth(reward, GOOD, "4") == 0.0
    opened = make_item(source="t", question="?", gold="a dog", verifier="open")
    [verdict] = reward([opened], [write_tags(BAD, "a cat")])
    assert verdict.outcome is Outcome.UNSCORED and verdict.score is None


def test_the_verdict_says_why():
    [verdict] = penalty(Words())([ITEM], [write_tags(BAD, "3")])
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
    with pytest.raises(InputError, match="name how the policy writes"):
        beam_search(items[0], solver, TruthScorer(ChainTruth()), BeamConfig())


def test_a_search_cuts_beams_as_its_policy_writes_them():
    truth = {"scorer": {"kind": "truth"}}
    for unclear in (truth, truth | {"policy": {"splitting": "lines"}, "beam": {"splitting": "auto"}}):
        with pytest.raises(InputError, match="splitting: auto cuts beams"):
            parse_config(SearchTask, unclear, "search.yaml")
    for clear in ({"policy": {"splitting": "lines"}}, {"beam": {"splitting": "lines"}}):
        parse_config(SearchTask, truth | clear, "search.yaml")
