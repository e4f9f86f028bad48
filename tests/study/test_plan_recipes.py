import json

import pytest

from seethink.core.config import parse_config
from seethink.core.rejected import InputError
from seethink.models.shape import known_sizes, model_config, shape, skeleton
from seethink.study.plan.checks import Weight
from seethink.study.plan.hardware import Hardware, devices
from seethink.study.plan.plan import make_plan
from seethink.study.plan.versions import broken_versions, found_broken, found_unsupported
from seethink.study.recipe import GRPORecipe, PRMRecipe, SFTRecipe, load_recipe, load_training
from seethink.world.export import export_items
from seethink.world.source import WorldConfig

PUBLISHED = {
    "qwen2_5_vl_3b": 3_754_622_976,
    "qwen2_5_vl_7b": 8_292_166_656,
    "qwen2_vl_2b": 2_208_985_600,
    "qwen2_vl_7b": 8_291_375_616,
}


@pytest.fixture(scope="module")
def items(tmp_path_factory):
    folder = tmp_path_factory.mktemp("items")
    export_items(WorldConfig(count=24), folder)
    return folder


@pytest.fixture(scope="module")
def rows(items):
    return [json.loads(line) for line in (items / "items.jsonl").read_text().splitlines()]


def grpo(model, folder, name="items.jsonl", **settings):
    tree = {
        "kind": "grpo",
        "model": str(model),
        "sources": [{"kind": "records", "path": str(folder / name), "image_root": str(folder / "images")}],
        "hardware": {"device": "cpu"},
        "settings": {"group": 2, "prompts_per_step": 4, "completions": 16, "max_completion_tokens": 32, **settings},
    }
    return parse_config(GRPORecipe, tree, "a recipe")


def told(plan, weight=None):
    return " | ".join(one.what for one in plan.findings if weight is None or one.weight is weight)


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_sizes_that_come_with_the_package_are_those_of_the_published_models(name):
    assert set(PUBLISHED) == set(known_sizes())
    model = skeleton(model_config(name))
    assert sum(one.numel() for one in model.parameters()) == PUBLISHED[name]
    assert all(one.is_meta for one in model.parameters())


def test_a_plan_counts_the_tokens_of_what_is_on_disk(tiny, items, rows):
    plan = make_plan(grpo(tiny, items))
    [training] = plan.trainings
    assert plan.sound and training.lengths.samples == len(rows)
    assert training.lengths.picture.largest >= 9 and training.lengths.prompt.mean > 50
    assert training.assumed == ("completions of 300 tokens on the average",)
    assert (
        training.effort.steps == 2
        and training.parameters.trained["vision"] == 0 < training.parameters.trained["language"]
    )


def test_what_training_counts_is_what_the_plan_counted(tiny, demonstrations_file, tmp_path):
    from seethink.core.tables import read_rows
    from seethink.study.training import train_recipe

    recipe = sft(tiny, demonstrations_file, steps=1, batch=8, max_tokens=2_000)
    [training] = make_plan(recipe).trainings
    train_recipe(recipe, tmp_path)
    [row] = read_rows(tmp_path / "log")
    assert row["num_tokens"] == training.lengths.total.mean * 8


@pytest.fixture(scope="module")
def demonstrations_file(tmp_path_factory, world_images):
    """Eight traces in the form of the released SFT file."""
    from seethink.world.questions import as_item, question
    from seethink.world.traces import response

    folder = tmp_path_factory.mktemp("traces")
    with (folder / "traces.json").open("w") as file:
        for index in range(8):
            asked = question(2, index)
            item = as_item(asked, world_images)
            (folder / f"{index}.png").write_bytes(world_images.read(item.images[0]))
            row = {"image": f"{index}.png", "question": item.question, "answer": response(asked, right=True)}
            file.write(json.dumps(row) + "\n")
    return folder


def sft(model, folder, **settings):
    traces = {"kind": "file", "path": str(folder / "traces.json"), "image_root": str(folder)}
    tree = {"kind": "sft", "model": str(model), "traces": traces, "hardware": {"device": "cpu"}, "settings": settings}
    return parse_config(SFTRecipe, tree, "a recipe")


