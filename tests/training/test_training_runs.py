import pytest

from seethink.core.config import parse_config
from seethink.core.lock import only_run
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest, read_rows
from seethink.core.verdict import Outcome, undecided
from seethink.models.load import PARTS, load_checkpoint
from seethink.training.grpo import GRPOConfig
from seethink.training.preference import PreferenceConfig, train_preference
from seethink.training.pretrain import PretrainConfig, pretrain
from seethink.training.sft import SFTConfig
from seethink.training.train import train_grpo, train_sft

RL = GRPOConfig(
    completions=8, group=2, prompts_per_step=2, max_completion_tokens=8, kl=0.0, learning_rate=1e-3, warmup=0.0
)
SFT = SFTConfig(steps=2, batch=2, learning_rate=1e-3, warmup=0.0)


def changed_parts(tiny, folder):
    before, after = (dict(load_checkpoint(one).model.named_parameters()) for one in (tiny, folder))
    changed = [name for name, weight in before.items() if not weight.equal(after[name])]
    return {next(part for part, prefixes in PARTS.items() if name.startswith(prefixes)) for name in changed}


def test_two_steps_of_grpo_change_what_is_not_frozen_and_a_second_call_trains_nothing(
    tiny, items, world_images, checksum, tmp_path, monkeypatch
):
    manifest = train_grpo(RL, tiny, items, world_images, checksum, tmp_path)
    assert changed_parts(tiny, tmp_path / "model") == {"merger", "language"}
    assert load_checkpoint(tmp_path / "model").model.config.model_type == "qwen2_5_vl"
    log = list(read_rows(tmp_path / "log"))
    assert len(log) == 2 and all("reward" in row and "mixed/undecided" in row for row in log)
    assert (manifest["cost"]["completions"], manifest["cost"]["steps"], manifest["cost"]["trained_vision"]) == (8, 2, 0)
    assert not (tmp_path / "checkpoints").exists()

    monkeypatch.setattr("seethink.training.backends.with_trl.run_grpo", lambda *_: pytest.fail("trained again"))
    assert train_grpo(RL, tiny, items, world_images, checksum, tmp_path) == manifest


def test_two_steps_of_sft_change_what_is_not_frozen_and_a_second_call_trains_nothing(
    tiny, demonstrations, world_images, tmp_path, monkeypatch
):
    manifest = train_sft(SFT, tiny, demonstrations, world_images, tmp_path)
    assert changed_parts(tiny, tmp_path / "model") == {"merger", "language"}
    assert len(list(read_rows(tmp_path / "log"))) == 2 and manifest["cost"]["steps"] == 2
    monkeypatch.setattr("seethink.training.backends.with_trl.run_sft", lambda *_: pytest.fail("trained again"))
    assert train_sft(SFT, tiny, demonstrations, world_images, tmp_path) == manifest


def test_sft_learns_what_it_is_shown(tiny, demonstrations, world_images, tmp_path):
    train_sft(SFT.model_copy(update={"steps": 8, "batch": 4}), tiny, demonstrations[:4], world_images, tmp_path)
    losses = [row["loss"] for row in read_rows(tmp_path / "log")]
    assert losses[-1] < losses[0] - 0.5


def test_other_settings_train_anew_in_the_same_folder(tiny, demonstrations, world_images, tmp_path):
    first = train_sft(SFT, tiny, demonstrations, world_images, tmp_path)
    other = train_sft(SFT.model_copy(update={"steps": 1}), tiny, demonstrations, world_images, tmp_path)
    assert (first["cost"]["steps"], other["cost"]["steps"]) == (2, 1)
    assert read_manifest(tmp_path) == other and len(list(read_rows(tmp_path / "log"))) == 1


@pytest.mark.parametrize("training", ["sft", "grpo", "preference", "pretraining"])
def test_a_folder_that_another_run_trains_in_is_refused_and_left_alone(
    tiny, items, demonstrations, world_images, checksum, tmp_path, training
):
    train = {
        "sft": lambda: train_sft(SFT, tiny, demonstrations, world_images, tmp_path),
        "grpo": lambda: train_grpo(RL, tiny, items, world_images, checksum, tmp_path),
        "preference": lambda: train_preference(PreferenceConfig(), tiny, tmp_path),
        "pretraining": lambda: pretrain(PretrainConfig(), tmp_path),
    }[training]
    with only_run(tmp_path), pytest.raises(InputError, match="in use by another run"):
        train()
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]


def test_where_nobody_decides_nothing_is_learnt(tiny, items, world_images, tmp_path):
    def silent(items, responses):
        return [undecided(Outcome.ERROR, "the judge is away") for _ in items]

    train_grpo(RL, tiny, items, world_images, silent, tmp_path)
    assert changed_parts(tiny, tmp_path / "model") == set()


def test_samples_that_are_too_long_are_set_aside_whole_and_counted(tiny, demonstrations, world_images, tmp_path):
    long = demonstrations[0]._replace(response=demonstrations[0].response + " again" * 500)
    config = SFT.model_copy(update={"max_tokens": 600, "steps": 1})
    manifest = train_sft(config, tiny, [long, *demonstrations[1:]], world_images, tmp_path)
    assert manifest["set_aside"] == {"too long": 1}
    [aside] = read_rows(tmp_path / "set_aside")
    assert aside["where"] == long.item.id and "at most 600" in aside["detail"]
    with pytest.raises(InputError, match="longer than max_tokens=600, raise it"):
        train_sft(config, tiny, [long], world_images, tmp_path / "none")
    assert not (tmp_path / "none" / "model").exists() and read_manifest(tmp_path / "none") is None


def refuse(train, *arguments, match):
    out = arguments[-1] / "out"
    with pytest.raises(InputError, match=match):
        train(*arguments[:-1], out)
    assert not (out / "model").exists() and read_manifest(out) is None


def test_too_few_items_or_completions_are_named_before_anything_is_written(
    tiny, items, world_images, checksum, tmp_path
):
    refuse(
        train_grpo, RL, tiny, items[:1], world_images, checksum, tmp_path, match="prompts_per_step=2 .* got 1: lower"
    )
    few = RL.model_copy(update={"completions": 3})
    refuse(train_grpo, few, tiny, items, world_images, checksum, tmp_path, match="completions=3 .*: raise completions")
    assert list(tmp_path.iterdir()) == []


def test_the_same_item_twice_does_not_count_as_two(tiny, items, world_images, checksum, tmp_path):
    refuse(train_grpo, RL, tiny, [items[0], items[0]], world_images, checksum, tmp_path, match="prompts_per_step=2")


@pytest.mark.parametrize("setting", [{"group": 1}, {"device_batch": 3, "group": 4}, {"temperature": 0}])
def test_settings_that_cannot_be_trained_with_are_named(setting):
    with pytest.raises(InputError, match=next(iter(setting))):
        parse_config(GRPOConfig, RL.model_dump() | setting, "a config")


def test_a_part_no_model_has_is_named(tiny, items, world_images, checksum, tmp_path):
    config = RL.model_copy(update={"frozen": ("eyes",)})
    refuse(train_grpo, config, tiny, items, world_images, checksum, tmp_path, match="frozen")


def test_no_demonstrations_are_named(tiny, world_images, tmp_path):
    refuse(train_sft, SFT, tiny, [], world_images, tmp_path, match="no demonstrations: .* see the funnel")
