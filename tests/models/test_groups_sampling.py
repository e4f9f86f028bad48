"""Completions decoded over one prefix against plain generation."""

from __future__ import annotations

from copy import deepcopy

import pytest
import torch
from scipy.stats import chisquare

from seethink.models.groups import encode_prompts, group_logps, picture_features, sample_groups, vision_tokens
from seethink.models.sampling import Prompt, sample


def drawn(model, prompts, checkpoint, **named):
    tokenizer = checkpoint.processor.tokenizer
    return sample_groups(model, prompts, end=tokenizer.eos_token_id, pad=tokenizer.pad_token_id, **named)


def test_greedy_is_what_generate_writes_for_each_prompt_alone(family, checkpoint, told, encode):
    found = drawn(family, told.prompts, checkpoint, draws=3, temperature=0.0, max_tokens=12)
    for prompt, ids_GC, mask_GC in zip(told.asked, found.ids_PGC, found.mask_PGC.bool(), strict=True):
        inputs = encode(checkpoint, [prompt])
        output = family.generate(
            **inputs,
            do_sample=False,
            max_new_tokens=12,
            suppress_tokens=vision_tokens(family),
            eos_token_id=checkpoint.processor.tokenizer.eos_token_id,
            pad_token_id=checkpoint.processor.tokenizer.pad_token_id,
        )
        for ids_C, mask_C in zip(ids_GC, mask_GC, strict=True):
            assert ids_C[mask_C].tolist() == output[0, inputs["input_ids"].shape[1] :].tolist()


def test_every_drawn_token_has_the_probability_it_was_drawn_with(family, checkpoint, told):
    """Over many lengths, so that rows that have ended are dropped on the way."""
    model = eager_to_end(family, checkpoint)
    found = drawn(model, told.prompts, checkpoint, draws=8, max_tokens=40, temperature=0.8, seed=0, logps=True)
    lengths = found.mask_PGC.sum(-1).flatten()
    assert lengths.min() < 5 and lengths.max() > 12
    with torch.no_grad():
        scored = group_logps(model, told.prompts, found.ids_PGC, found.mask_PGC, temperature=0.8)
    assert (scored.logps_PGC - found.logps_PGC).abs().max() < 1e-4


def test_a_draw_ends_at_its_end_token_and_holds_padding_behind_it(checkpoint, told):
    model, end = eager_to_end(checkpoint.model, checkpoint), checkpoint.processor.tokenizer.eos_token_id
    found = drawn(model, told.prompts, checkpoint, draws=8, max_tokens=12, seed=0)
    for ids_C, mask_C, ended in zip(
        found.ids_PGC.flatten(0, 1), found.mask_PGC.flatten(0, 1).bool(), found.ended_PG.flatten(), strict=True
    ):
        said = ids_C[mask_C].tolist()
        assert end not in said[:-1] and ended == (said[-1] == end) and (ended or len(said) == 12)
        assert set(ids_C[~mask_C].tolist()) <= {checkpoint.processor.tokenizer.pad_token_id}


@pytest.mark.parametrize("temperature", [0.3, 0.6])
def test_draws_have_the_distribution_of_plain_generation(checkpoint, prompts, encode, temperature):
    """First two tokens of 4,000 draws against their exact probabilities, every pair with five or more expected."""
    model, count = checkpoint.model, 4000
    encoded = encode_prompts(checkpoint.processor, prompts[:1])
    found = drawn(model, encoded, checkpoint, draws=count, max_tokens=2, temperature=temperature, seed=0).ids_PGC[0]
    inputs = encode(checkpoint, prompts[:1])
    first_V = allowed(model, inputs, [], temperature)
    expected, observed = [], []
    for first in first_V.topk(8).indices.tolist():
        second_V = first_V[first] * allowed(model, inputs, [first], temperature)
        if first == checkpoint.processor.tokenizer.eos_token_id:
            continue
        for second in (second_V * count > 5).nonzero().flatten().tolist():
            expected.append(float(second_V[second]) * count)
            observed.append(int(((found[:, 0] == first) & (found[:, 1] == second)).sum()))
    assert len(expected) > 10
    rest = count - sum(expected)
    assert chisquare([*observed, count - sum(observed)], [*expected, rest]).pvalue > 0.01
    other = drawn(model, encoded, checkpoint, draws=count, max_tokens=2, temperature=temperature * 1.15, seed=0)
    counts = torch.bincount(other.ids_PGC[0, :, 0], minlength=len(first_V)).double()
    likely = first_V * count > 5
    assert power(counts, first_V.double() * count, likely) < 1e-3


def power(observed_V, expected_V, likely_V):
    observed = [*observed_V[likely_V].tolist(), float(observed_V[~likely_V].sum())]
    expected = [*expected_V[likely_V].tolist(), float(expected_V[~likely_V].sum())]
    return chisquare(observed, [one * sum(observed) / sum(expected) for one in expected]).pvalue


