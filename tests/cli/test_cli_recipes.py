import json

import pytest

from seethink.core.tables import read_manifest


@pytest.fixture
def recipe(write, images, tiny, tmp_path):
    """A recipe of three items, on disk."""
    rows = write(
        tmp_path / "mine.jsonl", {}, {"question": "And now?"}, {"question": "Which?", "verifier": "mcq", "gold": "B"}
    )
    tree = {
        "kind": "grpo",
        "model": str(tiny),
        "sources": [{"kind": "records", "path": str(rows), "image_root": str(images)}],
        "hardware": {"device": "cpu"},
        "settings": {"completions": 4, "group": 2, "prompts_per_step": 2, "max_completion_tokens": 6, "kl": 0},
    }
    path = tmp_path / "mine.yaml"
    path.write_text(json.dumps(tree))
    return path


def test_the_doctor_plans_a_recipe(here, recipe):
    ended = here("doctor", recipe)
    assert ended.code == 0
    for said in ("tokens per sample, 3 samples", "parameters", "memory of one cpu", "optimiser", "1 steps", "assumed"):
        assert said in ended.out, said


def test_the_doctor_fails_a_recipe_that_would_fail(here, recipe):
    ended = here("doctor", recipe, "settings.prompts_per_step=64", "settings.completions=512")
    assert ended.code == 1 and "fewer than the 64" in ended.out
    ended = here("doctor", recipe, "settings.grup=4")
    assert ended.code == 2 and "settings.grup: no such field, did you mean group?" in ended.err


def test_a_recipe_is_trained_and_an_adapter_merged_later(here, recipe, tmp_path):
    out = tmp_path / "out"
    lora = "settings.lora={rank: 2, base_dtype: float32, merged: false}"
    ended = here("train", "run", recipe, lora, "--out", out)
    assert ended.code == 0 and "adapter:" in ended.out and not (out / "model").exists()
    assert read_manifest(out)["cost"]["steps"] == 1
    assert here("train", "merge", out).code == 0 and (out / "model" / "config.json").is_file()
    assert here("train", "merge", tmp_path).code == 2


def test_a_study_is_no_training(here, checkout, tmp_path):
    ended = here("train", "run", checkout / "recipes" / "quickstart" / "config.yaml", "--out", tmp_path / "out")
    assert ended.code == 2 and "is a study: seethink study" in ended.err and not (tmp_path / "out").exists()
