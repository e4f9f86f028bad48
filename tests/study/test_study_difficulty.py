"""Is the RL set harder? On items that the shipped base finds easy and hard by design, asked for real."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import seethink.world
from seethink.core.graded import graded_from_row
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier, item_row
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_rows, write_manifest, write_rows
from seethink.core.verdict import is_hit
from seethink.data.config import Quota
from seethink.study.difficulty import DifficultyConfig, difficulty_table, measure_difficulty, verdict
from seethink.world.source import WorldConfig, WorldSource

ASKED = DifficultyConfig(draws=4, ks=(1, 4), max_tokens=96)


def nobodys(item):
    """An item whose readable answers nobody decides: it is not of the world, and no scorer is named."""
    return replace(item, id=f"mine-{item.id}", source="mine", verifier=Verifier.OPEN)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return ImageStore(tmp_path_factory.mktemp("asked"))


@pytest.fixture(scope="module")
def items(store):
    """Easy and hard ones: the base was taught a wrong procedure on the templates that its card names."""
    card = json.loads((Path(seethink.world.__file__).parent / "base" / "card.json").read_text())
    found = [one for one in WorldSource(WorldConfig(count=90)).items(store) if isinstance(one, Item)]
    found = [one for one in found if one.verifier != "open"]
    flawed = [one.meta["template"] in card["flawed_templates"] for one in found]
    return tuple([one for one, bad in zip(found, flawed, strict=True) if bad is wanted] for wanted in (False, True))


def data_run(out, sft, rl):
    """A finished data run with these two sets."""
    write_rows(out / "sft", [item_row(item) | {"response": "r"} for item in sft])
    write_rows(out / "rl", [item_row(item) for item in rl])
    write_rows(out / "funnel", [])
    for name in ("sft", "rl", "funnel"):
        write_manifest(out / name, Quota(), seeds={}, data={}, started=0.0)
    return out


@pytest.fixture
def data(world_items, tmp_path):
    return data_run(tmp_path / "data", world_items[:10], world_items[10:])


@pytest.fixture(scope="module")
def measured(items, store, tmp_path_factory):
    """Easy items for SFT and hard ones for RL, and in each set three whose readable answers nobody decides."""
    easy, hard = items
    out = tmp_path_factory.mktemp("measured")
    undecided = [nobodys(one) for one in easy[16:22]]
    sets = data_run(out / "data", [*easy[:16], *undecided[:3]], [*hard[:16], *undecided[3:]])
    return measure_difficulty(ASKED, "base", sets, store, out / "out"), out / "out"


def test_a_harder_set_is_told_with_its_interval(measured):
    found, out = measured
    row = found["pass_at"]["1"]
    assert row["difference"]["mean"] == pytest.approx(row["rl"]["mean"] - row["sft"]["mean"])
    assert row["difference"]["high"] < 0 and row["p"] < 0.01
    rows = list(read_rows(out))
    for pool in ("sft", "rl"):
        assert 16 <= row[pool]["n"] == sum(one["draws"] > 0 for one in rows if one["pool"] == pool) < 19
    assert row["within_sources"]["difference"]["high"] < 0
    assert verdict(found) == "The RL set is harder for this model." and read_json(out / "difficulty.json") == found
    console = Console(record=True, width=200)
    console.print(difficulty_table(found))
    shown = console.export_text()
    assert "pass@4" in shown and "The RL set is harder" in shown and "pass@1 world-" in shown


def test_sets_the_other_way_round_are_told_the_other_way_round(items, store, tmp_path):
    easy, hard = items
    sets = data_run(tmp_path / "data", hard[:12], easy[:12])
    found = measure_difficulty(ASKED, "base", sets, store, tmp_path / "out")
    assert verdict(found) == "The RL set is easier for this model."


def test_equal_sets_are_not_told_apart(items, store, tmp_path):
    easy, hard = items
    mixed = [*easy[:12], *hard[:12]]
    sets = data_run(tmp_path / "data", mixed[::2], mixed[1::2])
    found = measure_difficulty(ASKED, "base", sets, store, tmp_path / "out")
    assert verdict(found) == "These items do not tell the two sets apart."


def test_every_items_rate_is_stored_as_its_responses_have_it_and_an_undecided_one_has_none(measured):
    _, out = measured
    rows = list(read_rows(out))
    assert len(rows) == 38 and len({row["pass_rate"] for row in rows}) > 3
    for pool in ("sft", "rl"):
        hits = Counter()
        for response in map(graded_from_row, read_rows(out / "responses" / pool)):
            if response.decoding == "sampled" and response.verifier != "open":
                hits[response.item_id] += is_hit(response.strict, response.verifier)
        for row in rows:
            if row["pool"] == pool and row["source"] != "mine":
                assert (row["draws"], row["pass_rate"]) == (4, hits[row["item_id"]] / 4)
    mine = [row for row in rows if row["source"] == "mine"]
    assert len(mine) == 6 and any(row["draws"] == 0 for row in mine)
    assert all((row["pass_rate"] is None) == (row["draws"] == 0) for row in rows)


def test_so_many_items_of_each_set_are_drawn_by_seed(tiny, data, world_images, tmp_path):
    chosen = []
    for seed in (0, 0, 1):
        config = DifficultyConfig(items=4, seed=seed, draws=1, ks=(1,), max_tokens=4)
        measure_difficulty(config, tiny, data, world_images, tmp_path / "out")
        chosen.append([row["item_id"] for row in read_rows(tmp_path / "out")])
    assert len(chosen[0]) == 8 and chosen[0] == chosen[1] != chosen[2]


def test_a_local_model_is_measured(tiny, data, world_images, tmp_path):
    config = DifficultyConfig(draws=2, ks=(1, 2), max_tokens=6, items=3)
    found = measure_difficulty(config, tiny, data, world_images, tmp_path / "out")
    assert found["pass_at"]["2"]["rl"]["n"] <= 3 and len(list(read_rows(tmp_path / "out"))) == 6


def test_a_k_beyond_the_draws_is_refused():
    with pytest.raises(ValueError, match="every k lies between 1 and draws=4"):
        DifficultyConfig(draws=4)


def test_no_data_run_no_difficulty(world_images, tmp_path):
    with pytest.raises(InputError, match="no finished data run"):
        measure_difficulty(DifficultyConfig(), "base", tmp_path, world_images, tmp_path / "out")
