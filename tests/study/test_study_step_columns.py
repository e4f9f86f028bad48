"""Columns of steps: truth from the world, the gold's log-probability from a model."""

import pytest
import torch

from seethink.analysis.pseudo_reasoning import diagnose, read_traces, trace_steps
from seethink.analysis.pseudo_reasoning.conclusion import Asked
from seethink.analysis.pseudo_reasoning.read import TraceRow
from seethink.core.chat import messages
from seethink.core.item import items_by_id
from seethink.core.rejected import InputError
from seethink.models.load import load_checkpoint
from seethink.models.sampling import Prompt
from seethink.study.gold_gain import gold_logprobs, started
from seethink.study.step_columns import GoldConfig, with_truth, write_gold_columns
from seethink.world.questions import question
from seethink.world.traces import response


def row(item, text):
    return TraceRow("f:1", item.id, "arm", text, Asked(item.question, item.gold, item.verifier))


def written(item, right):
    asked = question(item.meta["seed"], item.meta["index"], level=item.meta["level"])
    return response(asked, right=right)


def test_steps_of_the_world_bring_their_truth(world_items):
    item = world_items[0]
    right, wrong = with_truth([row(item, written(item, way)) for way in (True, False)], items_by_id([item]))
    assert set(right.truth) == {True} and False in wrong.truth
    assert with_truth([row(item, "x")], {})[0].truth is None


def test_an_item_that_only_says_it_is_of_the_world_is_named(world_items):
    from dataclasses import replace

    item = replace(world_items[0], meta=dict(world_items[0].meta) | {"template": "nothing"})
    with pytest.raises(InputError, match="its meta is not"):
        with_truth([row(item, "<think>I see b2 red circle.</think>1")], {item.id: item})


def test_a_response_is_cut_after_each_step():
    assert started("<think>One.\nTwo.</think><answer>3</answer>") == [
        "<think></think><answer>",
        "<think>One.</think><answer>",
        "<think>One.\nTwo.</think><answer>",
    ]


def test_the_golds_log_probability_is_the_models_own(tiny, world_items, world_images):
    checkpoint = load_checkpoint(tiny)
    item = world_items[0]
    prompt = Prompt(messages(item), [world_images.open(digest) for digest in item.images])
    text = "<think>I look.\nThat makes 3.</think><answer>3</answer>"
    [found] = gold_logprobs(checkpoint, [prompt], [text], [item.gold], batch=2)
    tokenizer, processor = checkpoint.processor.tokenizer, checkpoint.processor
    shown = processor.apply_chat_template(prompt.messages, add_generation_prompt=True, tokenize=False)
    inputs = dict(processor(text=[shown], images=prompt.images, return_tensors="pt"))
    for before, logprob in zip(started(text), found, strict=True):
        given = tokenizer(before, add_special_tokens=False)["input_ids"]
        gold = [*tokenizer(f"{item.gold}</answer>", add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
        ids = torch.cat([inputs["input_ids"], torch.tensor([[*given, *gold]])], dim=1)
        types = torch.cat([inputs["mm_token_type_ids"], torch.zeros(1, len(given) + len(gold), dtype=torch.int64)], 1)
        more = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "mm_token_type_ids": types}
        with torch.no_grad():
            logits = checkpoint.model(**(inputs | more)).logits[0, -len(gold) - 1 : -1].log_softmax(-1)
        assert logprob == pytest.approx(float(logits.gather(1, torch.tensor(gold)[:, None]).sum()), rel=1e-3)


def test_the_table_is_read_by_the_diagnosis_and_a_second_run_finds_it_done(tiny, world_items, world_images, tmp_path):
    items = world_items[:3]
    rows = [row(item, written(item, True)) for item in items]
    rows.append(row(world_items[5], "unknown"))
    known = items_by_id(items)
    for _ in range(2):
        unknown = write_gold_columns(GoldConfig(part=2), tiny, with_truth(rows, known), known, world_images, tmp_path)
    assert [one.reason for one in unknown] == ["unknown item"]
    found, rejected = read_traces(tmp_path)
    assert (len(found), rejected) == (3, [])
    for one in diagnose(found):
        assert len(one.row.gold_logprobs) == len(trace_steps(one.row.response)) + 1
        assert {step.truth for step in one.steps} == {True}
        assert all(step.gain is not None for step in one.steps)
    with pytest.raises(InputError, match="no trace belongs to an item"):
        write_gold_columns(GoldConfig(), tiny, rows[3:], known, world_images, tmp_path / "none")
