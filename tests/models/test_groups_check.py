"""A model that cannot share a prompt, or whose result would change, takes the plain path and says so once."""

from __future__ import annotations

import pytest
import torch

from seethink.models.groups import group_logps, sample_groups, supports

OURS = "seethink.models.groups.check"


def scored(model, told):
    with torch.no_grad():
        return group_logps(model, *told[1:], entropy=True)


def sampled(model, told, checkpoint, **named):
    tokenizer = checkpoint.processor.tokenizer
    named = {"draws": 2, "temperature": 0.0, "max_tokens": 6, "logps": True} | named
    return sample_groups(model, told.prompts, end=tokenizer.eos_token_id, pad=tokenizer.pad_token_id, **named)


def with_recency(module, query, key, value, attention_mask, **named):
    """An attention of its own: a key counts less the further it is back in the row."""
    back_TT = torch.arange(query.shape[2])[:, None] - torch.arange(key.shape[2])[None] + key.shape[2] - query.shape[2]
    heads = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(heads, 1), value.repeat_interleave(heads, 1)
    bias_TT = torch.where(back_TT >= 0, -0.05 * back_TT, -torch.inf)
    if attention_mask is not None:
        bias_TT = bias_TT + torch.where(attention_mask, 0.0, -torch.inf).nan_to_num(neginf=-1e9)
    weights = (query @ key.transpose(2, 3) * named["scaling"] + bias_TT).softmax(-1)
    return (weights @ value).transpose(1, 2).contiguous(), None


def change_attention(model):
    """Its language model's layers attend in their own way, whatever the config asks for."""
    kind = type(model.model.language_model.layers[0].self_attn)

    class Own(kind):
        def forward(self, hidden_states, attention_mask=None, past_key_values=None, position_embeddings=None, **named):
            rotate = kind.forward.__globals__["apply_rotary_pos_emb"]
            shape = (*hidden_states.shape[:2], -1, self.head_dim)
            query, key, value = (
                project(hidden_states).view(shape).transpose(1, 2)
                for project in (self.q_proj, self.k_proj, self.v_proj)
            )
            query, key = rotate(query, key, *position_embeddings)
            if past_key_values is not None:
                key, value = past_key_values.update(key, value, self.layer_idx)
            found, _ = with_recency(self, query, key, value, attention_mask, scaling=self.scaling)
            return self.o_proj(found.flatten(2)), None

    for layer in model.model.language_model.layers:
        layer.self_attn.__class__ = Own


def test_a_model_with_an_attention_of_its_own_falls_back_and_stays_right(
    checkpoint, told, tiny_family, one_by_one, caplog
):
    model = tiny_family("qwen2_5_vl", checkpoint)
    change_attention(model)
    for _ in range(2):
        found = scored(model, told)
    assert [record.name for record in caplog.records] == [OURS]
    assert "differ by" in caplog.text
    with torch.no_grad():
        expected = one_by_one(model, checkpoint, told)
    assert (found.logps_PGC - expected[0]).abs().max() < 1e-4
    drawn = sampled(model, told, checkpoint)
    assert "sampling" in caplog.records[-1].message
    again = group_logps(model, told.prompts, drawn.ids_PGC, drawn.mask_PGC).logps_PGC
    assert (drawn.logps_PGC - again).abs().max() < 1e-4


def test_a_forward_that_no_longer_takes_a_layout_falls_back(checkpoint, told, tiny_family, caplog):
    model = tiny_family("qwen2_5_vl", checkpoint)
    expected = scored(model, told)
    narrow = tiny_family("qwen2_5_vl", checkpoint)
    layer = narrow.model.language_model.layers[2].self_attn
    forward = layer.forward

    def strict(hidden_states, attention_mask, position_ids, past_key_values, use_cache, position_embeddings):
        return forward(hidden_states, attention_mask, position_ids, past_key_values, position_embeddings)

    layer.forward = strict
    found = scored(narrow, told)
    assert "unexpected keyword argument" in caplog.text
    assert (found.logps_PGC - expected.logps_PGC).abs().max() < 1e-5


def test_another_family_takes_the_plain_path_with_one_message(checkpoint, told, tiny_family, one_by_one, caplog):
    model = tiny_family("qwen3_5", checkpoint)
    assert "qwen3_5" in supports(model)
    for _ in range(2):
        found = scored(model, told)
    assert [record.name for record in caplog.records].count(OURS) == 1 and "qwen3_5 is none" in caplog.text
    with torch.no_grad():
        expected = one_by_one(model, checkpoint, told)
    assert (found.logps_PGC - expected[0]).abs().max() < 1e-4
    assert (found.entropies_PGC - expected[1]).abs().max() < 1e-3
    drawn = sampled(model, told, checkpoint)
    assert (drawn.logps_PGC - group_logps(model, told.prompts, *drawn[:2]).logps_PGC).abs().max() < 1e-4


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ({"attn_implementation": "eager"}, "load the model with attn_implementation='sdpa'"),
        ({"use_sliding_window": True, "sliding_window": 64, "max_window_layers": 2}, "sliding-window"),
    ],
)
def test_what_cannot_be_shared_is_named(checkpoint, told, tiny_family, text, reason):
    model = tiny_family("qwen2_5_vl", checkpoint, **text)
    if text.get("attn_implementation"):
        model.set_attn_implementation("eager")
    assert reason in supports(model)


def test_a_supported_model_is_checked_once(checkpoint, told, tiny_family, caplog):
    model = tiny_family("qwen3_vl", checkpoint)
    runs = []
    model.register_forward_hook(lambda *_: runs.append(1))
    scored(model, told)
    assert len(runs) == 4
    scored(model, told)
    assert len(runs) == 5 and OURS not in [record.name for record in caplog.records]


def test_the_plain_forward_of_a_prepared_model_is_what_it_was(checkpoint, told, tiny_family, encode):
    """Other callers of the model, with padding, must not notice."""
    model, batch = tiny_family("qwen2_5_vl", checkpoint), encode(checkpoint, told.asked)
    with torch.no_grad():
        before = model(**batch).logits
        scored(model, told)
        assert torch.equal(model(**batch).logits, before)
    assert "shared_prefix" not in model.config.to_json_string()
