import pytest

from seethink.core.config import parse_config
from seethink.core.item import Verifier, make_item
from seethink.core.rejected import InputError
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.rewards import JudgedConfig, ScoredConfig
from seethink.study.rewards import (
    EvaluationTask,
    GRPOTask,
    evaluation_judges,
    made_of,
    of_world,
    scored_by,
    shaping,
    training_reward,
)
from seethink.world.questions import as_item, question
from seethink.world.traces import response


def test_the_true_answer_of_every_rule_verified_question_earns_all(world_images):
    asked = [question(3, index) for index in range(60)]
    asked = [one for one in asked if one.template.verifier is not Verifier.OPEN]
    items = [as_item(one, world_images) for one in asked]
    for right, scores in ((True, {1.0}), (False, {0.0})):
        verdicts = training_reward(items)(items, [response(one, right=right) for one in asked])
        assert {verdict.score for one, verdict in zip(asked, verdicts, strict=True) if _decided(one, right)} == scores


def _decided(asked, right):
    """A wrong box may overlap the right one, which earns a part."""
    return right or asked.template.verifier is not Verifier.IOU


def test_a_terse_reference_earns_nothing_in_training_and_its_share_of_facts_in_evaluation(world_images):
    asked = question(1, 1, templates=["describe_scene"])
    item = as_item(asked, world_images)
    golden, better = write_tags("a", item.gold), response(asked, right=True)
    training = [verdict.score for verdict in training_reward([item])([item, item], [golden, better])]
    measured = [verdict.score for verdict in evaluation_judges([item]).strict([item, item], [golden, better])]
    assert training[0] == 0 and training[1] > 0
    assert 0 < measured[0] < 1 and measured[1] == 1


def test_strict_and_lenient_judges_differ_in_the_reading_only(world_images):
    asked = question(1, 2, templates=["count_shape"])
    item = as_item(asked, world_images)
    judges = evaluation_judges([item])
    loose = response(asked, right=True).replace("</think>", "")
    assert judges.strict([item], [loose])[0].outcome is Outcome.UNPARSEABLE
    assert judges.lenient([item], [loose])[0].score == 1


def test_outside_the_world_nobody_decides_an_open_answer():
    item = make_item(source="mine", question="Describe.", gold="a dog", verifier="open")
    assert not of_world([item]) and not of_world([])
    assert training_reward([item])([item], [write_tags("a", "a dog")])[0].outcome is Outcome.UNSCORED


FREE = make_item(source="mine", question="Describe.", gold="a dog", verifier="open")


def test_scorers_and_terms_are_named_by_their_kind():
    tree = {
        "open": {"kind": "scored", "model": "m", "beta": 1.0},
        "weights": {"iou": 2.0},
        "terms": [{"kind": "length", "weight": 0.5, "longest": 100, "soft": 40}, {"kind": "format", "weight": 0.1}],
    }
    task = parse_config(GRPOTask, tree, "a config")
    assert task.open == ScoredConfig(model="m", beta=1.0)
    beside = shaping(task)
    assert beside.weights == {Verifier.IOU: 2.0} and [term.name for term in beside.terms] == ["length", "format"]
    assert [term.of("x" * 80) for term in beside.terms] == [-0.5, 0.0]
    assert shaping(GRPOTask()).terms == () and not shaping(GRPOTask()).weights and EvaluationTask().open is None


@pytest.mark.parametrize(
    ("tree", "said"),
    [
        ({"open": {"kind": "oracle", "model": "m"}}, "open.kind: .* is none of 'judged', 'scored'"),
        ({"open": {"kind": "judged"}}, "model"),
        ({"open": {"kind": "scored", "model": "m", "modle": 1}}, "modle: no such field"),
        ({"weights": {"count": 1.0}}, "'digit', 'mcq'"),
        ({"terms": [{"kind": "length", "weight": 1, "longest": 5, "soft": 9}]}, "soft must be at most longest=5"),
    ],
)
def test_a_mistaken_reward_is_named(tree, said):
    with pytest.raises(InputError, match=said):
        parse_config(GRPOTask, tree, "a config")


def test_a_reward_model_takes_the_place_of_exact_truth(tiny_scorer, world_images, tmp_path):
    item = as_item(question(1, 1, templates=["describe_scene"]), world_images)
    config = ScoredConfig(model=str(tiny_scorer))
    with scored_by(config, [item], world_images, tmp_path) as decides:
        told = [write_tags("", answer) for answer in ("nothing", item.gold)]
        for reward in (training_reward([item], decides), *evaluation_judges([item], decides)):
            verdicts = reward([item] * 2, told)
            assert verdicts[1].score == 0 and verdicts[0].why.startswith("S(answer)")
    assert made_of(config).keys() == {"scorer"} and made_of(None) == {}
    with scored_by(None, [item], world_images, tmp_path) as decides:
        assert decides is None


def test_a_scorer_that_cannot_score_stops_the_run_before_it_begins(world_images, tmp_path):
    config = JudgedConfig(model="m", base_url="http://127.0.0.1:9/v1", timeout=1)
    with (
        pytest.raises(InputError, match="gone"),
        scored_by(ScoredConfig(model=str(tmp_path / "gone")), [FREE], world_images, tmp_path),
    ):
        pytest.fail("began")
    assert set(made_of(config)) == {"judge prompt"}
    count = make_item(source="mine", question="?", gold="3", verifier="digit")
    with scored_by(config, [count], world_images, tmp_path) as decides:
        assert decides is not None and decides.scorer is not None
