"""Is the RL set harder? On made-up responses of known skill, and once with the random tiny model."""

import random

import pytest
from rich.console import Console

from seethink.core.graded import Decoding, GradedResponse
from seethink.core.item import item_row
from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_rows, write_manifest, write_rows
from seethink.core.verdict import Outcome, correct, undecided, wrong
from seethink.data.config import Quota
from seethink.study import difficulty
from seethink.study.difficulty import DifficultyConfig, difficulty_table, measure_difficulty, verdict

UNDECIDED, right, bad = undecided(Outcome.TIMEOUT, ""), correct("3"), wrong("2")


def response(item, arm, draw, verdict):
    drawn = ("", 1, 1, False)
    what = (item.source, "", item.verifier, item.question, item.gold, item.images)
    return GradedResponse(item.id, arm, Decoding.SAMPLED, draw, *what, *drawn, verdict, verdict)


@pytest.fixture
def data(world_items, tmp_path):
    """A finished data run of ten SFT rows and ten RL rows."""
    out = tmp_path / "data"
    write_rows(out / "sft", [item_row(item) | {"response": "r"} for item in world_items[:10]])
    write_rows(out / "rl", [item_row(item) for item in world_items[10:]])
    write_rows(out / "funnel", [])
    for name in ("sft", "rl", "funnel"):
        write_manifest(out / name, Quota(), seeds={}, data={}, started=0.0)
    return out


@pytest.fixture
def answering(monkeypatch):
    """Let a model answer with a given skill by set; the last item's answers are left undecided."""

    def skilled(**skill):
        def evaluate(config, pool, model, items, images, judges, out):
            rng = random.Random(pool)
            return [
                response(
                    item, pool, draw, UNDECIDED if item is items[-1] else right if rng.random() < skill[pool] else bad
                )
                for item in items
                for draw in range(config.draws)
            ]

        monkeypatch.setattr(difficulty, "evaluate", evaluate)

    return skilled


def test_a_harder_set_is_told_with_its_interval(data, world_images, answering, tmp_path):
    answering(sft=0.9, rl=0.2)
    found = measure_difficulty(DifficultyConfig(), "base", data, world_images, tmp_path / "out")
    row = found["pass_at"]["1"]
    assert row["difference"]["mean"] == pytest.approx(row["rl"]["mean"] - row["sft"]["mean"])
    assert row["difference"]["high"] < 0 and row["p"] < 0.01 and row["rl"]["n"] == row["sft"]["n"] == 9
    assert row["within_sources"]["difference"]["high"] < 0
    assert (
        verdict(found) == "The RL set is harder for this model."
        and read_json(tmp_path / "out" / "difficulty.json") == found
    )
    console = Console(record=True, width=200)
    console.print(difficulty_table(found))
    shown = console.export_text()
    assert "pass@8" in shown and "The RL set is harder" in shown and "pass@1 world-" in shown


def test_equal_sets_are_not_told_apart(data, world_images, answering, tmp_path):
    answering(sft=0.5, rl=0.5)
    found = measure_difficulty(DifficultyConfig(), "base", data, world_images, tmp_path / "out")
    assert verdict(found) == "These items do not tell the two sets apart."


def test_every_items_rate_is_stored_and_an_undecided_one_has_none(data, world_images, answering, tmp_path):
    answering(sft=1.0, rl=0.0)
    measure_difficulty(DifficultyConfig(draws=2, ks=(1, 2)), "base", data, world_images, tmp_path / "out")
    rates = [(row["pool"], row["draws"], row["pass_rate"]) for row in read_rows(tmp_path / "out")]
    assert rates.count(("sft", 2, 1.0)) == 9 and rates.count(("rl", 2, 0.0)) == 9
    assert rates.count(("sft", 0, None)) == rates.count(("rl", 0, None)) == 1


def test_so_many_items_of_each_set_are_drawn_by_seed(data, world_images, answering, tmp_path):
    answering(sft=1.0, rl=0.0)
    chosen = []
    for seed in (0, 0, 1):
        measure_difficulty(DifficultyConfig(items=4, seed=seed), "base", data, world_images, tmp_path / "out")
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