def allowed(model, inputs, said, temperature):
    """Next-token probabilities behind ``said``, by the model's own forward over all tokens."""
    said_1T = torch.tensor([said], dtype=torch.long)
    inputs = dict(inputs) | {"input_ids": torch.cat([inputs["input_ids"], said_1T], dim=1)}
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(said_1T)], dim=1)
    with torch.no_grad():
        logits_V = model(**inputs).logits[0, -1]
    logits_V[vision_tokens(model)] = -torch.inf
    return (logits_V / temperature).softmax(-1)


def test_a_started_response_is_gone_on_with(checkpoint, prompts):
    """As text or as ids; what was started is not repeated."""
    tokenizer = checkpoint.processor.tokenizer
    [[whole]] = sample(checkpoint, prompts[:1], temperature=0, max_tokens=12)
    ids = (
        drawn(checkpoint.model, encode_prompts(checkpoint.processor, prompts[:1]), checkpoint, draws=1, temperature=0.0)
        .ids_PGC[0, 0, :12]
        .tolist()
    )
    [[rest]] = sample(checkpoint, [prompts[0]._replace(started=ids[:5])], temperature=0, max_tokens=7)
    assert tokenizer.decode(ids[:5]) + rest.text == whole.text
    started = "<think>I see"
    by_text, by_ids = (
        sample(checkpoint, [prompts[0]._replace(started=one)], temperature=0, max_tokens=7)
        for one in (started, tokenizer(started, add_special_tokens=False)["input_ids"])
    )
    assert list(by_text) == list(by_ids)


def test_a_control_token_in_a_started_response_is_text(checkpoint, prompts):
    [ids_T] = encode_prompts(checkpoint.processor, [prompts[0]._replace(started="<|image_pad|>")]).ids_P
    [plain_T] = encode_prompts(checkpoint.processor, prompts[:1]).ids_P
    mark = checkpoint.model.config.image_token_id
    assert len(ids_T) > len(plain_T) + 1 and (ids_T == mark).sum() == (plain_T == mark).sum()


def test_a_picture_is_processed_and_seen_once_however_often_it_is_asked_about(checkpoint, prompts):
    same = [prompts[0], prompts[0]._replace(images=[prompts[0].images[0].copy()]), prompts[1]]
    encoded = encode_prompts(checkpoint.processor, same)
    assert list(encoded.pictures_P) == [(0,), (0,), (1,)]
    seen = []
    handle = checkpoint.model.model.visual.patch_embed.register_forward_hook(
        lambda module, given, output: seen.append(len(output))
    )
    drawn(checkpoint.model, encoded, checkpoint, draws=2, max_tokens=2)
    seen.clear()
    drawn(checkpoint.model, encoded, checkpoint, draws=8, max_tokens=2)
    features = picture_features(checkpoint.model, encoded)
    drawn(checkpoint.model, encoded, checkpoint, draws=8, max_tokens=2, features=features)
    handle.remove()
    assert seen == [sum(len(pixels) for pixels in encoded.pixels)] * 2


def test_a_seed_decides_and_leaves_torchs_own_generator_alone(checkpoint, prompts):
    encoded = encode_prompts(checkpoint.processor, prompts[:2])
    torch.manual_seed(5)
    first = torch.rand(1)
    torch.manual_seed(5)
    one, two, other = (
        drawn(checkpoint.model, encoded, checkpoint, draws=3, max_tokens=6, seed=seed).ids_PGC for seed in (1, 1, 2)
    )
    assert torch.equal(one, two) and not torch.equal(one, other) and torch.equal(torch.rand(1), first)


def test_modes_and_settings_of_the_model_are_left_as_they_were(checkpoint, told, tiny_family):
    model = tiny_family("qwen2_5_vl", checkpoint)
    model.gradient_checkpointing_enable()
    model.train()
    model.model.visual.eval()
    found = drawn(model, told.prompts, checkpoint, draws=2, temperature=0.0, max_tokens=6)
    assert model.training and not any(module.training for module in model.model.visual.modules())
    model.eval()
    assert torch.equal(
        drawn(model, told.prompts, checkpoint, draws=2, temperature=0.0, max_tokens=6).ids_PGC, found.ids_PGC
    )


def test_more_marks_than_pictures_are_an_error_for_people(checkpoint, prompts):
    from seethink.core.rejected import InputError

    with pytest.raises(InputError, match="has 0 pictures and 1 places"):
        encode_prompts(checkpoint.processor, [Prompt(prompts[0].messages, [])])


def eager_to_end(model, checkpoint):
    """A copy that ends at any token with a fair chance."""
    model = deepcopy(model)
    bias_V = torch.zeros(model.lm_head.out_features)
    bias_V[checkpoint.processor.tokenizer.eos_token_id] = 4.0
    model.lm_head.bias = torch.nn.Parameter(bias_V)
    return model