def test_samples_over_the_budget_are_counted(tiny, demonstrations_file):
    lengths = make_plan(sft(tiny, demonstrations_file, batch=8)).trainings[0].lengths
    plan = make_plan(sft(tiny, demonstrations_file, batch=8, max_tokens=int(lengths.total.median)))
    assert plan.sound and 0 < plan.trainings[0].over < 8 and "samples are longer than" in told(plan, Weight.WARN)
    nothing = make_plan(sft(tiny, demonstrations_file, batch=8, max_tokens=50))
    assert not nothing.sound and "8 of 8 samples are longer than 50 tokens" in told(nothing, Weight.STOP)


def test_rejected_golds_bad_rows_and_missing_pictures_are_named(tiny, items, rows, tmp_path):
    bad = [
        {**rows[0], "id": "a", "gold": "many", "verifier": "digit"},
        {**rows[1], "id": "b", "images": ["gone.png"]},
        {**rows[2], "id": "c", "question": "Is <|image_pad|> here?"},
        {**rows[3], "id": "d", "verifier": "math", "gold": "\\frac{", "options": []},
    ]
    (items / "bad.jsonl").write_text("\n".join(json.dumps(row) for row in [*rows, *bad]))
    found = told(make_plan(grpo(tiny, items, "bad.jsonl")))
    assert "rows cannot be read: broken picture" in found
    assert "rows cannot be trained on: text holds a control token" in found
    assert "gold" in found


def test_missing_files_are_named_and_the_plan_goes_on(items):
    recipe = grpo("models/nowhere", items / "gone").model_copy(update={"sizes": "qwen2_5_vl_3b"})
    plan = make_plan(recipe.model_copy(update={"hardware": Hardware(device="h100")}))
    assert "missing: the model models/nowhere" in told(plan, Weight.WARN) and "items.jsonl" in told(plan, Weight.WARN)
    [training] = plan.trainings
    assert any("qwen2_5_vl_3b" in one for one in training.assumed) and training.lengths.samples == 10_000
    unknown = make_plan(recipe.model_copy(update={"sizes": None}))
    assert not unknown.sound and unknown.trainings == [] and "without its sizes nothing is planned" in told(unknown)


def test_a_model_that_does_not_fit_stops_the_launch_and_says_what_would(items):
    recipe = grpo("models/nowhere", items, device_batch=8, dtype="bfloat16", max_completion_tokens=1024)
    recipe = recipe.model_copy(update={"sizes": "qwen2_5_vl_7b", "hardware": Hardware(device="rtx-4090")})
    plan = make_plan(recipe)
    assert not plan.sound and plan.trainings[0].fitting_batch is None and "of a device's 24.0 GiB" in told(plan)


def test_settings_that_cannot_be_launched_are_named(tiny, items):
    def stopped(hardware=None, **settings):
        recipe = grpo(tiny, items, **settings)
        return told(make_plan(recipe.model_copy(update={"hardware": hardware or recipe.hardware})), Weight.STOP)

    assert "nothing is trained" in stopped(frozen=["vision", "merger", "language"])
    assert "cannot be shared out among 3 devices" in stopped(Hardware(device="cpu", count=3))
    assert "fewer than the 64 prompts" in stopped(prompts_per_step=64, completions=128)
    assert "no tracker is called 'nobody'" in stopped(report_to=["nobody"])


def test_open_items_that_nobody_scores_are_told(tiny, items, rows):
    mine = [{**row, "id": str(number), "source": "mine"} for number, row in enumerate(rows)]
    mine[0] |= {"verifier": "open", "gold": "a red circle", "options": []}
    (items / "open.jsonl").write_text("\n".join(json.dumps(row) for row in mine))
    assert "open and nobody scores them" in told(make_plan(grpo(tiny, items, "open.jsonl")))


# Versions


