import threading

import pytest

from seethink.core.item import Verifier
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.rewards import mixed
from seethink.rewards.scored import ModelScorer, ScoredConfig
from seethink.world.questions import as_item, question


@pytest.fixture
def item(world_images):
    return as_item(question(1, 1, templates=["describe_scene"]), world_images)


@pytest.fixture
def scorer(tiny_scorer, world_images):
    return ModelScorer(ScoredConfig(model=str(tiny_scorer), batch=2), world_images)


def test_open_answers_are_scored_by_the_model_and_the_others_by_their_rules(scorer, item, world_images):
    count = as_item(question(1, 2, templates=["count_shape"]), world_images)
    items = [item, count, item, item]
    answers = ["a1 red circle", count.gold, item.gold, "a1 red circle"]
    verdicts = mixed(scorer)(items, [write_tags("", answer) for answer in answers])
    assert verdicts[1].outcome is Outcome.CORRECT and verdicts[0].outcome is Outcome.GRADED
    # What says the same as the reference, or as another answer, is not ranked by rounding.
    assert verdicts[2].score == 0.0 and verdicts[0] == verdicts[3]
    assert item.verifier is Verifier.OPEN


def test_the_same_answers_get_the_same_scores_from_a_fresh_scorer(scorer, item, tiny_scorer, world_images):
    answers = ["a1 red circle", "b2 blue square", "nothing"]
    other = ModelScorer(ScoredConfig(model=str(tiny_scorer), batch=2), world_images)
    assert scorer.score([item] * 3, answers) == other.score([item] * 3, answers)


def test_many_threads_may_ask_at_once(scorer, item):
    wanted, given = scorer.score([item], ["a1 red circle"]), []
    threads = [threading.Thread(target=lambda: given.append(scorer.score([item], ["a1 red circle"]))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert given == [wanted] * 4


def test_nothing_is_loaded_before_the_first_answer_and_a_missing_folder_is_named_then(item, world_images, tmp_path):
    scorer = ModelScorer(ScoredConfig(model=str(tmp_path / "gone")), world_images)
    with pytest.raises(InputError, match=r"gone: no config\.json there"):
        scorer.score([item], ["x"])
    [verdict] = mixed(scorer)([item], [write_tags("", "x")])
    assert (verdict.score, verdict.outcome) == (None, Outcome.ERROR)
