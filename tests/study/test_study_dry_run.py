import io

import pytest
from rich.console import Console

from seethink.core.rejected import InputError
from seethink.study.dry_run import command, print_plan
from seethink.study.plan.plan import make_plan
from seethink.study.recipe import load_recipe
from seethink.study.run import make_stage
from seethink.study.runs import plan_study
from seethink.study.stages import Training


def told(config, yaml, out):
    console = Console(file=io.StringIO(), width=200)
    print_plan(config, yaml, [], out, out, console)
    return console.file.getvalue()


def test_a_dry_run_names_every_stage_its_arms_and_its_command_and_writes_nothing(checkout, tmp_path):
    path = checkout / "recipes" / "study" / "arms.yaml"
    config = load_recipe(path)
    text = told(config, path, tmp_path / "out")
    for task in plan_study(config).tasks:
        assert task.name in text and f"--stage {task.name}" in text
    assert "trainings are shared by several arms and run once" in text and "left to train" in text
    assert not (tmp_path / "out").exists()


def test_a_study_at_full_size_prints_the_launchers_command_of_every_training(checkout, tmp_path):
    path = checkout / "recipes" / "sft_vs_rl" / "qwen2.5-vl-3b.yaml"
    config = load_recipe(path)
    [first, *_] = (task for task in plan_study(config).tasks if isinstance(task, Training))
    shown = command(config, path, [], tmp_path, tmp_path, first)
    assert shown.startswith("accelerate launch --config_file recipes/accelerate/fsdp2.yaml -m seethink.cli study")
    assert shown.endswith(f"--stage {first.name}")


def test_the_ablations_at_full_size_are_planned_arm_by_arm(checkout, tmp_path):
    path = checkout / "recipes" / "sft_vs_rl" / "qwen2.5-vl-3b_ablations.yaml"
    config = load_recipe(path)
    text = told(config, path, tmp_path)
    assert text.count("accelerate launch") == len(config.arms) - 1 == 10
    for task in plan_study(config).tasks:
        assert f"--stage {task.name}" in text


def test_what_can_be_said_of_an_arm_that_waits_is_said_with_its_command(checkout, tmp_path):
    path = checkout / "recipes" / "study" / "causal.yaml"
    config = load_recipe(path, ["seeds=[0]"])
    text = told(config, path, tmp_path)
    assert "rl-long waits for sft+rl" in text and "by this plan about " in text and "rl-long not counted" in text
    assert f"--out {tmp_path} --arm rl-long\n" in text
    alone = io.StringIO()
    print_plan(config.only(["rl-long"]), path, [], tmp_path, tmp_path, Console(file=alone, width=200), ["rl-long"])
    assert "sft+rl-s0-" in alone.getvalue() and "--arm rl-long --stage sft-s0-" in alone.getvalue()
    assert "evaluation/" not in alone.getvalue()


def test_traces_to_imitate_are_planned_as_long_as_a_teacher_writes(checkout):
    config = load_recipe(checkout / "recipes" / "sft_vs_rl" / "qwen2.5-vl-3b.yaml")
    by_title = {one.title: one for one in make_plan(config).trainings}
    assert by_title["SFT"].lengths.completion.mean == 1200 and by_title["GRPO"].lengths.completion.mean == 250
    assert any("a trace of 1,200 tokens" in told for told in by_title["SFT"].assumed)
    short = config.model_copy(update={"expected": config.expected.model_copy(update={"trace": None})})
    other = {one.title: one for one in make_plan(short).trainings}
    assert other["SFT"].effort.hours < by_title["SFT"].effort.hours / 1.5
    assert any("a trace, as long as a completion, of 250 tokens" in told for told in other["SFT"].assumed)


def test_a_finished_stage_is_told_as_such(found, config, out):
    assert told(config, "study.yaml", out).count("finished") >= len(plan_study(config).tasks)


def test_one_stage_can_be_made_by_itself_once_what_it_needs_is_there(found, config, out, tmp_path):
    last = plan_study(config).tasks[-1]
    quiet = Console(file=io.StringIO())
    assert make_stage(config, last.name, out, quiet)
    with pytest.raises(InputError, match="which is not finished: make it first"):
        make_stage(config, last.name, tmp_path, quiet)
    with pytest.raises(InputError, match="no stage is called 'x'"):
        make_stage(config, "x", tmp_path, quiet)
