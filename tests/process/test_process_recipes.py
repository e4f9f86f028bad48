"""Every file of recipes/process is settings that its command takes, and every command of its scripts parses."""

import os
import re
import shlex
import subprocess

import pytest
from typer.main import get_command

from seethink.cli import app
from seethink.core.config import load_config
from seethink.core.rejected import InputError
from seethink.process.measure import ErrorsTask, ProbeTask
from seethink.process.prm_config import PRMConfig
from seethink.process.settings import BenchTask, LabelTask, SearchTask
from seethink.study.recipe import PRMRecipe
from seethink.study.rewards import GRPOTask
from seethink.study.settings import StudyConfig

KINDS = {
    "labels_truth": (LabelTask,),
    "labels_monte_carlo": (LabelTask,),
    "labels_outcome": (LabelTask,),
    "prm": (PRMConfig,),
    "prm_qwen2_5_vl_3b": (PRMRecipe,),
    "prm_qwen2_5_vl_3b_lora": (PRMRecipe,),
    "bench": (BenchTask,),
    "two_models": (BenchTask,),
    "variants": (BenchTask,),
    "search": (SearchTask,),
    "real": (BenchTask,),
    "real_outcome": (BenchTask,),
    "errors": (ErrorsTask, ProbeTask),
    "grpo": (GRPOTask,),
    "study": (StudyConfig,),
}


def test_every_file_of_settings_is_read_by_its_command(checkout):
    files = {path.stem: path for path in (checkout / "recipes" / "process").glob("*.yaml")}
    assert files.keys() == KINDS.keys()
    for name, kinds in KINDS.items():
        for kind in kinds:
            assert load_config(kind, files[name]), name


def test_the_penalty_is_what_the_two_runs_of_grpo_differ_in(checkout):
    file = checkout / "recipes" / "process" / "grpo.yaml"
    penalty, plain = load_config(GRPOTask, file), load_config(GRPOTask, file, ["process=null"])
    assert penalty.process is not None and penalty.model_copy(update={"process": None}) == plain
    study = load_config(StudyConfig, file.with_name("study.yaml"))
    assert not study.accept and study.rl.completions == plain.completions


@pytest.mark.parametrize("script", ["run", "further", "variants"])
def test_every_command_of_a_script_is_one_that_there_is(checkout, script):
    """The script's commands, printed instead of run, are parsed as the command line parses them."""
    surroundings = {**os.environ, "SEETHINK": "echo seethink", "MATHV": "mathv", "LOGICVISTA": "logic"}
    told = ["sh", f"recipes/process/{script}.sh"]
    done = subprocess.run(told, cwd=checkout, env=surroundings, capture_output=True, text=True, check=True, timeout=60)
    lines = [shlex.split(line) for line in done.stdout.splitlines()]
    assert len(lines) > 5 and all(line[0] == "seethink" for line in lines)
    for line in lines:
        command, words = get_command(app), line[1:]
        context = command.make_context("seethink", list(words), resilient_parsing=False)
        while hasattr(command, "resolve_command"):
            _, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
            context = command.make_context(command.name, list(rest), parent=context)
        if (config := context.params.get("config")) is not None:
            assert (checkout / config).is_file(), line


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("collector.wave=1", "collector: say which with collector.kind"),
        ("collector.kind=binry", "collector.kind: 'binry' is none of 'exhaustive', 'binary'"),
    ],
)
def test_settings_of_no_kind_or_of_an_unknown_one_are_named(override, told):
    with pytest.raises(InputError, match=re.escape(told)):
        load_config(LabelTask, None, [override])
