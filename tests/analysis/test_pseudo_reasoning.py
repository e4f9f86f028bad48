"""How responses reason, counted."""

import pytest

from seethink.analysis.pseudo_reasoning import habits
from seethink.analysis.results import study_results

HESITANT = (
    "<think>I count the circles.\nWait, maybe one more.\ni count  THE circles.\nSo three.</think><answer>3</answer>"
)


def test_cues_hesitation_and_repetition_of_one_response(respond):
    found = habits(respond(text=HESITANT, completion_tokens=31, steps_true=2, steps_false=1))
    assert (found.tokens, found.steps, found.cues) == (31, 4, {"wait": 1})
    assert (found.hesitant, found.repeated) == (0.25, 0.25)


def test_a_response_without_thinking_has_no_steps_to_judge(respond):
    found = habits(respond(text="<think></think><answer>3</answer>"))
    assert (found.steps, found.hesitant, found.repeated) == (0, None, None)
    assert habits(respond(text="<answer>maybe 3</answer>")).steps == 0


def summary(*responses):
    given = {"controls": [], "costs": {}, "funnel": [], "seconds": 1.0, "seed": 0, "resamples": 50}
    return study_results({"base": responses}, **given)["arms"]["base"]


def test_the_summary_of_an_arm(respond):
    plain = "<think>I count.\nSo three.</think><answer>3</answer>"
    found = summary(
        respond("a", text=HESITANT, completion_tokens=40, steps_true=1, steps_false=3),
        respond("b", text=plain, completion_tokens=20, steps_true=2, steps_false=0),
    )
    assert [found[name]["mean"] for name in ("response_tokens", "cue_rate", "hesitation_rate")] == [30.0, 0.5, 0.125]
    assert found["false_step_rate"]["mean"] == pytest.approx(0.375)
    assert found["steps"] == {"true": 3, "false": 3}
    assert found["cue_counts"]["wait"] == 1


def test_steps_of_unknown_truth_stay_unknown(respond):
    found = summary(respond("a"), respond("b"))
    assert found["steps"] is None
    assert found["false_step_rate"]["mean"] is None


def test_draws_of_one_item_count_as_one(respond):
    draws = [respond("a", draw=draw, completion_tokens=100) for draw in range(9)] + [respond("b", completion_tokens=0)]
    assert summary(*draws)["response_tokens"]["mean"] == 50.0
