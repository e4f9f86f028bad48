import pytest

from seethink.core.tables import MANIFEST, write_json
from seethink.study.budget import matched_completions
from seethink.study.runs import plan_study
from seethink.study.settings import StudyConfig
from seethink.study.stages import Training, folder_of
from seethink.training.sft import SFTConfig

SFT, LONG, SHORT = 1_000_000.0, 150.0, 120.0
"""Tokens of SFT, and of a completion of a model that imitated and of one that did not."""


@pytest.fixture
def study():
    def of(*arms):
        known = {
            "rl": {"stages": ["rl"]},
            "sft+rl": {"stages": ["sft", "rl"]},
            "rl-long": {"stages": ["rl"], "budget": {"equal": "total", "to": "sft+rl"}},
        }
        return StudyConfig(base="base", arms={name: known[name] for name in arms})

    return of


def finish(config, root, names):
    """Manifests of the finished trainings of these arms, as far as a budget reads them."""
    for task in plan_study(config).tasks:
        if isinstance(task, Training) and task.name.startswith(names):
            completions = 0 if isinstance(task.settings, SFTConfig) else task.settings.completions
            price = SHORT if len(task.chain) == 1 else LONG
            cost = {"train_tokens": price * completions or SFT, "completions": completions}
            write_json(folder_of(task, root) / MANIFEST, {"cost": cost})


def test_an_arm_gets_as_many_completions_as_the_other_arm_s_tokens_buy_it(study, tmp_path):
    config = study("rl", "sft+rl", "rl-long")
    finish(config, tmp_path, ("rl-", "sft"))
    [completions] = matched_completions(config, tmp_path).values()
    rollout = config.rl.rollout * config.rl.group
    target = SFT + LONG * config.rl.completions
    assert completions % rollout == 0 and abs(completions * SHORT - target) <= SHORT * rollout / 2


def test_it_waits_for_what_tells_the_price(study, tmp_path):
    config = study("rl", "sft+rl", "rl-long")
    finish(config, tmp_path, ("sft",))
    assert matched_completions(config, tmp_path) == {} and plan_study(config, {}).waiting == ("rl-long",)


def test_without_a_plain_arm_the_other_arm_tells_the_price(study, tmp_path):
    config = study("sft+rl", "rl-long")
    finish(config, tmp_path, ("sft",))
    [completions] = matched_completions(config, tmp_path).values()
    target = SFT + LONG * config.rl.completions
    assert abs(completions * LONG - target) <= LONG * config.rl.rollout * config.rl.group / 2
