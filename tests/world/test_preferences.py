import pytest

from seethink.world.grammar import facts, stated_facts
from seethink.world.pictures import Chart, Scene
from seethink.world.preferences import OPEN_TEMPLATES, preference_pair
from seethink.world.questions import Split, as_item, split_of
from seethink.world.truth import WorldTruth

PAIRS = [preference_pair(5, index) for index in range(300)]


def test_a_pair_is_a_pure_function_of_seed_and_index():
    assert [preference_pair(5, index) for index in reversed(range(300))][::-1] == PAIRS
    assert [preference_pair(6, index) for index in range(20)] != PAIRS[:20]


def test_the_better_answer_is_the_one_that_exact_truth_prefers(world_images):
    items = [as_item(pair.question, world_images) for pair in PAIRS]
    better = WorldTruth().score(items, [pair.better for pair in PAIRS])
    worse = WorldTruth().score(items, [pair.worse for pair in PAIRS])
    assert [one - other for one, other in zip(better, worse, strict=True)] == [pair.margin for pair in PAIRS]
    assert min(pair.margin for pair in PAIRS) == 1 and max(pair.margin for pair in PAIRS) > 3


def test_neither_length_nor_the_number_of_facts_tells_which_is_better():
    longer = sum(len(pair.better) > len(pair.worse) for pair in PAIRS) / len(PAIRS)
    more = [len(stated_facts(pair.better)) - len(stated_facts(pair.worse)) for pair in PAIRS]
    assert 0.4 < longer < 0.6 and sum(one < 0 for one in more) > 60 < sum(one > 0 for one in more)


def test_both_kinds_of_picture_and_false_facts_of_every_property_occur():
    assert {type(pair.question.picture) for pair in PAIRS} == {Scene, Chart}
    assert {pair.question.template.name for pair in PAIRS} == set(OPEN_TEMPLATES)
    false = [fact for pair in PAIRS for fact in stated_facts(pair.worse) - set(facts(pair.question.picture))]
    assert len(false) > 200 and len(set(false)) > 100


@pytest.mark.parametrize("split", list(Split))
def test_a_pair_belongs_to_the_split_of_its_picture(split):
    pairs = [preference_pair(1, index, split=split) for index in range(30)]
    assert {split_of(pair.question.picture) for pair in pairs} == {split}


@pytest.mark.parametrize("level", [1, 2, 3])
def test_every_level_has_pairs(level):
    assert all(preference_pair(2, index, level=level).margin for index in range(40))
