"""Prompts and begun responses that are remembered, against reading all of them anew."""

from __future__ import annotations

import pytest
import torch

from seethink.models.groups import (
    Reading,
    Started,
    encode_prompts,
    group_logps,
    logps_behind,
    sample_groups,
    started_ids,
    take,
)
from seethink.models.groups.reading import whole
from seethink.models.sampling import sample, sample_started

STARTS = [
    "",
    "<think>I see",
    "<think>I see a red circle.\nThen",
    "<think>I see two squares",
    "<think>No",
    "<think>I see",
]
"""Nested, parting, equal, and none."""


def drawn(model, started, checkpoint, **named):
    tokenizer = checkpoint.processor.tokenizer
    named = {"draws": 2, "temperature": 0.0, "max_tokens": 8} | named
    return sample_groups(model, started, end=tokenizer.eos_token_id, pad=tokenizer.pad_token_id, **named)


def started_with(checkpoint, reading, *texts):
    return [Started(reading, tuple(started_ids(checkpoint.processor.tokenizer, text))) for text in texts]


@pytest.fixture
def mixed(checkpoint, told):
    """Every kind of prompt, each with every start, the prompts by turns."""
    readings = [Reading(take(told.prompts, [place])) for place in range(len(told.prompts))]
    return [one for text in STARTS for reading in readings for one in started_with(checkpoint, reading, text)]


def same(found, expected, place=0):
    """What one of a batch got is what it got in a batch of its own."""
    width = expected.ids_PGC.shape[2]
    assert torch.equal(found.ids_PGC[place, :, :width], expected.ids_PGC[0])
    assert torch.equal(found.mask_PGC[place].sum(-1), expected.mask_PGC[0].sum(-1))
    assert (found.logps_PGC[place, :, :width] - expected.logps_PGC[0]).abs().max() < 1e-4


def test_what_is_remembered_goes_on_as_what_is_read_anew(family, checkpoint, mixed):
    """All in one batch, all of them known by then, and one after another over what the earlier ones left."""
    anew = [drawn(family, whole([one]), checkpoint, logps=True) for one in mixed]
    together, again = (drawn(family, mixed, checkpoint, logps=True) for _ in range(2))
    fresh = {id(one.reading): Reading(one.reading.prompt) for one in mixed}
    alone = [drawn(family, [one._replace(reading=fresh[id(one.reading)])], checkpoint, logps=True) for one in mixed]
    for place, expected in enumerate(anew):
        same(together, expected, place)
        same(again, expected, place)
        same(alone[place], expected)


def test_the_whole_gets_the_log_probabilities_it_was_drawn_with(family, checkpoint, mixed):
    for _ in range(2):
        found = drawn(family, mixed, checkpoint, draws=3, temperature=0.8, seed=0, logps=True)
        with torch.no_grad():
            scored = group_logps(family, whole(mixed), found.ids_PGC, found.mask_PGC, temperature=0.8)
        assert (scored.logps_PGC - found.logps_PGC).abs().max() < 1e-4


def test_every_token_is_read_once(family, checkpoint, told, watched):
    """Only the token that completions start behind is read again where nothing else is new."""
    reading = Reading(take(told.prompts, [0]))
    nothing, short, long, parting = started_with(
        checkpoint, reading, "", "<think>I see", "<think>I see a red", "<think>No"
    )
    drawn(family, [short], checkpoint, max_tokens=1)
    fresh = Reading(reading.prompt)
    asked = [[short], [long, parting, nothing], [short, short, parting], [nothing]]
    passes = []
    with watched(family) as (tokens, pictures):
        for batch in asked:
            drawn(family, [one._replace(reading=fresh) for one in batch], checkpoint, max_tokens=1)
            passes.append(sum(tokens))
            tokens.clear()
    shared = next(place for place, (one, other) in enumerate(zip(short.ids, parting.ids, strict=False)) if one != other)
    tails = len(long.ids) - len(short.ids) + len(parting.ids) - shared
    assert passes == [short.tokens, tails + 1, 2, 1] and len(pictures) == 1


def test_a_batch_reads_what_its_starts_share_once(family, checkpoint, told, watched):
    """Nested ones in one pass; those that part behind tokens nobody knows one after another."""
    [ids] = {one.ids for one in started_with(checkpoint, Reading(take(told.prompts, [0])), STARTS[2])}
    reading = Reading(take(told.prompts, [0]))
    nested = [Started(reading, ids[:length]) for length in range(len(ids) + 1)]
    drawn(family, [Started(Reading(reading.prompt))], checkpoint, max_tokens=1)
    with watched(family) as (tokens, pictures):
        drawn(family, nested, checkpoint, max_tokens=1)
        assert tokens == [nested[-1].tokens] and len(pictures) == 1
        tokens.clear()
        reading = Reading(reading.prompt)
        parting = [Started(reading, (*ids[:length], ids[0])) for length in (3, 5)]
        drawn(family, parting, checkpoint, max_tokens=1)
        assert tokens == [parting[1].tokens, 1]


