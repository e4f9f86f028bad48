import pytest
import torch

from seethink.core.chat import messages
from seethink.models.groups import encode_prompts, sample_groups
from seethink.models.load import load_checkpoint
from seethink.models.sampling import Prompt, sample, vision_token_ids

TOKENS = 12


def told(draws):
    return [[draw.text for draw in row] for row in draws]


def greedy_alone(checkpoint, inputs):
    output = checkpoint.model.generate(
        **inputs, do_sample=False, max_new_tokens=TOKENS, suppress_tokens=vision_token_ids(checkpoint)
    )
    return checkpoint.processor.tokenizer.decode(output[0, inputs["input_ids"].shape[1] :], skip_special_tokens=True)


def favour(checkpoint, token, inputs):
    """Make ``token`` by far the likeliest after these inputs, without touching what the model reads."""
    with torch.no_grad():
        state = checkpoint.model.model(**inputs).last_hidden_state[0, -1]
        rows = checkpoint.model.lm_head.weight.clone()
        rows[token] = 50 * state / state.square().sum()
        checkpoint.model.lm_head.weight = torch.nn.Parameter(rows)
        assert checkpoint.model(**inputs).logits[0, -1].argmax() == token


def test_a_batch_is_decoded_as_if_each_prompt_were_alone(checkpoint, prompts, encode):
    drawn = told(sample(checkpoint, prompts[:6], temperature=0, max_tokens=TOKENS))
    assert drawn == [[greedy_alone(checkpoint, encode(checkpoint, [prompt]))] for prompt in prompts[:6]]
    assert len({text for row in drawn for text in row}) > 1


def test_left_padding_changes_no_log_probability(checkpoint, prompts, encode):
    batch = encode(checkpoint, prompts[:4])
    assert len(set(batch["attention_mask"].sum(1).tolist())) > 1
    with torch.no_grad():
        together = checkpoint.model(**batch).logits.log_softmax(-1)
        for row, prompt in zip(together, prompts[:4], strict=True):
            alone = checkpoint.model(**encode(checkpoint, [prompt])).logits[0].log_softmax(-1)
            assert (row[-len(alone) :] - alone).abs().max() < 1e-4


@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_picture_token_is_never_written_however_likely(tiny, prompts, encode, temperature):
    eager = load_checkpoint(tiny)
    favour(eager, eager.model.config.image_token_id, encode(eager, prompts[:1]))
    found = sample_groups(
        eager.model,
        encode_prompts(eager.processor, prompts[:1]),
        draws=1 if temperature == 0 else 8,
        end=eager.processor.tokenizer.eos_token_id,
        pad=eager.processor.tokenizer.pad_token_id,
        temperature=temperature,
        max_tokens=4,
    )
    assert found.mask_PGC.any() and not set(found.ids_PGC.flatten().tolist()) & set(vision_token_ids(eager))


def test_the_same_seed_draws_the_same(checkpoint, prompts):
    def drawn(seed):
        return told(sample(checkpoint, prompts[:3], draws=2, max_tokens=TOKENS, seed=seed))

    first = drawn(1)
    assert drawn(1) == first and drawn(2) != first
    assert [len(row) for row in first] == [2, 2, 2] and first[0][0] != first[0][1]


def test_text_and_pictures_go_in_one_batch(checkpoint, prompts, encode):
    text_only = Prompt([{"role": "user", "content": [{"type": "text", "text": "How many is 2 plus 3?"}]}], [])
    mixed = [prompts[0], text_only, prompts[1]]
    drawn = told(sample(checkpoint, mixed, temperature=0, max_tokens=TOKENS))
    assert drawn == [[greedy_alone(checkpoint, encode(checkpoint, [prompt]))] for prompt in mixed]


def test_two_pictures_of_two_sizes_in_one_prompt(checkpoint, world_items, prompts, encode):
    content = [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "Which has more?"}]
    pictures = [prompts[0].images[0], prompts[1].images[0].resize((112, 56))]
    pair = Prompt([*messages(world_items[0])[:1], {"role": "user", "content": content}], pictures)
    assert told(sample(checkpoint, [pair, prompts[0]], temperature=0, max_tokens=TOKENS))[0] == [
        greedy_alone(checkpoint, encode(checkpoint, [pair]))
    ]


def test_a_response_that_ends_is_not_truncated_and_one_at_the_limit_is(tiny, checkpoint, prompts, encode):
    [[draw]] = sample(checkpoint, prompts[:1], temperature=0, max_tokens=3)
    assert (draw.completion_tokens, draw.truncated) == (3, True)
    assert draw.prompt_tokens == encode(checkpoint, prompts[:1])["input_ids"].shape[1]
    terse = load_checkpoint(tiny)
    favour(terse, terse.processor.tokenizer.eos_token_id, encode(terse, prompts[:1]))
    [[draw]] = sample(terse, prompts[:1], temperature=0, max_tokens=3)
    assert (draw.text, draw.completion_tokens, draw.truncated) == ("", 1, False)


def test_generation_settings_saved_with_a_checkpoint_do_not_change_how_it_is_measured(tiny, checkpoint, prompts):
    # The released Qwen2.5-VL checkpoints carry a repetition penalty.
    penalised = load_checkpoint(tiny)
    penalised.model.generation_config.repetition_penalty = 3.0
    drawn = [told(sample(one, prompts[:3], temperature=0, max_tokens=TOKENS)) for one in (checkpoint, penalised)]
    assert drawn[0] == drawn[1]
