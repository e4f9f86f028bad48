"""What a training of a process reward model shares with SFT, on every family."""

import pytest
import torch

from seethink.core.rejected import InputError
from seethink.models.load import save_checkpoint
from seethink.process.collect.rows import LabelledTrace
from seethink.process.prm_config import HeadConfig, PRMConfig
from seethink.process.step_head import Trace, encode, load_step_head, new_step_head
from seethink.process.targets import by_question, kept_back, up_to_first_error
from seethink.process.train import train_prm
from seethink.process.trained import TrainedConfig, TrainedSteps
from seethink.training.lora import merge_run
from seethink.training.settings import LoRA

QUICK = {"learning_rate": 1e-3, "head_learning_rate": 1e-2, "batch": 4, "epochs": 1}
STEPS = ("I see a1 red circle.", "Plan: count the red ones.", "That makes 1.")


@pytest.fixture(scope="module")
def traces(world_items):
    """Eight traces of one to three steps, all labelled."""
    lengths = [3, 1, 2, 3, 1, 1, 2, 3]
    return [
        LabelledTrace(item.question, item.images, STEPS[:n], tuple((k + n) % 3 / 2 for k in range(n)))
        for item, n in zip(world_items[:8], lengths, strict=True)
    ]


@pytest.fixture
def trained(tiny, traces, world_images, world_items, tmp_path):
    """The scores of one item after a training with these settings."""

    def run(name, base=tiny, **settings):
        out = tmp_path / name
        manifest = train_prm(PRMConfig(**QUICK | settings), base, traces, world_images, out)
        folder = out / ("model" if (out / "model").is_dir() else "adapter")
        scorer = TrainedSteps(TrainedConfig(model=str(folder)), world_images)
        return manifest, scorer.score_steps(world_items[9], STEPS)

    return run


@pytest.mark.parametrize(
    ("family", "kind"),
    [("qwen2_5_vl", "tokens"), ("qwen2_vl", "linear"), ("qwen3_vl", "linear"), ("qwen3_vl", "tokens")],
)
def test_every_family_is_trained_saved_read_and_scores(
    family, kind, tiny_families, trained, world_images, world_items, tmp_path
):
    model, processor = tiny_families(family)
    base = save_checkpoint(model, processor, tmp_path / "base")
    untrained = new_step_head(base, HeadConfig(kind=kind), seed=0)
    before = TrainedSteps(TrainedConfig(model="-"), world_images, checkpoint=untrained).score_steps(
        world_items[9], STEPS
    )
    manifest, after = trained(family, base, head=HeadConfig(kind=kind))
    assert manifest["cost"]["steps"] == 2 and manifest["cost"]["trained_vision"] == 0
    assert all(0 < score < 1 for score in after) and after != before


def test_adapters_are_merged_or_read_beside_the_head(trained, tmp_path):
    lora = LoRA(rank=4, base_dtype="float32")
    manifest, merged = trained("merged", lora=lora)
    assert 0 < manifest["cost"]["trained_language"] < 100_000 and manifest["cost"]["trained_merger"] == 0
    assert not list((tmp_path / "merged").rglob("*.bin"))
    _, beside = trained("beside", lora=lora.model_copy(update={"merged": False}))
    assert not (tmp_path / "beside" / "model").exists()
    assert beside == pytest.approx(merged, abs=1e-5)
    merge_run(tmp_path / "beside")
    assert load_step_head(tmp_path / "beside" / "model").model.head is not None


def test_a_head_alone_can_be_trained_and_two_words_cannot(tiny, trained):
    frozen = ("vision", "merger", "language")
    manifest, _ = trained("head", frozen=frozen)
    hidden = new_step_head(tiny, HeadConfig(), seed=0).model.head.in_features
    told = {name: count for name, count in manifest["cost"].items() if name.startswith("trained_")}
    assert {name for name, count in told.items() if count} == {"trained_head"} and told["trained_head"] == hidden + 1
    with pytest.raises(InputError, match="nothing is trained"):
        trained("words", frozen=frozen, head=HeadConfig(kind="tokens"))