def test_broken_versions_are_found_by_package_neighbour_and_sharding():
    here = {"torch": "2.13.0+cpu", "torchvision": "0.28.0", "transformers": "5.5.0", "vllm": "0.16.0", "trl": "1.16.2"}
    found = {entry.package for entry, _ in found_broken("none", here.get)}
    assert found == {"torchvision", "transformers", "vllm"}
    clean = {"torch": "2.13.0+cu130", "torchvision": "0.28.0", "transformers": "5.23.0", "trl": "1.16.0"}
    assert found_broken("none", clean.get) == []
    assert [entry.package for entry, _ in found_broken("zero3", {"deepspeed": "0.16.5"}.get)] == ["deepspeed"]
    assert found_broken("none", {"deepspeed": "0.16.5"}.get) == []


def test_every_entry_has_a_reason_and_a_remedy():
    assert all(entry.reason and entry.remedy for entry in broken_versions())


def test_what_is_installed_here_is_sound():
    assert found_broken("none") == [] and found_unsupported() == []


def test_a_version_outside_of_what_is_asked_for_is_named():
    [(name, here, asked)] = found_unsupported({"trl": "1.20.0"}.get)
    assert (name, here) == ("trl", "1.20.0") and "1.17" in asked


# Recipes


def test_a_recipe_that_cannot_be_read_is_named(tmp_path):
    path = tmp_path / "r.yaml"
    with pytest.raises(InputError, match="does not exist"):
        load_recipe(path)
    path.write_text("kind: dpo\n")
    with pytest.raises(InputError, match="kind 'dpo' is no recipe: write sft, grpo or prm"):
        load_recipe(path)
    path.write_text("base: base\n")
    with pytest.raises(InputError, match="is a study: seethink study"):
        load_training(path)
    path.write_text("kind: sft\nmodel: base\ntraces: {kind: run, path: x}\nhardware: {device: abacus}\n")
    with pytest.raises(InputError, match="no device is known as abacus: choose among"):
        load_recipe(path)


def test_overrides_lie_over_a_recipe(tmp_path):
    path = tmp_path / "r.yaml"
    path.write_text("kind: sft\nmodel: base\ntraces: {kind: run, path: x}\n")
    loaded = load_recipe(path, ["settings.batch=7", "hardware.count=7"])
    assert (loaded.settings.batch, loaded.hardware.count) == (7, 7)


def test_devices_have_memory_speed_and_bandwidth():
    assert devices()["h100"].memory == 80 and Hardware(memory=40).kind.memory == 40
    assert shape(model_config("qwen2_vl_2b")).vision.inner == 5120


def test_a_process_reward_model_is_planned_and_trained_from_its_recipe(tiny, items, rows, tmp_path):
    from seethink.study.training import train_recipe

    labels = tmp_path / "rows.jsonl"
    told = [
        {
            "image_path": row["images"][0],
            "question": row["question"],
            "process": f"Step 1: a\nStep 2: {n}",
            "value": n % 2,
        }
        for n, row in enumerate(rows[:8])
    ]
    labels.write_text("\n".join(map(json.dumps, told)))
    recipe = parse_config(
        PRMRecipe,
        {
            "kind": "prm",
            "model": str(tiny),
            "rows": str(labels),
            "images": str(items / "images"),
            "hardware": {"device": "cpu"},
            "settings": {"batch": 4, "epochs": 1, "lora": {"rank": 4}},
        },
        "a recipe",
    )
    plan = make_plan(recipe)
    assert plan.sound, plan.findings
    [training] = plan.trainings
    assert training.title == "PRM" and training.lengths.samples == 8 and training.effort.steps == 2
    assert training.phases["update"].logits == 0 and training.parameters.trained["merger"] == 0
    manifest, aside = train_recipe(recipe, tmp_path / "out")
    assert not aside and manifest["cost"]["steps"] == 2 and (tmp_path / "out" / "model" / "step_head.json").is_file()


def test_a_vocabulary_of_its_own_is_not_trained_where_the_head_is_a_linear_unit():
    def trained(**settings):
        tree = {"kind": "prm", "model": "nowhere", "sizes": "qwen2_5_vl_7b", "rows": "r", "images": "i"}
        plan = make_plan(parse_config(PRMRecipe, tree | {"settings": settings}, "a recipe"))
        return plan.trainings[0].parameters.trained["language"]

    assert trained(head={"kind": "tokens"}) - trained() == 152_064 * 3_584
