import shutil

import pytest
from safetensors.torch import load_file, save_file

from seethink.analysis import check_results
from seethink.core.tables import read_json, read_manifest, read_rows

GRPO = ("completions=4", "group=2", "prompts_per_step=2", "max_completion_tokens=6", "max_pixels=12544", "kl=0")
EVALUATION = ("draws=1", "max_tokens=6", "max_pixels=12544")


@pytest.fixture
def mine(write, tmp_path):
    return write(
        tmp_path / "mine.jsonl", {}, {"question": "And now?"}, {"question": "Which?", "verifier": "mcq", "gold": "B"}
    )


def no_config(folder):
    (folder / "config.json").unlink()


def torn_weights(folder):
    tensors = load_file(folder / "model.safetensors")
    del tensors[next(name for name in tensors if name.endswith("merger.mlp.0.weight"))]
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def removed(folder):
    shutil.rmtree(folder)


@pytest.mark.parametrize("damage", [no_config, torn_weights, removed])
@pytest.mark.parametrize("command", [("train", "grpo", *GRPO), ("eval", *EVALUATION)])
def test_a_checkpoint_that_does_not_fit_leaves_nothing_half_written(
    here, tiny, mine, images, tmp_path, damage, command
):
    model, out = shutil.copytree(tiny, tmp_path / "model"), tmp_path / "out"
    damage(model)
    ended = here(*command, "--data", mine, "--images", images, "--out", out, "--model", model)
    assert ended.code == 2 and ended.err.startswith(f"seethink: checkpoint {model}: ")
    assert not (out / "model").exists() and not list(out.rglob("manifest.json"))
    assert not (out / "results.json").exists() and not list(out.rglob("*.parquet"))


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("train", "grpo", "learning_rat=1"), "learning_rat: no such field, did you mean learning_rate?"),
        (("train", "grpo", "completions=2", "group=2", "prompts_per_step=2"), "raise completions"),
        (("train", "grpo", "completions=640", "group=2", "prompts_per_step=64"), "lower prompts_per_step"),
        (("train", "grpo", *GRPO, "dtype=float31"), "float31"),
        (("eval", "drwas=1"), "drwas: no such field, did you mean draws?"),
        (("eval", "draws=-1"), "draws"),
    ],
)
def test_a_mistaken_setting_is_named_before_a_model_is_touched(here, tiny, mine, images, tmp_path, command, said):
    out = tmp_path / "out"
    ended = here(*command, "--data", mine, "--images", images, "--out", out, "--model", tiny)
    assert ended.code == 2 and said in ended.err
    assert not (out / "model").exists() and not list(out.rglob("manifest.json"))


def test_a_typo_in_a_study_is_named(here, checkout, tmp_path):
    recipe = checkout / "recipes" / "quickstart" / "config.yaml"
    ended = here("study", recipe, "rl.grup=4", "--out", tmp_path / "out")
    assert ended.code == 2 and f"{recipe}: rl.grup: no such field, did you mean group?" in ended.err
    assert not (tmp_path / "out").exists()


def test_the_quickstart_recipe_is_a_study(checkout):
    from seethink.core.config import load_config
    from seethink.study.settings import StudyConfig

    config = load_config(StudyConfig, checkout / "recipes" / "quickstart" / "config.yaml", ["heldout.seed=7"])
    assert config.rl.steps == config.rl.completions // (config.rl.group * config.rl.prompts_per_step) > 0
    assert config.heldout.seed == 7 and config.heldout.split != config.world.split


def test_sft_wants_a_data_run(here, tiny, tmp_path):
    ended = here("train", "sft", "--data", tmp_path / "gone", "--out", tmp_path / "out", "--model", tiny)
    assert ended.code == 2 and "gone" in ended.err and not (tmp_path / "out").exists()


def test_a_users_items_are_scored(here, tiny, mine, images, tmp_path):
    ended = here("eval", *EVALUATION, "--data", mine, "--images", images, "--out", tmp_path / "out", "--model", tiny)
    assert ended.code == 0
    results = read_json(tmp_path / "out" / "results.json")
    check_results(results)
    assert [arm["accuracy"]["n"] for arm in results["arms"].values()] == [3]


