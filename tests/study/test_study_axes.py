"""Every axis that a study can turn is an arm of a sample, and makes other stages than the arm it departs from."""

import pytest

from seethink.study.recipe import load_recipe
from seethink.study.runs import plan_study


@pytest.fixture(scope="module")
def plan(checkout):
    config = load_recipe(checkout / "recipes" / "study" / "axes.yaml")
    return config, plan_study(config)


def test_every_arm_of_the_sample_makes_something_of_its_own(plan):
    config, planned = plan
    ends = {}
    for run in planned.runs:
        # A checkpoint and how it is asked: no two arms share both.
        assert ends.setdefault(run.evaluation.name, run.arm) == run.arm
    assert set(planned.waiting) == {"rl-long"} and set(ends.values()) == config.arms.keys() - {"rl-long"}


@pytest.mark.parametrize(
    ("arm", "like", "shares"),
    [
        ("rl-asked-blank", "rl", "training"),
        ("base-direct", "base", "training"),
        ("rl-kl1", "rl", "rows"),
        ("rl-interleaved", "rl", "rows"),
        ("rl-blank", "rl", "run"),
        ("rl-seen", "rl", "run"),
        ("rl-rules", "rl", "run"),
        ("sft-stripped", "sft", "run"),
        ("rl-scenes", "rl", None),
        ("rl-words", "rl", None),
    ],
)
def test_an_axis_turns_what_it_says_and_shares_the_rest(plan, arm, like, shares):
    by_arm = {run.arm: run for run in plan[1].runs if run.seed == 0}
    one, other = by_arm[arm].trainings, by_arm[like].trainings
    shared = {
        "training": [task.name for task in one] == [task.name for task in other],
        "rows": [task.rows.name for task in one] == [task.rows.name for task in other],
        "run": [task.rows.run.name for task in one] == [task.rows.run.name for task in other],
    }
    order = ["training", "rows", "run"]
    first = order.index(shares) if shares else len(order)
    assert [shared[name] for name in order] == [place >= first for place in range(len(order))]


def test_interleaving_reads_the_demonstrations_of_rls_own_items(plan):
    [training] = next(run for run in plan[1].runs if run.arm == "rl-interleaved").trainings
    assert training.shown is not None and training.shown.config.choice.rows == "rl"
    assert training.settings.imitation.when == "failed" and training.shown in training.needs
