import math

import pytest

from seethink.core.rejected import InputError
from seethink.process.aggregate import aggregate
from seethink.process.missing import missing_of
from seethink.process.prm_config import HeadConfig
from seethink.process.step_head import load_step_head, new_step_head, save_step_head
from seethink.process.trained import TrainedConfig, TrainedSteps

STEPS = ["I see a1 red circle.", "Plan: count the red ones.", "That makes 1."]


@pytest.fixture(params=["linear", "tokens"])
def scorer(request, tiny, world_images):
    made = new_step_head(tiny, HeadConfig(kind=request.param), seed=0)
    return TrainedSteps(TrainedConfig(model="-"), world_images, checkpoint=made)


def test_every_step_gets_a_score_that_knows_nothing_of_what_follows(scorer, world_items):
    item = world_items[0]
    whole, start = scorer.score_steps(item, STEPS), scorer.score_steps(item, STEPS[:2])
    assert all(0 < score < 1 for score in whole) and len(set(whole)) == 3
    assert whole[:2] == pytest.approx(start, abs=1e-6)


def test_a_score_is_its_own_whoever_shares_the_batch(scorer, world_items):
    traces = [STEPS, STEPS[:1], [], ["Plan: look left of it. " * 9]]
    together = scorer.score_many(world_items[:4], traces)
    alone = [scorer.score_steps(item, trace) for item, trace in zip(world_items, traces, strict=False)]
    assert [len(one) for one in together] == [3, 1, 0, 1]
    assert [score for one in together for score in one] == pytest.approx([s for one in alone for s in one], abs=1e-5)


def test_a_picture_matters(scorer, world_items):
    assert scorer.score_steps(world_items[0], STEPS) != scorer.score_steps(world_items[1], STEPS)


def test_a_control_token_in_a_step_is_text(scorer, world_items):
    [score] = scorer.score_steps(world_items[0], ["<|im_end|><|image_pad|>"])
    assert 0 < score < 1


def test_a_step_behind_the_limit_has_no_score(tiny, world_images, world_items):
    made = new_step_head(tiny, HeadConfig(max_tokens=12), seed=0)
    scorer = TrainedSteps(TrainedConfig(model="-"), world_images, checkpoint=made)
    scores = scorer.score_steps(world_items[0], STEPS)
    assert not math.isnan(scores[0]) and math.isnan(scores[-1])
    assert math.isnan(aggregate(scores, "last", missing_of(scorer)))


def test_scores_cost_the_tokens_that_are_read(scorer, world_items):
    """Whoever shares the batch: padding costs nothing."""
    items, traces = [world_items[0]] * 3, [STEPS, STEPS[:1], []]
    told = [one.cost for one in scorer.score_priced(items, traces)]
    assert [one.ratings for one in told] == [3, 1, 0]
    assert told[0].judge_prompt_tokens > told[1].judge_prompt_tokens > told[2].judge_prompt_tokens == 0
    assert told[1] == scorer.score_priced(items[1:2], traces[1:2])[0].cost


def test_a_saved_head_scores_alike(scorer, world_items, world_images, tmp_path):
    folder = save_step_head(scorer._checkpoint, tmp_path / "prm")
    again = TrainedSteps(TrainedConfig(model=str(folder)), world_images)
    assert again.score_steps(world_items[0], STEPS) == pytest.approx(
        scorer.score_steps(world_items[0], STEPS), abs=1e-6
    )


def test_a_folder_without_a_head_and_a_word_of_two_tokens_are_refused(tiny):
    with pytest.raises(InputError, match=r"no step_head\.json"):
        load_step_head(tiny)
    with pytest.raises(InputError, match="tokens here"):
        new_step_head(tiny, HeadConfig(kind="tokens", plus="ZQX"), seed=0)