def test_an_adapter_in_another_format_is_not_read(trained, tmp_path):
    trained("pickled", lora=LoRA(rank=4, merged=False))
    weights = tmp_path / "pickled" / "adapter" / "adapter_model.safetensors"
    weights.rename(weights.with_suffix(".bin"))
    with pytest.raises(InputError, match="other formats are not read"):
        load_step_head(tmp_path / "pickled" / "adapter")


def test_recomputed_activations_and_small_forwards_change_nothing(trained):
    _, plain = trained("plain")
    # A forward of two traces holds between two and six labelled steps.
    for name, settings in (("recomputed", {"gradient_checkpointing": True}), ("small", {"device_batch": 2})):
        assert trained(name, **settings)[1] == pytest.approx(plain, abs=1e-4), name


def test_adapters_learn_with_recomputed_activations(trained):
    lora = LoRA(rank=4, base_dtype="float32")
    _, plain = trained("plain", lora=lora)
    _, recomputed = trained("recomputed", lora=lora, gradient_checkpointing=True)
    assert recomputed == pytest.approx(plain, abs=1e-4)


@pytest.mark.parametrize("kind", ["linear", "tokens"])
def test_the_head_is_in_full_precision_under_autocast(kind, tiny, world_items, world_images):
    made = new_step_head(tiny, HeadConfig(kind=kind), seed=0)
    inputs = encode(made, [Trace("How many?", (world_images.open(world_items[0].images[0]),), STEPS)]).inputs
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        told_BT = made.model(**inputs)
        states_BTH = made.model.writer.model(**inputs, use_cache=False).last_hidden_state
    with torch.no_grad():
        assert told_BT.dtype == torch.float32
        assert torch.equal(told_BT, made.model._said(states_BTH.float()))


def test_training_in_bfloat16_runs_and_keeps_full_weights(trained, tmp_path):
    trained("half", dtype="bfloat16")
    assert load_step_head(tmp_path / "half" / "model").model.writer.dtype == torch.float32


def test_only_steps_up_to_the_first_error_teach():
    long = LabelledTrace("q", (), ("a", "b", "c"), (1.0, 0.0, 1.0))
    # Its second step is the other's, and so is its label.
    other = LabelledTrace("q", (), ("a", "b", "d"), (None, None, 1.0))
    elsewhere = LabelledTrace("r", (), ("a", "b", "d"), (None, None, 1.0))
    first, second, third = up_to_first_error([long, other, elsewhere], 0.2)
    assert first.values == (1.0, 0.0, None) and second.values == (None, None, None) and third == elsewhere


def test_a_question_is_kept_back_whole_and_stays_together():
    traces = [LabelledTrace(str(n % 10), (), (str(n),), (1.0,)) for n in range(40)]
    taught, back = kept_back(traces, 0.2, seed=0)
    assert len(back) == 8 and not {one.question for one in taught} & {one.question for one in back}
    order = [one.question for one in by_question(traces, 2, seed=0)]
    assert len(order) == 80 and all(len(set(order[start : start + 4])) == 1 for start in range(0, 80, 4))


def test_pairs_teach_which_plan_is_better(world_items, world_images, tmp_path):
    good, bad = "Plan: count the red ones.", "Plan: count the ones that are not red."
    traces = [
        LabelledTrace(item.question, item.images, (plan,), (value,))
        for item in world_items[:8]
        for plan, value in ((good, 1.0), (bad, 0.0))
    ]
    config = PRMConfig(**QUICK | {"batch": 16, "epochs": 12}, loss="pairs")
    train_prm(config, "base", traces, world_images, tmp_path)
    scorer = TrainedSteps(TrainedConfig(model=str(tmp_path / "model")), world_images)
    [better], [worse] = scorer.score_many([world_items[9]] * 2, [[good], [bad]])
    assert better > worse + 0.2
