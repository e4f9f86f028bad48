import pytest

from seethink.core.config import load_config, parse_config
from seethink.core.rejected import InputError
from seethink.study.arms import Arm, Stage
from seethink.study.runs import plan_study
from seethink.study.settings import StudyConfig, settings_of
from seethink.study.stages import DataSet, Evaluation, Training


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


def test_a_title_is_no_part_of_any_stage():
    tasks = [task.name for task in plan_study(study(arms=["base", "sft+rl"])).tasks]
    assert [task.name for task in plan_study(study(arms=["base", "sft+rl"], title="Mine")).tasks] == tasks
    with pytest.raises(InputError, match="title"):
        study(title="")


LONG = {
    "sft+rl": ["sft", "rl"],
    "rl": ["rl"],
    "rl-long": {"stages": ["rl"], "budget": {"equal": "total", "to": "sft+rl"}},
}


def test_an_arm_with_a_budget_alone_brings_the_trainings_that_the_budget_refers_to():
    whole = study(arms=LONG, seeds=[0, 1], compare=[["sft+rl", "rl-long"], ["rl-long", "rl"]])
    alone = whole.only(["rl-long"])
    plan = plan_study(alone)
    assert plan.waiting == ("rl-long",) and plan.runs == () and alone.compare == ()
    assert {one.name for one in trainings(alone)} == {one.name for one in trainings(whole.only(["rl", "sft+rl"]))}
    assert not [task for task in plan.tasks if isinstance(task, Evaluation)]
    # Once these are finished the arm is planned, and only it is evaluated.
    known = plan_study(alone, {("rl-long", 0): 20_000, ("rl-long", 1): 20_000})
    assert known.waiting == () and [run.arm for run in known.runs] == ["rl-long", "rl-long"]
    assert [task.model.settings.completions for task in known.tasks if isinstance(task, Evaluation)] == [20_000] * 2
    # Processes that a study starts read it from a file.
    assert plan_study(study(**alone.as_given())) == plan


def test_what_an_arm_asked_for_lends_is_its_own_too():
    chosen = study(arms=LONG).only(["rl-long", "sft+rl"])
    assert [name for name, arm in chosen.arms.items() if not arm.lends] == ["sft+rl", "rl-long"]


def test_matched_sets_are_made_after_what_they_are_matched_with():
    changes = {"traces.form": "stripped", "traces.matched": {"draws": 2}, "items.matched": {"draws": 2}}
    config = study(arms={"sft+rl": ["sft", "rl"], "alike": {"stages": ["sft", "rl"], "changes": changes}})
    tasks = plan_study(config).tasks
    matched = [task for task in tasks if isinstance(task, DataSet) and task.against]
    assert len(matched) == 2
    for task in matched:
        assert tasks.index(task.against) < tasks.index(task)
        assert task.against.config.choice.matched is None and task.against.name != task.name
    assert {getattr(task.against.config.choice, "form", None) for task in matched} == {None, "stripped"}
