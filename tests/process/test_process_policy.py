import pytest

from seethink.core.chat import messages
from seethink.models.load import load_checkpoint
from seethink.models.sampling import Prompt, sample
from seethink.process.collect.completer import Start
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


def test_a_tree_s_picture_goes_through_the_tower_once(base, world_items, world_images):
    policy, looks = Policy(PolicyConfig(max_tokens=4, step_tokens=4), base, world_images, mixed()), []
    hook = base.model.model.visual.register_forward_hook(lambda *_: looks.append(1))
    try:
        item = world_items[0]
        policy.propose([Start(item, "")], 2, 1)
        drawn = policy.complete([Start(item, "<think>"), Start(item, "<think>I see")], 2, 2)
        policy.complete([Start(item, "<think>I")], 1, 3)
        assert len(looks) == 1
        policy.complete([Start(item, ""), Start(world_items[1], "")], 1, 4)
        assert len(looks) == 2
    finally:
        hook.remove()
    again = Policy(PolicyConfig(max_tokens=4, step_tokens=4), base, world_images, mixed())
    assert again.complete([Start(item, "<think>"), Start(item, "<think>I see")], 2, 2) == drawn
