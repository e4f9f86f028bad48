from seethink.core.item import Verifier, make_item
from seethink.core.trace import write_tags
from seethink.core.verdict import Outcome
from seethink.study.rewards import evaluation_judges, of_world, training_reward
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