def test_a_picture_of_several_prompts_goes_through_the_tower_once(checkpoint, prompts):
    asked = [prompts[0], prompts[0]._replace(images=[prompts[0].images[0].copy()])]
    readings = [Reading(encode_prompts(checkpoint.processor, [one])) for one in asked]
    drawn(checkpoint.model, [Started(Reading(readings[0].prompt))], checkpoint, max_tokens=1)
    patches = []
    handle = checkpoint.model.model.visual.patch_embed.register_forward_hook(
        lambda module, given, output: patches.append(len(output))
    )
    drawn(checkpoint.model, [Started(reading) for reading in readings], checkpoint, max_tokens=1)
    handle.remove()
    assert patches == [len(readings[0].prompt.pixels[0])]


def test_nothing_is_held_twice(checkpoint, mixed):
    """The memory of all that a reading keeps is one cache entry per token that was read."""
    reading = mixed[0].reading
    ids = [one.ids for one in mixed if one.reading is reading]
    drawn(checkpoint.model, [one for one in mixed if one.reading is reading], checkpoint, max_tokens=1)
    branches = {ids[:length] for ids in ids for length in range(1, len(ids) + 1)}
    held = {
        piece.untyped_storage().data_ptr(): piece.untyped_storage().nbytes()
        for path in reading._paths
        for piece in path.pieces
    }
    config = checkpoint.model.config.text_config
    size = config.hidden_size // config.num_attention_heads
    entry = config.num_hidden_layers * 2 * config.num_key_value_heads * size * 4
    assert sum(held.values()) == entry * (reading.tokens + len(branches))


def test_texts_go_on_as_prompts_that_have_started_them(checkpoint, prompts):
    """In batches, the starts taken one batch at a time; sampled with the same seed."""
    readings = [Reading(encode_prompts(checkpoint.processor, [one])) for one in prompts[:2]]
    places = [(place, text) for text in STARTS[:4] for place in range(2)]
    asked = [prompts[place]._replace(started=text) for place, text in places]
    for temperature in (0.0, 0.7, 0.7):
        named = {"draws": 2, "temperature": temperature, "max_tokens": 8, "batch": 6, "seed": 3}
        starts = ((readings[place], text) for place, text in places)
        assert list(sample_started(checkpoint, starts, **named)) == list(sample(checkpoint, asked, **named))


def test_a_family_that_cannot_share_reads_every_row_for_itself(checkpoint, told, tiny_family, caplog):
    model = tiny_family("qwen3_5", checkpoint)
    started = [
        one
        for place in (0, 1)
        for one in started_with(checkpoint, Reading(take(told.prompts, [place])), "<think>I", "<think>")
    ]
    found = drawn(model, started, checkpoint, logps=True)
    for place, one in enumerate(started):
        same(found, drawn(model, whole([one]), checkpoint, logps=True), place)
    assert "begun responses" in caplog.text and not started[0].reading._paths


def test_a_reading_is_of_one_prompt_and_its_responses_of_words(checkpoint, told):
    with pytest.raises(ValueError, match="of one prompt, not of 4"):
        Reading(told.prompts)
    mark = checkpoint.model.config.image_token_id
    with pytest.raises(ValueError, match="stands for a picture"):
        drawn(checkpoint.model, [Started(Reading(take(told.prompts, [0])), (mark,))], checkpoint)


def test_texts_behind_begun_responses_have_the_probabilities_of_whole_ones(family, checkpoint, mixed):
    texts = [[307, 308, 309][: 1 + place % 3] for place in range(len(mixed))]
    found = logps_behind(family, mixed, texts)
    for one, text, logps_C in zip(mixed, texts, found, strict=True):
        ids_C = torch.tensor([*one.ids, *text])
        mask_C = torch.ones_like(ids_C)
        with torch.no_grad():
            [[expected_C]] = group_logps(family, one.reading.prompt, ids_C[None, None], mask_C[None, None]).logps_PGC
        assert torch.allclose(logps_C, expected_C[len(one.ids) :].float(), atol=1e-4)


def test_behind_each_step_of_a_trace_only_what_is_asked_is_read(checkpoint, told, watched):
    reading = Reading(take(told.prompts, [0]))
    steps = [tuple(range(300, 300 + 5 * count)) for count in range(9)]
    started, text = [Started(reading, ids) for ids in steps], [300, 301, 302]
    logps_behind(checkpoint.model, started, [text] * len(started))  # The first use compares.
    reading = Reading(take(told.prompts, [0]))
    with watched(checkpoint.model) as (tokens, pictures):
        logps_behind(checkpoint.model, [Started(reading, ids) for ids in steps], [text] * len(started))
    assert sum(tokens) == reading.tokens + len(steps[-1]) + len(steps) * (len(text) - 1) and sum(pictures) <= 1
