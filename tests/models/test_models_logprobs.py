"""Likelihoods against transformers' own loss, one response at a time and without padding."""

import pytest
import torch

from seethink.models.logprobs import likelihoods

RESPONSES = [
    "<think>I see a red circle.</think><answer>3</answer>",
    "no",
    "<think>I count the circles.\nOne, two, three.\nSo three.</think><answer>three</answer>",
    "",
]


def alone(checkpoint, prompt, response, encode):
    """Mean loss of the response's tokens and of the end of the turn, as SFT computes it."""
    inputs = dict(encode(checkpoint, [prompt]))
    ids = checkpoint.processor.tokenizer(response, add_special_tokens=False)["input_ids"]
    told = torch.tensor([[*ids, checkpoint.processor.tokenizer.eos_token_id]])
    labels = torch.cat([torch.full_like(inputs["input_ids"], -100), told], dim=1)
    inputs["input_ids"] = torch.cat([inputs["input_ids"], told], dim=1)
    inputs["attention_mask"] = torch.ones_like(inputs["input_ids"])
    inputs["mm_token_type_ids"] = torch.cat([inputs["mm_token_type_ids"], torch.zeros_like(told)], dim=1)
    with torch.no_grad():
        return float(checkpoint.model(**inputs, labels=labels).loss), told.shape[1]


def test_a_batch_is_scored_as_if_each_response_were_alone(checkpoint, prompts, encode):
    found = likelihoods(checkpoint, prompts[:4], RESPONSES, batch=3)
    for prompt, response, one in zip(prompts, RESPONSES, found, strict=False):
        nll, tokens = alone(checkpoint, prompt, response, encode)
        assert (one.nll, one.tokens) == (pytest.approx(nll, rel=1e-4), tokens)


def test_the_picture_counts(checkpoint, prompts):
    other = prompts[0]._replace(images=prompts[1].images)
    seen, unseen = likelihoods(checkpoint, [prompts[0], other], [RESPONSES[0]] * 2)
    assert seen.nll != pytest.approx(unseen.nll, rel=1e-4)
