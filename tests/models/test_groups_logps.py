"""Groups that share their prompt against one row per completion, as transformers computes it."""

from __future__ import annotations

import pytest
import torch

from seethink.models.groups import group_logps, picture_features, take
from seethink.models.groups import head as head_module


def close(found, expected):
    """Log-probabilities within 1e-5, entropies (nats, up to 7) within 5e-5."""
    for one, other, bound in zip(found, expected, (1e-5, 5e-5), strict=True):
        assert (one - other).abs().max() < bound


def gradients(model, logps, entropies):
    """Of a loss that weighs every token differently."""
    weights = torch.randn(logps.shape, generator=torch.Generator().manual_seed(1))
    model.zero_grad()
    (weights * logps + 0.3 * weights.flip(0) * entropies).sum().backward()
    return {name: one.grad.clone() for name, one in model.named_parameters() if one.grad is not None}


def relative(found, expected):
    assert found.keys() == expected.keys() and found
    apart = sum((found[name] - expected[name]).square().sum() for name in found).sqrt()
    return float(apart / sum(one.square().sum() for one in expected.values()).sqrt())


@pytest.fixture(scope="module")
def expected(family, checkpoint, told, one_by_one):
    """Of this family: scores and gradients, everything trained."""
    scores = one_by_one(family, checkpoint, told)
    return [one.detach() for one in scores], gradients(family, *scores)


def test_every_completion_is_scored_as_if_it_were_alone(family, told, expected):
    with torch.no_grad():
        found = group_logps(family, *told[1:], entropy=True)
    close(found, expected[0])
    assert not found.logps_PGC[told.mask_PGC == 0].any()


def test_gradients_are_those_of_one_row_per_completion(family, told, expected):
    found = group_logps(family, *told[1:], entropy=True)
    assert relative(gradients(family, *found), expected[1]) < 1e-5


def test_two_threads_find_the_same_gradients_every_time(family, told):
    """A thousand completions of one token hang on one state, and each of them sends it a gradient."""
    prompt, ids_PGC = take(told.prompts, [0]), told.ids_PGC[:1, :1, :1].expand(1, 1000, 1)
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        scores = (group_logps(family, prompt, ids_PGC, torch.ones_like(ids_PGC), entropy=True) for _ in range(5))
        first, *others = (gradients(family, *found) for found in scores)
    finally:
        torch.set_num_threads(threads)
    assert all(torch.equal(first[name], other[name]) for other in others for name in first)


@pytest.mark.parametrize("reentrant", [False, True])
def test_gradient_checkpointing_changes_no_gradient(family, told, expected, reentrant):
    family.gradient_checkpointing_enable({"use_reentrant": reentrant})
    family.train()
    try:
        found = group_logps(family, *told[1:], entropy=True)
        assert relative(gradients(family, *found), expected[1]) < 1e-5
    finally:
        family.gradient_checkpointing_disable()
        family.eval()


def test_a_vocabulary_held_in_parts_changes_nothing(family, told, expected, monkeypatch):
    monkeypatch.setattr(head_module, "LOGITS", 5 * family.lm_head.out_features)
    found = group_logps(family, *told[1:], entropy=True)
    close([one.detach() for one in found], expected[0])
    assert relative(gradients(family, *found), expected[1]) < 1e-5


def test_the_temperature_is_that_of_sampling(family, checkpoint, told, one_by_one):
    with torch.no_grad():
        close(
            group_logps(family, *told[1:], temperature=0.7, entropy=True),
            one_by_one(family, checkpoint, told, temperature=0.7),
        )


def test_a_frozen_tower_is_run_once_for_all_passes(family, told, expected):
    family.model.visual.requires_grad_(False)
    try:
        seen = patches_seen(family)
        features = picture_features(family, told.prompts)
        for _ in range(2):
            found = group_logps(family, *told[1:], entropy=True, features=features)
        assert seen == [sum(len(pixels) for pixels in told.prompts.pixels)]
        trained = {name: one for name, one in expected[1].items() if not name.startswith("model.visual")}
        assert relative(gradients(family, *found), trained) < 1e-5
    finally:
        family.model.visual.requires_grad_(True)


def test_a_trained_tower_sees_the_pictures_of_a_group_once(family, told):
    group_logps(family, *told[1:])
    seen = patches_seen(family)
    group_logps(family, *told[1:])
    assert seen == [sum(len(told.prompts.pixels[place]) for places in told.prompts.pictures_P for place in places)]


def test_adapters_are_trained_the_same(checkpoint, told, tiny_family, family, one_by_one):
    from peft import LoraConfig, get_peft_model

    base = tiny_family(family.config.model_type, checkpoint)
    names = ["q_proj", "v_proj", "down_proj", "lm_head", "qkv"]
    model = get_peft_model(base, LoraConfig(r=4, target_modules=names, init_lora_weights=False)).eval()
    expected = gradients(model, *one_by_one(model, checkpoint, told))
    found = group_logps(model, *told[1:], entropy=True)
    assert relative(gradients(model, *found), expected) < 1e-5


def test_half_precision_rounds_and_no_more(checkpoint, told, tiny_family, family, expected):
    model = tiny_family(family.config.model_type, checkpoint).bfloat16()
    with torch.no_grad():
        rounded = group_logps(model, *told[1:]).logps_PGC - expected[0][0]
    assert rounded[told.mask_PGC == 1].square().mean().sqrt() < 0.2


def test_a_row_holds_every_token_once(checkpoint, told):
    """A prompt once, and of each completion all tokens but the last, which nothing follows."""
    lengths = []
    handle = checkpoint.model.model.language_model.register_forward_hook(
        lambda module, arguments, named, output: lengths.append(named["inputs_embeds"].shape[1]), with_kwargs=True
    )
    with torch.no_grad():
        group_logps(checkpoint.model, *told[1:])
    handle.remove()
    said = (told.mask_PGC.sum(-1) - 1).clamp(min=0).sum()
    assert lengths[-1] == sum(len(ids_T) for ids_T in told.prompts.ids_P) + said


def test_features_of_the_whole_fit_a_part(checkpoint, told):
    features = picture_features(checkpoint.model, told.prompts)
    with torch.no_grad():
        whole = group_logps(checkpoint.model, *told[1:]).logps_PGC
        part = group_logps(
            checkpoint.model, take(told.prompts, [3, 2]), told.ids_PGC[[3, 2]], told.mask_PGC[[3, 2]], features=features
        ).logps_PGC
    assert (part - whole[[3, 2]]).abs().max() < 1e-5


def test_a_picture_token_in_a_completion_is_refused(checkpoint, told):
    ids_PGC = told.ids_PGC.clone()
    ids_PGC[0, 0, 0] = checkpoint.model.config.image_token_id
    with pytest.raises(ValueError, match="stands for a picture"):
        group_logps(checkpoint.model, told.prompts, ids_PGC, told.mask_PGC)


def patches_seen(model):
    """Patches of each run of the vision tower from here on."""
    seen = []
    model.model.visual.patch_embed.register_forward_hook(lambda module, given, output: seen.append(len(output)))
    return seen
