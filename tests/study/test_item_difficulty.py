"""Difficulty in the controls, over stored hits."""

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_row, make_item
from seethink.core.tables import data_hash, read_rows, write_rows
from seethink.study.choices import PassAtK, Shown
from seethink.study.item_difficulty import difficulty_rows, measure_items
from seethink.study.runs import plan_study
from seethink.study.sets import corrupted
from seethink.study.settings import StudyConfig
from seethink.study.stages import DataSet, folder_of
from seethink.world.source import WorldConfig, WorldSource

K = 8


@pytest.fixture
def told(tmp_path):
    """The rows of a study whose SFT items the base gets right so often, and its RL items so often, of 8."""

    def of(sft, rl):
        plan = plan_study(
            StudyConfig(base="base", arms={"both": {"stages": ["sft", "rl"]}}, difficulty=PassAtK(draws=K))
        )
        sets = {task.config.__class__.__name__: task for task in plan.tasks if isinstance(task, DataSet)}
        rows = []
        for name, hits in (("TraceSetConfig", sft), ("ItemSetConfig", rl)):
            items = [make_item(source=name, question=str(n), gold="1", verifier="digit") for n in range(60)]
            write_rows(folder_of(sets[name], tmp_path), [item_row(item) | {"response": ""} for item in items])
            rows += [
                {"item": data_hash([item.id, *item.images]), "draws": K, "hits": hits(n)}
                for n, item in enumerate(items)
            ]
        write_rows(folder_of(plan.difficulty, tmp_path), rows)
        return {row["control"]: row for row in difficulty_rows(plan, tmp_path)}

    return of


APART = "base pass rate, rl minus sft items"


def test_equally_hard_sets_are_matched(told):
    rows = told(lambda n: n % 9, lambda n: (n + 4) % 9)
    assert rows[APART]["matched"] and rows[f"base pass@{K} of rl items"]["both"].startswith("88.3 %, rate ")


def test_a_harder_set_is_told_apart(told):
    rows = told(lambda n: 4 + n % 5, lambda n: n % 5)
    assert rows[APART]["both"].startswith("−50.0 (") and "p < 0.001" in rows[APART]["both"]
    assert not rows[APART]["matched"] and rows[APART]["declared"] == "another difficulty in both"


def test_an_item_shown_with_two_pictures_is_two_items(tiny, tmp_path):
    images = ImageStore(tmp_path / "images")
    seen = [one for one in WorldSource(WorldConfig(count=4)).items(images) if isinstance(one, Item)]
    blind = corrupted(seen, Shown.BLANK, images)
    measure_items(PassAtK(draws=2, max_tokens=4), str(tiny), [seen, seen, blind], images, tmp_path / "out")
    assert len({row["item"] for row in read_rows(tmp_path / "out")}) == 2 * len(seen)
