"""A whole study in small, run once for all tests that look at one."""

import io

import pytest
from rich.console import Console

from seethink.data import DataConfig
from seethink.data.curation import RandomSplit
from seethink.evaluation.settings import EvaluationConfig
from seethink.study.choices import PassAtK
from seethink.study.rewards import GRPOTask
from seethink.study.run import run_study
from seethink.study.settings import StudyConfig
from seethink.training.sft import SFTConfig
from seethink.world.questions import Split
from seethink.world.source import WorldConfig


@pytest.fixture(scope="session")
def config(tiny):
    return StudyConfig(
        base=str(tiny),
        world=WorldConfig(count=60),
        sft=SFTConfig(steps=2, batch=4, learning_rate=1e-3, max_tokens=800),
        rl=GRPOTask(completions=8, group=2, prompts_per_step=2, max_completion_tokens=8, kl=0.0, frozen=()),
        heldout=WorldConfig(split=Split.HELDOUT, count=8, seed=0),
        evaluation=EvaluationConfig(draws=2, max_tokens=12, part=4),
        data=DataConfig(split=RandomSplit()),
        seeds=(0, 1),
        arms={name: name for name in ("base", "sft", "rl", "sft+rl")}
        | {"sft-hesitant": {"stages": ["sft"], "changes": {"teacher.hesitation": 1.0}}},
        compare=(("sft+rl", "rl"), ("rl", "base")),
        difficulty=PassAtK(draws=2, max_tokens=8),
        accept={"code": "the checkout may be committed to while its tests run"},
    )


@pytest.fixture(scope="session")
def out(tmp_path_factory):
    return tmp_path_factory.mktemp("study")


@pytest.fixture(scope="session")
def found(config, out):
    """What a whole study in small found, and what it told the terminal."""
    console = Console(file=io.StringIO(), width=160)
    return run_study(config, out, console), console.file.getvalue()
