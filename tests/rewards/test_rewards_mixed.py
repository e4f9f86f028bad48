import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from seethink.core.item import Verifier, make_item
from seethink.core.rejected import Stopped
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.rewards import digit, iou, lenient, math, mcq, mixed, strict
from seethink.rewards.mixed import RULES

ROOT = Path(__file__).resolve().parents[2]
GOLDS = {"digit": "3", "mcq": "B", "math": r"y=5\sin(5x)", "iou": "[0.1, 0.2, 0.7, 0.5]", "open": "a dog"}
RIGHT = {"digit": "three", "mcq": "(b)", "math": "y = -5 sin(-5x)", "iou": "0.1 0.2 0.7 0.5", "open": "a happy dog"}


def item(verifier, gold=None):
    return make_item(source="test", question=f"{verifier}?", gold=gold or GOLDS[verifier], verifier=Verifier(verifier))


def tagged(answer):
    return write_tags("I look.", answer)


class Longer:
    """Likes an answer the more words it has."""

    def score(self, items, answers):
        return [float(len(answer.split())) for answer in answers]


def test_every_sample_is_decided_by_its_own_verifier_in_order():
    items = [item(verifier) for verifier in ("open", "math", "digit", "iou", "mcq", "digit")]
    verdicts = mixed(Longer())(items, [tagged(RIGHT[one.verifier]) for one in items])
    assert [round(verdict.score, 3) for verdict in verdicts] == [0.181, 1.0, 1.0, 1.0, 1.0, 1.0]
    outcomes = [verdict.outcome for verdict in verdicts]
    assert outcomes == [
        Outcome.GRADED,
        Outcome.CORRECT,
        Outcome.CORRECT,
        Outcome.GRADED,
        Outcome.CORRECT,
        Outcome.CORRECT,
    ]


@pytest.mark.parametrize("verifier", list(GOLDS))
@pytest.mark.parametrize(
    "response",
    [
        "",
        "3",
        "B",
        "no tags at all",
        "<answer>3</answer>",
        "<think>a</think>3",
        "<think>a</think><answer></answer>",
        "<think>a</think><answer>3</answer><answer>3</answer>",
        "<think>a</think><answer>3",
        "</answer></think><answer>",
    ],
)
def test_what_cannot_be_read_is_worth_nothing_whoever_decides(verifier, response):
    verdict = mixed(Longer())([item(verifier)], [response])[0]
    assert (verdict.score, verdict.outcome) == (0.0, Outcome.UNPARSEABLE)


def test_the_lenient_reading_tells_format_from_accuracy():
    asked, response = [item("digit")], ["I count three spheres.\nThe answer is 3"]
    assert mixed(extract=strict)(asked, response)[0].outcome is Outcome.UNPARSEABLE
    assert mixed(extract=lenient)(asked, response)[0].outcome is Outcome.CORRECT
    assert mixed(extract=lenient)(asked, [""])[0].outcome is Outcome.UNPARSEABLE


def test_the_think_part_earns_nothing():
    assert mixed()([item("digit")], [write_tags("it is 3, surely 3", "4")])[0].score == 0.0


def test_a_single_reward_leaves_other_verifiers_alone():
    items = [item("digit"), item("mcq"), item("math"), item("iou")]
    responses = [tagged(RIGHT[one.verifier]) for one in items]
    for reward, place in ((digit, 0), (mcq, 1), (math, 2), (iou, 3)):
        verdicts = reward(items, responses)
        assert verdicts[place].score == 1.0
        assert all(v.outcome is Outcome.UNSCORED for i, v in enumerate(verdicts) if i != place)


def test_the_router_covers_every_verifier_and_an_empty_batch():
    assert mixed(Longer())([], []) == []
    assert {verdict.score is not None for verdict in mixed(Longer())([item(v) for v in Verifier], ["x"] * 5)} == {True}


def test_one_response_per_item():
    with pytest.raises(ValueError, match="one response per item"):
        mixed()([item("digit")], [])


def test_rules_decide_while_the_scorer_waits(monkeypatch):
    scoring, decided = threading.Event(), threading.Event()

    def counted(items, responses, extract):
        begun.append(scoring.wait(10))
        verdicts = digit(items, responses, extract)
        decided.set()
        return verdicts

    class Waiting(Longer):
        def score(self, items, answers):
            scoring.set()
            seen.append(decided.wait(10))
            return super().score(items, answers)

    begun, seen = [], []
    monkeypatch.setattr(sys.modules["seethink.rewards.mixed"], "RULES", {**RULES, Verifier.DIGIT: counted})
    verdicts = mixed(Waiting())([item("open"), item("digit")], [tagged("a happy dog"), tagged("3")])
    # Each waited for the other and neither in vain: one after the other, in either order, could not have ended so.
    assert (begun, seen) == ([True], [True]) and [round(verdict.score, 3) for verdict in verdicts] == [0.181, 1.0]


def test_a_stop_in_the_scorer_reaches_the_caller():
    class Spent(Longer):
        def score(self, items, answers):
            raise Stopped("the budget is spent")

    with pytest.raises(Stopped, match="budget"):
        mixed(Spent())([item("open"), item("digit")], [tagged("a dog"), tagged("3")])


def test_the_reward_library_imports_fast_and_without_torch():
    begun = time.monotonic()
    code = "import sys; from seethink.rewards import mixed; print({'torch', 'trl', 'sympy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "set()\n"
    assert time.monotonic() - begun < 15
