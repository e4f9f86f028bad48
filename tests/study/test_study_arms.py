import pytest

from seethink.core.config import load_config, parse_config
from seethink.core.rejected import InputError
from seethink.study.arms import Arm, Stage
from seethink.study.runs import plan_study
from seethink.study.settings import StudyConfig, settings_of
from seethink.study.stages import Training


def study(**fields):
    return parse_config(StudyConfig, fields, "the study")


def trainings(config):
    return [task for task in plan_study(config).tasks if isinstance(task, Training)]


def test_without_a_word_a_study_has_the_four_arms_and_a_list_names_chains():
    assert list(StudyConfig().arms) == ["base", "sft", "rl", "sft+rl"]
    assert study(arms=["base", "rl+sft"]).arms == {"base": Arm(), "rl+sft": Arm(stages=(Stage.RL, Stage.SFT))}


def test_an_arm_is_its_stages_or_stages_with_changes(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(
        "arms: {start: [], eager: [rl], cautious: {stages: [rl], changes: {rl.kl: 0.01}}}\nrl: {clip: 0.3}\n"
    )
    config = load_config(StudyConfig, path, ["rl.group=2"])
    assert [settings_of(config, name).rl.kl for name in ("eager", "cautious")] == [1e-3, 0.01]
    assert {(settings_of(config, name).rl.clip, settings_of(config, name).rl.group) for name in config.arms} == {
        (0.3, 2)
    }


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"arms": ["base", "rft"]}, "no stage is called 'rft'"),
        (
            {"arms": {"a": {"stages": ["rl"], "changes": {"rl.kel": 1}}}},
            "arm a: rl: kel: no such field, did you mean kl",
        ),
        ({"arms": {"a": {"stages": ["rl"], "changes": {"seeds": [1]}}}}, "seeds is nothing that an arm can change"),
        ({"arms": {"a": {"stages": ["rl"], "changes": {"base": "x"}}}}, "write start: beside changes"),
        ({"arms": {"a": ["rl"]}, "compare": [["a", "b"]]}, r"compare: \[a, b\] names no two arms of a"),
        ({"arms": {"a": {"stages": ["rl"], "budget": {"to": "b"}}, "b": ["rl"]}}, "budget.to=b has no SFT and RL"),
        ({"seeds": [0, 0]}, "two training runs have one seed"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(fields, told):
    with pytest.raises(InputError, match=told):
        study(**fields)


def test_stages_that_arms_share_are_planned_once_per_seed_and_after_what_they_start_from():
    config = study(arms=["sft", "rl", "sft+rl", "sft+rl+sft"], seeds=[0, 1])
    names = [task.name.rsplit("-", 1)[0] for task in trainings(config)]
    assert sorted(names) == sorted(f"{chain}-s{seed}" for chain in config.arms for seed in (0, 1))
    tasks = plan_study(config).tasks
    place = {task.name: number for number, task in enumerate(tasks)}
    assert all(place[need.name] < place[task.name] for task in tasks for need in task.needs)


def test_another_teacher_is_another_imitation_and_the_same_reinforcement():
    config = study(
        arms={"rl": ["rl"], "a": ["sft", "rl"], "b": {"stages": ["sft", "rl"], "changes": {"teacher.seed": 5}}}
    )
    by_arm = {run.arm: run.trainings for run in plan_study(config).runs}
    assert by_arm["a"][0].rows != by_arm["b"][0].rows
    assert by_arm["rl"][0].rows == by_arm["a"][1].rows == by_arm["b"][1].rows


def test_every_seed_trains_every_stage_anew_and_the_start_is_evaluated_once():
    plan = plan_study(study(arms=["base", "sft+rl"], seeds=[3, 4]))
    assert [(run.arm, run.seed) for run in plan.runs] == [("base", 3), ("sft+rl", 3), ("sft+rl", 4)]
    assert [[one.settings.seed for one in run.trainings] for run in plan.runs] == [[], [3, 3], [4, 4]]


def test_some_arms_of_a_study_need_the_very_stages_of_the_whole():
    config = study(arms=["base", "sft", "rl", "sft+rl"], compare=[["sft+rl", "rl"], ["sft", "base"]])
    part = config.only(["base", "sft"])
    assert part.compare == (("sft", "base"),)
    assert {one.name for one in trainings(part)} <= {one.name for one in trainings(config)}