def test_a_users_items_are_trained_on(here, tiny, mine, images, tmp_path):
    ended = here("train", "grpo", *GRPO, "--data", mine, "--images", images, "--out", tmp_path / "out", "--model", tiny)
    assert ended.code == 0 and "out/model" in ended.out.replace(" ", "")
    assert (
        read_manifest(tmp_path / "out")["cost"]["steps"] == 1 and (tmp_path / "out" / "model" / "config.json").is_file()
    )


def test_open_answers_are_scored_by_a_reward_model_and_terms_have_columns(
    here, tiny, tiny_scorer, write, images, tmp_path
):
    data = write(tmp_path / "free.jsonl", {}, {"question": "What is it?", "gold": "a circle", "verifier": "open"})
    config = tmp_path / "grpo.yaml"
    config.write_text(
        f"open: {{kind: scored, model: {tiny_scorer}}}\nweights: {{digit: 2.0}}\nnormalise: dimension\n"
        "terms: [{kind: format, weight: 0.1}, {kind: repetition, weight: 0.2}]\n"
    )
    source = ("--data", data, "--images", images, "--model", tiny, "--config", config)
    assert here("train", "grpo", *GRPO, *source, "--out", tmp_path / "out").code == 0
    manifest, [row] = read_manifest(tmp_path / "out"), list(read_rows(tmp_path / "out" / "log"))
    assert {"rewards/mixed/mean", "rewards/format/mean", "rewards/repetition/mean", "mixed/open"} <= row.keys()
    assert row["mixed/undecided"] == 0
    assert manifest["config"]["open"]["kind"] == "scored" and manifest["data"]["scorer"]


def test_an_evaluation_may_name_its_scorer(here, tiny, tiny_scorer, write, images, tmp_path):
    data = write(tmp_path / "free.jsonl", {"gold": "a circle", "verifier": "open"})
    source = ("--data", data, "--images", images, "--model", tiny, "--out", tmp_path / "out")
    ended = here("eval", *EVALUATION, *source, f"open={{kind: scored, model: {tiny_scorer}}}")
    assert ended.code == 0 and read_manifest(tmp_path / "out" / "responses")["data"]["scorer"]


def test_a_scorer_is_trained_and_measured(here, tiny, tmp_path):
    ended = here("world", "scorer", "--model", tiny, "--out", tmp_path, "--pairs", 30, "steps=2", "batch=4")
    assert ended.code == 0 and "scorer card" in ended.out and (tmp_path / "model" / "config.json").is_file()
    assert read_json(tmp_path / "card.json")["groups"]["all"]["scorer"]["n"] == 30


def test_grpo_takes_real_geometry(here, tiny, real_data, tmp_path):
    folder = real_data / "geometry3k"
    source = ("--data", folder / "problems_subset.jsonl", "--images", folder, "--format", "geometry3k")
    ended = here("train", "grpo", *GRPO, *source, "--out", tmp_path, "--model", tiny)
    assert ended.code == 0 and "55 items kept, 2 set aside" in ended.out
    assert read_manifest(tmp_path)["cost"]["steps"] == 1


def test_grpo_takes_the_published_records_with_their_five_kinds_of_pictures(here, tiny, real_data, tmp_path):
    data = real_data / "vlaa_thinking" / "examples.jsonl"
    source = ("--data", data, "--images", data.parent, "--format", "vlaa-thinking", "--image-field", "image_file")
    every = [setting.replace("completions=4", "completions=10").replace("step=2", "step=5") for setting in GRPO]
    ended = here("train", "grpo", *every, *source, "--out", tmp_path / "out", "--model", tiny)
    assert ended.code == 0 and read_manifest(tmp_path / "out")["cost"]["completions"] == 10
    [row] = read_rows(tmp_path / "out" / "log")
    assert {"mixed/digit", "mixed/mcq", "mixed/math", "mixed/open"} <= row.keys()


def test_the_doctor_says_what_is_installed(here):
    ended = here("doctor")
    assert ended.code == 0 and "torch 2." in ended.out and "device: " in ended.out
