import pytest

from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest
from seethink.core.trace import write_tags
from seethink.process.prm_config import HeadConfig
from seethink.process.step_head import new_step_head, save_step_head
from seethink.study.controls import explains
from seethink.study.rewards import GRPOTask, ProcessPenalty, made_of, penalised, training_reward
from seethink.study.training import train_on_items
from seethink.world.questions import question
from seethink.world.traces import steps

TRUTH = ProcessPenalty.model_validate({"scorer": {"kind": "truth"}})
SMALL = {"completions": 16, "group": 4, "prompts_per_step": 2, "max_completion_tokens": 8}


def test_a_right_answer_by_a_wrong_way_is_worth_half(world_items, world_images, tmp_path):
    item = next(one for one in world_items if one.verifier == "digit")
    asked = question(item.meta["seed"], item.meta["index"])
    right, wrong = (
        write_tags("\n".join(steps(asked.picture, asked.derive(right=way))), item.gold) for way in (True, False)
    )
    outcome = training_reward([item])
    with penalised(TRUTH, outcome, world_images, tmp_path) as reward:
        assert [verdict.score for verdict in reward([item, item], [right, wrong])] == [1.0, 0.5]
    assert [verdict.score for verdict in outcome([item, item], [right, wrong])] == [1.0, 1.0]


def test_training_takes_the_penalty_from_its_settings(tiny, world_items, world_images, tmp_path):
    prm = save_step_head(new_step_head(tiny, HeadConfig(), seed=0), tmp_path / "prm")
    task = GRPOTask.model_validate({**SMALL, "process": {"scorer": {"kind": "trained", "model": str(prm)}}})
    train_on_items(task, tiny, world_items[:8], world_images, tmp_path / "run")
    manifest = read_manifest(tmp_path / "run")
    assert {"process scorer", "process scorer config"} <= manifest["data"].keys()


def test_all_that_a_penalty_leaves_in_a_manifest_follows_from_its_setting(tiny, tmp_path):
    """An arm that declares ``rl.process`` is compared with one that has none."""
    prm = save_step_head(new_step_head(tiny, HeadConfig(), seed=0), tmp_path / "prm")
    judge = {"kind": "judged", "model": "m", "base_url": "http://localhost:1/v1"}
    for scorer in ({"kind": "truth"}, {"kind": "trained", "model": str(prm)}, judge):
        penalty = ProcessPenalty.model_validate({"scorer": scorer})
        assert all(explains(f"rl.data.{name}", "rl.process") for name in made_of(None, penalty))


@pytest.mark.parametrize(
    "orm", [{"kind": "trained", "model": "x", "outcome": True}, {"kind": "judged", "model": "x", "rated": "response"}]
)
def test_a_scorer_of_whole_responses_is_refused(orm):
    with pytest.raises(ValueError, match="name one that scores steps"):
        ProcessPenalty.model_validate({"scorer": orm})


def test_a_missing_scorer_stops_before_training(tiny, world_items, world_images, tmp_path):
    task = GRPOTask.model_validate({**SMALL, "process": {"scorer": {"kind": "trained", "model": "nowhere"}}})
    with pytest.raises(InputError, match="nowhere"):
        train_on_items(task, tiny, world_items[:8], world_images, tmp_path / "run")
