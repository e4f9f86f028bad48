import pytest
import torch

from seethink.models.load import load_checkpoint
from seethink.training.backends import ghost, with_trl
from seethink.training.backends.ghost import seen_by_all


@pytest.fixture
def collate(tiny):
    """A collator as training makes it, and the model that reads its batches."""
    checkpoint = load_checkpoint(tiny)
    plain = with_trl.DataCollatorForVisionLanguageModeling(checkpoint.processor, completion_only_loss=True)
    return checkpoint.model, plain


def rows(shown, images):
    return [
        {
            "prompt": with_trl.messages(one.item),
            "completion": with_trl.messages(one.item, one.response)[-1:],
            "images": with_trl._pictures(one.item, images),
        }
        for one in shown
    ]


def without_pictures(shown):
    from dataclasses import replace

    return [one._replace(item=replace(one.item, images=())) for one in shown]


def loss(model, batch):
    found = model(**{name: value for name, value in batch.items() if name != "labels"}, use_cache=False).logits
    labels = batch["labels"][:, 1:]
    logps = found[:, :-1].log_softmax(-1).gather(-1, labels.clamp(min=0)[..., None])[..., 0]
    return -(logps * (labels != -100)).sum()


def test_a_batch_without_pictures_goes_through_the_tower_and_learns_the_same(
    collate, demonstrations, world_images, monkeypatch
):
    model, plain = collate
    shown = without_pictures(demonstrations[:2])
    alone = plain(rows(shown, world_images))
    monkeypatch.setattr(ghost, "processes", lambda: 2)
    together = seen_by_all(plain, model.config)(rows(shown, world_images))
    assert len(together["input_ids"]) == 3 and together["pixel_values"].shape[0] == 4
    seen = []
    model.model.visual.register_forward_hook(lambda *_: seen.append(1))
    gradients = []
    for batch in (alone, together):
        model.zero_grad()
        loss(model, batch).backward()
        gradients.append(torch.cat([p.grad.flatten() for p in model.model.language_model.parameters()]))
        merger = [p.grad for p in model.model.visual.merger.parameters()]
    assert seen == [1] and torch.allclose(*gradients, rtol=1e-4, atol=1e-4 * gradients[0].abs().max().item())
    assert all(grad is not None and not grad.any() for grad in merger)


def test_batches_with_pictures_and_lone_processes_are_left_as_they_are(
    collate, demonstrations, world_images, monkeypatch
):
    model, plain = collate
    assert seen_by_all(plain, model.config) is plain
    monkeypatch.setattr(ghost, "processes", lambda: 2)
    assert len(seen_by_all(plain, model.config)(rows(demonstrations[:2], world_images))["input_ids"]) == 2
