import pytest
import torch
from transformers import Trainer

from seethink.core.config import parse_config
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest, read_rows
from seethink.models.load import load_checkpoint, weights_hash
from seethink.models.score_head import load_scorer, new_scorer
from seethink.training.preference import PairCollator, Pairs, PreferenceConfig, preference_loss, train_preference
from seethink.world.preferences import preference_pair

QUICK = PreferenceConfig(steps=3, batch=4, learning_rate=1e-3, warmup=0.0, checkpoint_every=1)


def test_the_loss_is_that_of_bradley_and_terry():
    better, worse = torch.tensor([2.0, 0.0, -1.0]), torch.tensor([0.0, 0.0, 1.0])
    wins = torch.sigmoid(better - worse)
    assert preference_loss(better, worse).item() == pytest.approx(-wins.log().mean().item())
    assert preference_loss(better, worse) < preference_loss(worse, better) + 1e-6


def test_a_batch_holds_the_better_answers_and_then_the_worse_ones(tiny):
    model, processor, _ = new_scorer(tiny, seed=0)
    pairs = [Pairs(QUICK)[index] for index in range(4)]
    batch = PairCollator(processor)(pairs)
    shown = processor.tokenizer.batch_decode(batch["input_ids"])
    said = [*(pair.better for pair in pairs), *(pair.worse for pair in pairs)]
    assert all(f"assistant\n{answer}<|im_end|>" in text for answer, text in zip(said, shown, strict=True))
    patches = batch["pixel_values"].view(8, -1)
    assert patches[:4].equal(patches[4:]) and model(**batch).logits.shape == (8, 1)


def test_the_pairs_are_of_the_training_split_in_order():
    pairs = Pairs(QUICK)
    assert len(pairs) == 12
    assert [pairs[index] for index in range(12)] == [preference_pair(QUICK.seed, index) for index in range(12)]


def test_a_scorer_learns_the_pairs_it_is_shown_and_leaves_the_vision_tower_alone(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr(Pairs, "__getitem__", lambda self, index: preference_pair(1, index % 8))
    config = QUICK.model_copy(update={"steps": 50, "batch": 8, "checkpoint_every": 100})
    manifest = train_preference(config, tiny, tmp_path)
    first, last = (row["loss"] for row in read_rows(tmp_path / "log"))
    assert last < 0.5 * first and manifest["cost"]["steps"] == 50 and manifest["cost"]["trained_vision"] == 0
    before = dict(load_checkpoint(tiny).model.named_parameters())
    after = dict(load_scorer(tmp_path / "model").model.named_parameters())
    same = {name for name in before if name in after and before[name].equal(after[name])}
    assert same == {name for name in before if name.startswith(("model.visual.blocks.", "model.visual.patch_embed."))}
    assert not (tmp_path / "checkpoints").exists()


def test_a_run_that_was_stopped_ends_with_the_weights_of_a_whole_one(tiny, tmp_path, monkeypatch):
    train_preference(QUICK, tiny, tmp_path / "whole")
    step, computed = Trainer.training_step, []

    def stopped(trainer, *arguments, **named):
        if trainer.state.global_step == 2:
            raise KeyboardInterrupt
        return step(trainer, *arguments, **named)

    def counted(trainer, *arguments, **named):
        computed.append(trainer.state.global_step)
        return step(trainer, *arguments, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "training_step", stopped)
        train_preference(QUICK, tiny, tmp_path / "cut")
    assert not (tmp_path / "cut" / "model").exists()
    monkeypatch.setattr(Trainer, "training_step", counted)
    train_preference(QUICK, tiny, tmp_path / "cut")
    assert computed == [2]
    assert weights_hash(tmp_path / "cut" / "model") == weights_hash(tmp_path / "whole" / "model")


def test_a_finished_run_is_not_trained_again(tiny, tmp_path, monkeypatch):
    config = QUICK.model_copy(update={"steps": 1})
    manifest = train_preference(config, tiny, tmp_path)
    monkeypatch.setattr(Trainer, "train", lambda *_, **__: pytest.fail("trained again"))
    assert train_preference(config, tiny, tmp_path) == manifest == read_manifest(tmp_path)


def test_settings_that_cannot_be_trained_with_are_named(tiny, tmp_path):
    with pytest.raises(InputError, match="device_batch must divide batch=4"):
        parse_config(PreferenceConfig, QUICK.model_dump() | {"device_batch": 3}, "a config")
    with pytest.raises(InputError, match="gone: no weights there"):
        train_preference(QUICK, tmp_path / "gone", tmp_path / "out")
    assert read_manifest(tmp_path / "out") is None
