import pytest

from seethink.core.item import make_item
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest, read_rows
from seethink.models.load import weights_hash
from seethink.models.processor import load_processor
from seethink.models.tokens import SampleTokens, sample_tokens
from seethink.training.backends import with_trl
from seethink.training.samples import Demonstration, fitting
from seethink.training.sft import SFTConfig
from seethink.training.spikes import SpikeConfig, row_order
from seethink.training.train import train_sft
from seethink.world.questions import as_item, question
from seethink.world.traces import response

BATCH, STEPS, BAD = 2, 14, 11
CONFIG = SFTConfig(
    steps=STEPS,
    batch=BATCH,
    learning_rate=1e-4,
    warmup=0.0,
    checkpoint_every=2,
    spikes=SpikeConfig(first=5, deviations=6.0, nats=1.0, reruns=1),
)


@pytest.fixture(scope="module")
def planted(world_images):
    """Demonstrations of the world, but what the rows of step ``BAD`` show is no language at all."""
    asked = [question(5, index) for index in range(BATCH * STEPS)]
    shown = [Demonstration(as_item(one, world_images), response(one, right=True)) for one in asked]
    for row in row_order(len(shown), BATCH, STEPS, CONFIG.seed).rows[(BAD - 1) * BATCH : BAD * BATCH]:
        shown[row] = shown[row]._replace(response="}~^|" * 40)
    return shown


def losses(out):
    return [row["loss"] for row in read_rows(out / "log")]


def test_a_run_whose_loss_jumps_goes_back_and_on_without_the_rows_it_broke_on(planted, world_images, tmp_path):
    manifest = train_sft(CONFIG, "base", planted, world_images, tmp_path)
    [rerun] = manifest["reruns"]
    assert (rerun["step"], rerun["why"], rerun["back_to"], rerun["rows_left_out"]) == (BAD, "jump", 8, 2 * BATCH)
    assert rerun["loss"] > 5 * rerun["expected"]
    assert len(losses(tmp_path)) == STEPS and max(losses(tmp_path)) < rerun["loss"] / 2
    aside = list(read_rows(tmp_path / "set_aside"))
    bad = {one.item.id for one in planted if one.response.startswith("}~")}
    assert bad < {row["where"] for row in aside} and {row["reason"] for row in aside} == {"loss spike"}
    assert manifest["set_aside"] == {"loss spike": 2 * BATCH} and manifest["cost"]["reruns"] == 1


def test_without_a_watch_the_same_run_ends_with_its_spike(planted, world_images, tmp_path):
    manifest = train_sft(CONFIG.model_copy(update={"spikes": None}), "base", planted, world_images, tmp_path)
    assert manifest["reruns"] == [] and losses(tmp_path).index(max(losses(tmp_path))) == BAD - 1


def test_a_loss_that_keeps_jumping_ends_the_run_with_a_remedy(planted, world_images, tmp_path):
    config = CONFIG.model_copy(update={"spikes": CONFIG.spikes.model_copy(update={"reruns": 0})})
    with pytest.raises(InputError, match=rf"step {BAD}: the loss is .* after 0 reruns: lower learning_rate"):
        train_sft(config, "base", planted, world_images, tmp_path)
    assert read_manifest(tmp_path) is None and not (tmp_path / "model").exists()


def test_a_rerun_that_is_killed_goes_on_as_if_it_had_not_been(planted, world_images, tmp_path, monkeypatch):
    train_sft(CONFIG, "base", planted, world_images, tmp_path / "whole")
    step, ended = with_trl.trl.SFTTrainer.training_step, []

    def killed(trainer, *arguments, **named):
        ended.append(trainer.state.global_step)
        # Only the rerun comes to this step.
        if trainer.state.global_step == BAD + 1:
            raise KeyboardInterrupt
        return step(trainer, *arguments, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(with_trl.trl.SFTTrainer, "training_step", killed)
        train_sft(CONFIG, "base", planted, world_images, tmp_path / "cut")
    manifest = train_sft(CONFIG, "base", planted, world_images, tmp_path / "cut")
    assert len(manifest["reruns"]) == 1 and ended[-2:] == [BAD, BAD + 1]
    assert weights_hash(tmp_path / "cut" / "model") == weights_hash(tmp_path / "whole" / "model")


# The budget


@pytest.fixture(scope="module")
def processor(tiny):
    return load_processor(tiny)


def test_tokens_are_counted_as_training_reads_them(processor, demonstrations, world_images):
    shown = demonstrations[:3]
    rows = [
        {
            "prompt": with_trl.messages(one.item),
            "completion": with_trl.messages(one.item, one.response)[-1:],
            "images": with_trl._pictures(one.item, world_images),
        }
        for one in shown
    ]
    collated = with_trl.trl.trainer.sft_trainer.DataCollatorForVisionLanguageModeling(
        processor, completion_only_loss=True
    )(rows)
    found = list(sample_tokens(processor, shown, world_images))
    assert [one.total for one in found] == collated["attention_mask"].sum(1).tolist()
    assert [one.completion for one in found] == (collated["labels"] != -100).sum(1).tolist()
    assert [one.picture for one in found] == (collated["input_ids"] == processor.image_token_id).sum(1).tolist()
    alone = list(sample_tokens(processor, [(one.item, None) for one in shown], world_images))
    assert alone == [SampleTokens(one.picture, one.prompt, 0) for one in found]


def test_a_sample_over_the_budget_is_set_aside_whole(processor, demonstrations, world_images):
    lengths = [one.total for one in sample_tokens(processor, demonstrations, world_images)]
    budget = sorted(lengths)[len(lengths) // 2]
    kept, aside = fitting(processor, demonstrations, world_images, budget)
    assert kept == [one for one, length in zip(demonstrations, lengths, strict=True) if length <= budget]
    assert {row.reason for row in aside} == {"too long"} and len(kept) + len(aside) == len(demonstrations)
    assert f"at most {budget}" in aside[0].detail and "picture" in aside[0].detail


@pytest.mark.parametrize("field", ["question", "response"])
def test_text_that_would_be_read_as_a_picture_or_a_turn_is_set_aside(processor, demonstrations, world_images, field):
    first, *rest = demonstrations
    item = make_item(source="w", question="What is <|image_pad|> this?", gold="1", verifier="digit")
    hostile = Demonstration(item, "1") if field == "question" else first._replace(response="yes<|im_end|>no")
    kept, [aside] = fitting(processor, [hostile, *rest], world_images, 4_096)
    assert len(kept) == len(rest) and aside.reason == "text holds a control token" and "take it out" in aside.detail


def test_a_picture_that_is_gone_or_too_narrow_is_set_aside(processor, demonstrations, tmp_path):
    from PIL import Image

    from seethink.core.images import ImageStore, png_bytes

    images = ImageStore(tmp_path)
    thin = images.add(png_bytes(Image.new("RGB", (2000, 2))))
    good = images.add(png_bytes(Image.new("RGB", (56, 56))))
    rows = [
        Demonstration(make_item(source="w", question="?", gold="1", verifier="digit", images=(digest,)), "1")
        for digest in (thin, "0" * 64, good)
    ]
    kept, aside = fitting(processor, rows, images, 4_096)
    assert kept == rows[2:] and {row.reason for row in aside} == {"picture the model cannot take"}


def test_where_nothing_fits_the_budget_is_named(processor, demonstrations, world_images):
    with pytest.raises(InputError, match=r"too long: 8.*max_tokens=20, raise it or lower max_pixels"):
        fitting(processor, demonstrations, world_images, 20)
