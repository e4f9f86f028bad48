import pytest

from seethink.core.chat import messages
from seethink.models.load import load_checkpoint
from seethink.models.sampling import Prompt, sample
from seethink.process.collect.completer import Start, next_steps
from seethink.process.collect.policy import Policy, PolicyConfig
from seethink.process.steps import Splitting, split
from seethink.rewards import mixed


@pytest.fixture(scope="module")
def base():
    return load_checkpoint("base")


def prompt(item, images):
    return Prompt(messages(item), [images.open(digest) for digest in item.images])


def test_a_started_response_goes_on_as_the_whole_would(base, world_items, world_images):
    prompts = [prompt(item, world_images) for item in world_items[:3]]
    wholes = [draw.text for [draw] in sample(base, prompts, temperature=0.0, max_tokens=96)]
    starts = [text[: split(text, Splitting.LINES)[place].end] for place, text in enumerate(wholes)]
    # One batch of starts of different length: what is padded must not matter.
    begun = [one._replace(started=start) for one, start in zip(prompts, starts, strict=True)]
    ended = sample(base, begun, temperature=0.0, max_tokens=96)
    assert [start + draw.text for start, [draw] in zip(starts, ended, strict=True)] == wholes


def test_completions_are_decided_and_proposals_are_one_step(base, world_items, world_images):
    config = PolicyConfig(splitting=Splitting.LINES, max_tokens=96, step_tokens=64)
    policy, item = Policy(config, base, world_images, mixed()), world_items[0]
    starts = [Start(item, ""), Start(world_items[1], "<think>")]
    assert policy.complete(starts, 3, 1) == policy.complete(starts, 3, 1)
    for one in policy.propose([Start(item, "")], 3, 1)[0]:
        assert one.ends or len(split(one.text, Splitting.LINES, answer=False)) == 1
    assert policy.prompt_tokens(item, "a b") > policy.prompt_tokens(item, "") > 20


def test_steps_are_proposed_for_many_starts_at_once(base, world_items, world_images):
    config = PolicyConfig(splitting=Splitting.LINES, max_tokens=96, step_tokens=64, temperature=1e-6)
    starts = [Start(world_items[0], ""), Start(world_items[1], "<think>"), Start(world_items[0], "<think>")]
    together = Policy(config, base, world_images, mixed()).propose(starts, 2, 1)
    alone = [Policy(config, base, world_images, mixed()).propose([start], 2, 1) for start in starts]
    assert together == [steps for [steps] in alone] and all(len(steps) == 2 for steps in together)


def test_what_a_tree_asks_again_is_not_read_again(base, world_items, world_images, watched):
    config = PolicyConfig(max_tokens=1, step_tokens=1, remember=2)
    item, other, third = world_items[:3]
    Policy(config, base, world_images, mixed()).complete([Start(item, "<think>")], 1, 1)
    policy = Policy(config, base, world_images, mixed())
    starts = [Start(item, "<think>"), Start(item, "<think>I see")]
    longest = policy.prompt_tokens(item, starts[1].text)
    with watched(base.model) as (tokens, looks):
        policy.propose([Start(item, "")], 2, 1)
        drawn = policy.complete(starts, 2, 2)
        assert sum(tokens) == longest and len(looks) == 1
        tokens.clear()
        policy.complete([Start(item, "<think>")], 1, 3)
        assert tokens == [1]
        policy.complete([Start(other, ""), Start(third, "")], 1, 4)
        assert len(looks) == 2
        policy.complete([Start(other, "")], 1, 5)
        assert len(looks) == 2
        policy.complete([Start(item, "")], 1, 6)
        assert len(looks) == 3
    assert Policy(config, base, world_images, mixed()).complete(starts, 2, 2) == drawn


def test_sampling_stops_where_the_step_ends_and_all_of_it_is_paid_for(base, world_items, world_images):
    config = PolicyConfig(splitting=Splitting.LINES, max_tokens=96, step_tokens=96, temperature=1.0)
    policy, starts = Policy(config, base, world_images, mixed()), [Start(item, "<think>") for item in world_items[:4]]
    tokenizer = base.processor.tokenizer
    proposals = [one for found in policy.propose(starts, 4, 1) for one in found]
    going_on = [one for one in proposals if not one.ends]
    assert len(going_on) > 8
    for one in going_on:
        # A line break and the beginning of the next step, no more.
        assert 0 < one.tokens - len(tokenizer.encode(one.text)) <= 4
    # At the limit of two tokens, what starts with a closing tag says nothing that could be proposed.
    short = Policy(config.model_copy(update={"step_tokens": 2}), base, world_images, mixed())
    start = Start(world_items[0], "<think>\nI see.\n</think>")
    [dropped] = next_steps(short, [start], 4, 1)
    assert dropped.proposals == [] and (dropped.cost.tokens, dropped.cost.completions) == (8, 4)
