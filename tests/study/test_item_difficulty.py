"""Difficulty in the controls, over stored hits."""

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_row, make_item
from seethink.core.tables import data_hash, read_rows, write_rows
from seethink.study.arms import Stage
from seethink.study.choices import PassAtK, Shown
from seethink.study.corrupted import corrupted
from seethink.study.item_difficulty import difficulty_rows
from seethink.study.pass_rates import measure_items
from seethink.study.runs import plan_study, rows_of
from seethink.study.settings import StudyConfig
from seethink.study.stages import folder_of
from seethink.world.source import WorldConfig, WorldSource

K = 8


@pytest.fixture
def told(tmp_path):
    """The rows of a study whose SFT items the base gets right so often, and its RL items so often, of 8. So many of the
    items are in every set."""

    def of(rl, *, shared=0, **sft):
        arms = {name: {"stages": ["sft", "rl"], "changes": {"traces.seed": number}} for number, name in enumerate(sft)}
        plan = plan_study(StudyConfig(base="base", arms=arms, difficulty=PassAtK(draws=K)))
        sets = [(rows_of(run, Stage.SFT), sft[run.arm]) for run in plan.runs] + [(rows_of(plan.runs[0], Stage.RL), rl)]
        rows = []
        for task, hits in sets:
            items = [
                make_item(source="pool" if n < shared else task.name, question=str(n), gold="1", verifier="digit")
                for n in range(60)
            ]
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
    assert rows["base pass rate of rl items"]["both"].startswith("pass@8 88.3 %, pass rate ")
    assert rows["base pass rate of rl items"]["measured"] == "one set in all arms"


def test_a_harder_set_is_told_apart_and_declared_by_nobody(told):
    rows = told(lambda n: n % 5, both=lambda n: 4 + n % 5)
    assert rows[APART]["both"].startswith("−50.0 (") and "p < 0.001" in rows[APART]["both"]
    assert rows[APART]["matched"] is None and rows[APART]["measured"] == "told apart in both"
    assert not rows[APART]["declared"]


def test_a_row_is_corrected_over_its_different_sets(told):
    def p(**sets):
        row = told(lambda n: n % 9, first=lambda n: n % 9, one=lambda n: min(8, n % 9 + 1), **sets)
        cell = row["base pass rate of sft items"]["one"]
        assert "; pass rate against first: +" in cell
        return float(cell.split("p = ")[1].rstrip(")"))

    alone, among = p(), p(two=lambda n: n % 9, three=lambda n: (n + 1) % 9)
    assert alone < 0.3 and among == pytest.approx(min(1, 3 * alone), abs=0.01)


def test_an_item_in_both_sets_counts_on_both_sides(told):
    """One hit more on each of twelve items is much where the other 48 are the same ones, and little where not."""

    def cell(shared):
        rows = told(
            lambda n: n % 9, first=lambda n: n % 9, one=lambda n: n % 9 + (n >= 48 and n % 9 < 8), shared=shared
        )
        return rows["base pass rate of sft items"]["one"]

    assert "48 items in both" in cell(48) and "in both" not in cell(0)
    width = [
        float(high) - float(low.replace("−", "-"))
        for low, high in (one.split("(")[1].split(",")[0].split(" to ") for one in (cell(48), cell(0)))
    ]
    assert width[0] < width[1] / 1.5


def test_arms_with_the_same_items_do_not_differ_by_construction(told):
    row = told(lambda n: n % 9, first=lambda n: n % 9, one=lambda n: n % 9, shared=60)["base pass rate of sft items"]
    assert row["one"].endswith("pass rate against first: no difference by construction, the same items")
    assert row["measured"] == "the same items"


def test_an_item_shown_with_two_pictures_is_two_items(tiny, tmp_path):
    images = ImageStore(tmp_path / "images")
    seen = [one for one in WorldSource(WorldConfig(count=4)).items(images) if isinstance(one, Item)]
    blind = corrupted(seen, Shown.BLANK, images)
    measure_items(PassAtK(draws=2, max_tokens=4), str(tiny), [seen, seen, blind], images, tmp_path / "out")
    assert len({row["item"] for row in read_rows(tmp_path / "out")}) == 2 * len(seen)
