import functools

import pytest
import torch
from transformers import Trainer

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.models.load import load_checkpoint, weights_hash
from seethink.training import pretrain as module
from seethink.training.pretrain import Collator, Examples, PretrainConfig, patchify, pretrain
from seethink.world.grammar import describe
from seethink.world.questions import Rendering, as_item, question
from seethink.world.traces import pretraining_example

WINDOW = 16


@pytest.fixture(scope="module")
def processor(tiny):
    return load_checkpoint(tiny).processor


def examples_of(seed, batch, steps, **settings):
    return Examples(PretrainConfig(seed=seed, batch=batch, steps=steps, **{"seeing": 0, **settings}))


def test_examples_are_the_same_whichever_is_read_first():
    forward, backward = (examples_of(3, 4, 40, seeing=20) for _ in range(2))
    assert [forward[i] for i in range(150)] == [backward[i] for i in reversed(range(150))][::-1]
    assert len(forward) == 160


def test_a_window_holds_each_of_its_examples_once_in_batches_of_like_length():
    batch = 4
    examples = examples_of(3, batch, 2 * WINDOW)
    for first in (0, WINDOW * batch):
        read = [examples[first + i] for i in range(WINDOW * batch)]
        plain = [pretraining_example(3, first + i) for i in range(WINDOW * batch)]
        assert sorted(map(repr, read)) == sorted(map(repr, plain)) and read != plain

    def spread(rows):
        groups = [[len(one.response) for one in rows[i : i + batch]] for i in range(0, len(rows), batch)]
        return sum(max(group) - min(group) for group in groups)

    assert spread(read) < 0.5 * spread(plain)


def test_another_seed_and_another_half_of_flaws_are_other_examples():
    one, other = examples_of(3, 4, 8), examples_of(4, 4, 8)
    assert [one[i] for i in range(8)] != [other[i] for i in range(8)]
    assert [pretraining_example(3, i) for i in range(40)] != [pretraining_example(3, i, flaws=1) for i in range(40)]


def test_the_first_steps_teach_seeing_alone():
    examples = examples_of(3, 4, 2 * WINDOW, seeing=WINDOW)
    seeing, mixture = ([examples[first + i] for i in range(WINDOW * 4)] for first in (0, WINDOW * 4))
    assert {example.response for example in seeing} == {
        f"<think>I see {describe(question(3, index).picture)}." for index in range(WINDOW * 4)
    }
    assert {example.rendering for example in seeing} == {Rendering.PICTURE}
    assert sum("</answer>" in example.response for example in mixture) > WINDOW * 2


def test_only_the_response_is_learnt_after_the_prompt_that_everybody_uses(processor, tmp_path):
    images, collate = ImageStore(tmp_path), Collator(processor)
    examples = [pretraining_example(5, index) for index in range(30)]
    assert {example.rendering for example in examples} == set(Rendering)
    for example in examples:
        row = collate([example])
        ids, labels = row["input_ids"][0], row["labels"][0]
        learnt = ids[labels != -100]
        assert processor.tokenizer.decode(learnt) == example.response + processor.tokenizer.eos_token
        item = as_item(example.question, images, example.rendering)
        text = processor.apply_chat_template(messages(item), add_generation_prompt=True, tokenize=False)
        shown = [images.open(digest) for digest in item.images]
        prompt = processor(text=[text], images=shown or None, return_tensors="pt")
        start = int((labels != -100).nonzero()[0])
        assert torch.equal(ids[:start], prompt["input_ids"][0])
        if shown:
            assert torch.allclose(row["pixel_values"], prompt["pixel_values"], atol=1e-6)
            assert torch.equal(row["image_grid_thw"], prompt["image_grid_thw"])


def test_a_batch_masks_its_padding_and_marks_its_pictures(processor):
    rows = Collator(processor)([pretraining_example(5, index) for index in range(8)])
    padded = rows["attention_mask"] == 0
    assert padded.any() and (rows["labels"][padded] == -100).all()
    assert torch.equal(rows["mm_token_type_ids"].bool(), rows["input_ids"] == processor.image_token_id)
    assert rows["input_ids"].shape[1] % 16 == 0 and rows["pixel_values"].dtype is torch.float32


def test_patches_of_one_picture_are_those_of_a_batch(processor):
    import numpy as np

    pictures = np.random.default_rng(0).integers(0, 256, (3, 84, 56, 3), dtype=np.uint8)
    cut = patchify(pictures, processor)
    assert torch.equal(cut, torch.cat([patchify(one[None], processor) for one in pictures]))
    assert cut.shape == (3 * 6 * 4, 3 * 2 * 14 * 14)


@pytest.fixture
def quick(monkeypatch):
    """Pretraining whose merges are learnt on little text, with the global precision put back afterwards."""
    monkeypatch.setattr(module, "tokenizer_corpus", functools.partial(module.tokenizer_corpus, 300))
    precision = torch.get_float32_matmul_precision()
    yield PretrainConfig(steps=3, batch=2, checkpoint_every=1)
    torch.set_float32_matmul_precision(precision)


def test_pretraining_stopped_and_called_again_ends_with_the_same_model(quick, tmp_path, monkeypatch):
    whole, step = pretrain(quick, tmp_path / "whole"), Trainer.training_step

    def stopped(trainer, *arguments, **named):
        if trainer.state.global_step == 2:
            raise KeyboardInterrupt
        return step(trainer, *arguments, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "training_step", stopped)
        pretrain(quick, tmp_path / "stopped")
    assert weights_hash(pretrain(quick, tmp_path / "stopped")) == weights_hash(whole)


def test_the_pretrained_model_is_small_and_loads(quick, tmp_path):
    folder = pretrain(quick.model_copy(update={"steps": 1}), tmp_path)
    assert sum(file.stat().st_size for file in folder.iterdir()) < 8_000_000
    assert load_checkpoint(folder).processor.tokenizer.padding_side == "left"
