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
        ("rl-words-shown", "rl-words", "training"),
        ("rl-blank-throughout", "rl-blank", "training"),
        ("base-withheld", "base", "training"),
        ("rl-pretrained", "rl", "rows"),
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


def test_twins_and_missing_pictures_are_asked_the_questions_of_all(plan):
    by_arm = {run.arm: run.evaluation for run in plan[1].runs if run.seed == 0}
    assert {str(by_arm[arm].heldout.rendering) for arm in ("base-words", "rl-words")} == {"text"}
    assert {one.heldout.rendering.value for arm, one in by_arm.items() if not arm.endswith("words")} == {"picture"}
    assert {one.heldout.domain for one in by_arm.values()} == {None}


@pytest.mark.parametrize(
    ("recipe", "start", "sft"),
    [
        ("study/axes", "runs/pretrained/model", "sft-pretrained+rl"),
        ("sft_vs_rl/qwen2-vl-7b", "models/Qwen2-VL-7B", "pretrained-sft-25k+rl"),
        ("sft_vs_rl/qwen2-vl-2b_lora", "models/Qwen2-VL-2B", "pretrained-sft+rl"),
    ],
)
def test_the_start_is_an_axis_under_both_prompts(checkout, recipe, start, sft):
    config = load_recipe(checkout / "recipes" / f"{recipe}.yaml")
    runs = {run.arm: run for run in plan_study(config).runs if run.seed == 0}
    assert runs["pretrained"].evaluation.model == start and runs["base"].evaluation.model == config.base != start
    assert [training.start for training in runs[sft].trainings] == [start, runs[sft].trainings[0]]
    # Nothing else differs: the same items under the same settings.
    [rl] = runs["rl"].trainings
    other = runs[sft].trainings[-1]
    assert (rl.settings, rl.rows.name) == (other.settings, other.rows.name)
    assert runs[sft].trainings[0].rows.name in {
        run.trainings[0].rows.name for arm, run in runs.items() if arm[:3] == "sft"
    }
    direct = runs["base-direct"].evaluation
    assert direct.model == config.base and direct.config.prompt.value == "direct"
    assert config.arms[sft].declared["start"] == start


def test_the_papers_study_asks_its_start_under_both_prompts(checkout):
    for name in ("qwen2.5-vl-3b", "qwen2.5-vl-3b_lora"):
        runs = {run.arm: run for run in plan_study(load_recipe(checkout / f"recipes/sft_vs_rl/{name}.yaml")).runs}
        assert runs["base-direct"].evaluation.config.prompt.value == "direct"


def test_interleaving_reads_the_demonstrations_of_rls_own_items(plan):
    [training] = next(run for run in plan[1].runs if run.arm == "rl-interleaved").trainings
    assert training.shown is not None and training.shown.config.choice.rows == "rl"
    assert training.settings.imitation.when == "failed" and training.shown in training.needs
