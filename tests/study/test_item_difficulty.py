"""Difficulty in the controls, over stored hits."""

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_row, make_item
from seethink.core.tables import data_hash, read_rows, write_rows
from seethink.study.arms import Stage
from seethink.study.choices import PassAtK, Shown
from seethink.study.item_difficulty import difficulty_rows
from seethink.study.pass_rates import measure_items
from seethink.study.runs import plan_study, rows_of
from seethink.study.sets import corrupted
from seethink.study.settings import StudyConfig
from seethink.study.stages import folder_of
from seethink.world.source import WorldConfig, WorldSource

K = 8


@pytest.fixture
def told(tmp_path):
    """The rows of a study whose SFT items the base gets right so often, and its RL items so often, of 8."""

    def of(rl, **sft):
        arms = {name: {"stages": ["sft", "rl"], "changes": {"traces.seed": number}} for number, name in enumerate(sft)}
        plan = plan_study(StudyConfig(base="base", arms=arms, difficulty=PassAtK(draws=K)))
        sets = [(rows_of(run, Stage.SFT), sft[run.arm]) for run in plan.runs] + [(rows_of(plan.runs[0], Stage.RL), rl)]
        rows = []
        for task, hits in sets:
            items = [make_item(source=task.name, question=str(n), gold="1", verifier="digit") for n in range(60)]
            write_rows(folder_of(task, tmp_path), [item_row(item) | {"response": ""} for item in items])
            rows += [
                {"item": data_hash([item.id, *item.images]), "draws": K, "hits": hits(n)}
                for n, item in enumerate(items)
            ]
        write_rows(folder_of(plan.difficulty, tmp_path), rows)
        return {row["control"]: row for row in difficulty_rows(plan, tmp_path)}

    return of


APART = "base pass rate, rl minus sft items"


def test_equally_hard_sets_are_a_finding_and_no_control(told):
    rows = told(lambda n: (n + 4) % 9, both=lambda n: n % 9)
    row = rows[APART]
    assert row["matched"] is None and not row["declared"] and row["measured"] == "not told apart"
    assert rows[f"base pass@{K} of rl items"]["both"].startswith("88.3 %, rate ")
    assert rows[f"base pass@{K} of rl items"]["measured"] == "one set in all arms"


def test_a_harder_set_is_told_apart_and_declared_by_nobody(told):
    rows = told(lambda n: n % 5, both=lambda n: 4 + n % 5)
    assert rows[APART]["both"].startswith("−50.0 (") and "p < 0.001" in rows[APART]["both"]
    assert rows[APART]["matched"] is None and rows[APART]["measured"] == "told apart in both"
    assert not rows[APART]["declared"]


def test_a_row_is_corrected_over_its_different_sets(told):
    def p(**sets):
        row = told(lambda n: n % 9, first=lambda n: n % 9, one=lambda n: min(8, n % 9 + 1), **sets)
        cell = row[f"base pass@{K} of sft items"]["one"]
        assert "against first" in cell
        return float(cell.split("p = ")[1].rstrip(")"))

    alone, among = p(), p(two=lambda n: n % 9, three=lambda n: (n + 1) % 9)
    assert alone < 0.3 and among == pytest.approx(min(1, 3 * alone), abs=0.01)


def test_an_item_shown_with_two_pictures_is_two_items(tiny, tmp_path):
    images = ImageStore(tmp_path / "images")
    seen = [one for one in WorldSource(WorldConfig(count=4)).items(images) if isinstance(one, Item)]
    blind = corrupted(seen, Shown.BLANK, images)
    measure_items(PassAtK(draws=2, max_tokens=4), str(tiny), [seen, seen, blind], images, tmp_path / "out")
    assert len({row["item"] for row in read_rows(tmp_path / "out")}) == 2 * len(seen)
