"""Every recipe loads, is planned without weights or data, and stands beside a README that says what it costs."""

import pytest

from seethink.core.config import config_hash
from seethink.core.item import Verifier
from seethink.study.plan.plan import make_plan
from seethink.study.recipe import GRPORecipe, PRMRecipe, SFTRecipe, load_recipe
from seethink.study.runs import plan_study
from seethink.study.settings import StudyConfig
from seethink.training.spikes import SpikeConfig

KINDS = {"grpo": GRPORecipe, "sft": SFTRecipe, "prm": PRMRecipe}


@pytest.fixture(scope="module")
def recipes(checkout):
    folder = checkout / "recipes"
    # Launchers' settings, registered claims and, but for its study, what `seethink process` takes are no recipes.
    others = ("accelerate/", "process/", "study/claims")
    found = (path for path in folder.glob("*/*.yaml") if not str(path.relative_to(folder)).startswith(others))
    own = [folder / "process" / "study.yaml", *folder.glob("process/prm_*.yaml")]
    return sorted([*found, *own])


def test_every_recipe_loads_and_is_of_the_kind_its_name_says(recipes):
    assert len(recipes) >= 13
    for path in recipes:
        loaded = load_recipe(path)
        assert isinstance(loaded, KINDS.get(path.stem.split("_")[0], StudyConfig)), path
        assert config_hash(loaded)


def test_the_doctor_passes_on_every_recipe_without_weights(recipes):
    for path in recipes:
        plan = make_plan(load_recipe(path))
        assert plan.trainings and plan.sound, (path, plan.findings)
        for training in plan.trainings:
            assert training.peak < training.capacity and training.device_batch <= (training.fitting_batch or 0), path


def test_every_folder_has_a_readme_that_names_its_recipes(checkout):
    for folder in (path for path in (checkout / "recipes").iterdir() if path.is_dir()):
        text = (folder / "README.md").read_text()
        for path in folder.glob("*.yaml"):
            assert path.name in text, path


@pytest.mark.parametrize("name", ["qwen2_5_vl_3b", "qwen2_5_vl_7b", "qwen2_vl_2b", "qwen2_vl_7b"])
def test_the_papers_settings_are_the_papers(checkout, name):
    folder = checkout / "recipes" / "vlaa_thinking"
    rl = load_recipe(folder / f"grpo_{name}.yaml").settings
    assert (rl.group, rl.temperature, rl.rollout, rl.prompts_per_step * rl.group) == (4, 0.8, 512, 256)
    assert rl.completions // (rl.rollout * rl.group) == 49 and rl.updates == 8
    assert (rl.minimum_learning_rate, rl.warmup, rl.kl, rl.kl_target) == (5e-7, 0.03, 1e-3, 5e-4)
    imitation = load_recipe(folder / f"sft_{name}.yaml").settings
    assert (imitation.batch, imitation.frozen, imitation.steps) == (128, ("vision",), None)
    assert imitation.spikes == SpikeConfig()


def test_the_ablations_have_every_row_of_the_papers_two_tables(checkout):
    folder = checkout / "recipes" / "sft_vs_rl"
    config, whole = (load_recipe(folder / f"qwen2.5-vl-3b{name}.yaml") for name in ("_ablations", ""))
    runs = {run.arm: run for run in plan_study(config).runs}
    asked = {arm: {one.value for one in run.settings.items.verifiers} for arm, run in runs.items()}
    rules = {"digit", "math", "mcq", "iou"}
    for row in rules:
        assert asked.pop(f"rl-without-{row}") == rules - {row}
    assert asked.pop("rl-rules") == rules and not any(asked.values())
    rl = {arm: run.settings.rl for arm, run in runs.items()}
    settings = {arm: (one.minimum_learning_rate, one.warmup, one.kl, one.kl_target) for arm, one in rl.items()}
    assert [settings[arm] for arm in ("rl-to-zero", "rl-lr1", "rl-lr2", "rl-kl1", "rl")] == [
        (0.0, 0.0, 0.0, None), (8e-7, 0.1, 0.0, None), (5e-7, 0.03, 0.0, None), (5e-7, 0.03, 1e-2, 5e-3),
        (5e-7, 0.03, 1e-3, 5e-4),
    ]  # fmt: skip
    # The same training as in the study itself, with the mixed reward.
    [own], [other] = (next(run.trainings for run in plan_study(one).runs if run.arm == "rl") for one in (config, whole))
    assert own.name == other.name and own.settings.open is not None


def test_open_items_at_full_size_have_a_scorer_or_are_left_out(checkout):
    for path in (checkout / "recipes" / "sft_vs_rl").glob("*.yaml"):
        config = load_recipe(path)
        assert config.rl.open is not None or Verifier.OPEN not in (config.items.verifiers or tuple(Verifier)), path
        if config.rl.open is not None:
            assert any("scorer of open answers models/REWARD_MODEL" in one.what for one in make_plan(config).findings)
