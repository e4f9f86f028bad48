"""Completions that stop where they are told to, on the shared path and on the plain one."""

import pytest

from seethink.models.groups import sample_groups


@pytest.mark.parametrize("kind", ["qwen2_5_vl", "qwen3_5"])
@pytest.mark.filterwarnings("ignore")
def test_a_draw_stops_where_it_is_told_to_and_holds_what_it_would_have(kind, checkpoint, told, tiny_family):
    model, tokenizer = tiny_family(kind, checkpoint), checkpoint.processor.tokenizer
    named = {"end": tokenizer.eos_token_id, "pad": tokenizer.pad_token_id, "temperature": 0.0, "max_tokens": 8}
    whole = sample_groups(model, told.prompts, draws=2, **named)
    found = sample_groups(model, told.prompts, draws=2, stop=lambda prompt, ids: len(ids) > prompt, **named)
    for prompt, (mask_GC, ended_G) in enumerate(zip(whole.mask_PGC, whole.ended_PG, strict=True)):
        length = int(mask_GC[0].sum())
        shorter = min(length, prompt + 1)
        assert found.mask_PGC[prompt].sum(-1).tolist() == [shorter] * 2
        assert found.ids_PGC[prompt, :, :shorter].tolist() == whole.ids_PGC[prompt, :, :shorter].tolist()
        # Who stops at its very end token has ended.
        assert found.ended_PG[prompt].tolist() == [bool(ended) and shorter == length for ended in ended_G]
