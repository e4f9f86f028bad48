import io

import pytest
from rich.console import Console

from seethink.core.rejected import InputError
from seethink.study.dry_run import command, print_plan
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
