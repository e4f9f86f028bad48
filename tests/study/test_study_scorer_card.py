import pytest
from rich.console import Console

from seethink.core.tables import read_json
from seethink.study.scorer_card import card_table, prefers_better, scorer_card, wilson
from seethink.world.preferences import preference_pair
from seethink.world.questions import Split
from seethink.world.truth import WorldTruth


def test_exact_truth_prefers_every_better_answer(world_images):
    pairs = [preference_pair(0, index, split=Split.HELDOUT) for index in range(50)]
    assert all(prefers_better(WorldTruth(), pairs, world_images))


def test_a_tie_is_no_preference(world_images):
    class Same:
        def score(self, items, answers):
            return [1.0] * len(answers)

    assert not any(prefers_better(Same(), [preference_pair(0, index) for index in range(5)], world_images))


def test_the_interval_is_wilsons():
    found = wilson([True] * 8 + [False] * 2)
    assert (found["mean"], found["n"]) == (0.8, 10)
    assert (found["low"], found["high"]) == (pytest.approx(0.4902, abs=1e-4), pytest.approx(0.9433, abs=1e-4))


def test_the_card_counts_every_held_out_pair_in_each_of_its_groups(tiny_scorer, tmp_path):
    card = scorer_card(tiny_scorer, tmp_path, pairs=40)
    assert read_json(tmp_path / "card.json") == card and card["split"] == "heldout"
    sizes = {name: group["scorer"]["n"] for name, group in card["groups"].items()}
    assert sizes.pop("all") == 40 == sizes.pop("describe_scene") + sizes.pop("read_chart") == sum(sizes.values())
    # Random weights know nothing.
    assert 0.2 < card["groups"]["all"]["scorer"]["mean"] < 0.8
    console = Console(record=True, width=200)
    console.print(card_table(card))
    assert "3 or more ahead" in console.export_text()
