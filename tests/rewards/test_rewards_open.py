import math

import pytest

from seethink.core.item import make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.rewards import margin_reward, mixed


def item(gold="a dog"):
    return make_item(source="test", question="what?", gold=gold, verifier="open")


class Scores:
    """A scorer with a table, which keeps what it was asked."""

    def __init__(self, table):
        self.table, self.asked = table, []

    def score(self, items, answers):
        self.asked.append(list(answers))
        return [self.table[answer] for answer in answers]


def verdicts(scorer, *answers, beta=0.2, gold="a dog"):
    return mixed(scorer, beta)([item(gold)] * len(answers), [write_tags("hm", answer) for answer in answers])


def test_the_formula_at_the_references_acceptance_points():
    assert margin_reward(1.0, 1.0) == 0.0
    assert margin_reward(0.0, 5.0) == 0.0
    assert margin_reward(5.0, 0.0, beta=0.2) == pytest.approx(0.632, abs=5e-4)


def test_the_reward_grows_with_the_margin_and_with_beta_and_stays_below_one():
    margins = [0.1 * step for step in range(100)]
    rewards = [margin_reward(margin, 0.0) for margin in margins]
    assert rewards == sorted(rewards) and all(0.0 <= reward < 1.0 for reward in rewards)
    assert margin_reward(1.0, 0.0, beta=1.0) > margin_reward(1.0, 0.0, beta=0.2)


def test_better_equal_and_worse_answers():
    scorer = Scores({"a dog": 1.0, "better": 6.0, "equal": 1.0, "worse": -3.0})
    scores = [verdict.score for verdict in verdicts(scorer, "better", "equal", "worse", "a dog")]
    assert scores == [pytest.approx(1 - math.exp(-1)), 0.0, 0.0, 0.0]


def test_the_reference_is_scored_once_per_item():
    scorer = Scores({"a dog": 1.0, "x": 2.0})
    reward = mixed(scorer)
    for _ in range(3):
        reward([item()] * 4, [write_tags("", "x")] * 4)
    assert sum(asked.count("a dog") for asked in scorer.asked) == 1


def test_equal_answers_are_one_answer_and_the_reference_repeated_is_a_tie():
    class Rounding(Scores):
        """Never says the same number twice."""

        def score(self, items, answers):
            self.asked.append(list(answers))
            return [len(self.asked) + place / 1000 for place, _ in enumerate(answers)]

    scorer = Rounding({})
    reward = mixed(scorer)
    for _ in range(2):
        one, other, tie = reward([item()] * 3, [write_tags("", answer) for answer in ("a cat", "a cat", "a dog")])
        assert one == other and one.score > 0 and tie.score == 0
    assert scorer.asked == [["a dog", "a cat"], ["a cat"]]


def test_a_text_is_no_answer_and_is_not_shown_to_the_scorer():
    scorer = Scores({"a dog": 1.0, "x": 5.0})
    long = "a dog " * 1_000
    assert [verdict.outcome for verdict in verdicts(scorer, long, "x")] == [Outcome.UNPARSEABLE, Outcome.GRADED]
    assert scorer.asked == [["a dog", "x"]]


def test_only_the_answer_reaches_the_scorer():
    scorer = Scores({"a dog": 0.0, "a cat": 1.0})
    mixed(scorer)([item()], ["<think>secret thoughts</think>\n<answer> a cat </answer>"])
    assert scorer.asked == [["a dog", "a cat"]]


class Broken:
    def score(self, items, answers):
        raise ConnectionError("the judge is gone")


def test_a_failing_scorer_is_no_wrong_model():
    (verdict,) = verdicts(Broken(), "x")
    assert (verdict.score, verdict.outcome) == (None, Outcome.ERROR)
    assert "the judge is gone" in verdict.why


def test_a_failure_is_not_remembered():
    class Recovering(Scores):
        def score(self, items, answers):
            if not self.asked:
                self.asked.append([])
                raise TimeoutError
            return super().score(items, answers)

    reward = mixed(Recovering({"a dog": 0.0, "x": 5.0}))
    asked = [item()], [write_tags("", "x")]
    assert [reward(*asked)[0].score, reward(*asked)[0].score] == [None, pytest.approx(0.632, abs=5e-4)]


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_scores_that_are_not_finite_are_errors_of_that_answer_only(odd):
    scorer = Scores({"a dog": 0.0, "odd": odd, "x": 5.0})
    assert [verdict.outcome for verdict in verdicts(scorer, "odd", "x")] == [Outcome.ERROR, Outcome.GRADED]


def test_too_few_scores_are_an_error():
    class Short:
        def score(self, items, answers):
            return [1.0] * (len(answers) - 1)

    assert verdicts(Short(), "x")[0].outcome is Outcome.ERROR


def test_without_a_scorer_nothing_is_decided_but_the_tags():
    reward = mixed()
    assert reward([item()], [write_tags("", "x")])[0].outcome is Outcome.UNSCORED
    assert reward([item()], ["x"])[0].outcome is Outcome.UNPARSEABLE


def test_beta_must_be_positive():
    for beta in (0.0, -1.0, math.nan):
        with pytest.raises(InputError, match="beta"):
            mixed(beta=beta)


def test_the_memory_of_references_is_bounded(monkeypatch):
    monkeypatch.setattr("seethink.rewards.open.REMEMBERED", 3)

    class Zero:
        def score(self, items, answers):
            return [0.0] * len(answers)

    reward = mixed(Zero())
    reward([item(f"gold {number}") for number in range(10)], [write_tags("", "x")] * 10)
    assert len(reward.open.references._known) == 3
