"""Curation's commands: what they write, and what they say where something is missing."""

import pytest

from seethink.core.item import item_row
from seethink.core.tables import read_manifest, read_rows, write_manifest, write_rows
from seethink.core.trace import write_tags
from seethink.data.config import Quota

HESITANT = write_tags("I see it.\nWait, maybe not.\nSo 3.", "3")


@pytest.fixture
def data(world_items, world_images, tmp_path):
    """A finished data run of four SFT rows over the world's pictures."""
    out = tmp_path / "data"
    items = [item for item in world_items if item.verifier == "digit"][:4]
    write_rows(out / "collect" / "rows", [item_row(item) for item in items])
    write_rows(out / "sft", [item_row(item) | {"response": HESITANT, "gold": "3"} for item in items])
    write_rows(out / "rl", [])
    for name in ("sft", "rl", "funnel"):
        write_manifest(out / name, Quota(), seeds={}, data={}, started=0.0)
    (out / "images").symlink_to(world_images.root)
    return out


def test_a_benchmark_becomes_a_table_of_fingerprints(here, write, images, tmp_path):
    records = write(tmp_path / "exam.jsonl", {}, {"image": "gone.png"})
    ended = here("data", "fingerprint", "--data", records, "--images", images, "--out", tmp_path / "prints")
    assert ended.code == 0 and "1 fingerprints of exam" in ended.out and "gone.png is not in" in ended.out
    assert [row["item_id"] for row in read_rows(tmp_path / "prints")] == ["row-1"]


def test_stripped_rows_are_counted_and_named(here, data):
    ended = here("data", "strip", "--data", data)
    assert ended.code == 0 and "hesitant: 4" in ended.out and "sft_stripped" in ended.out
    assert all("Wait" not in row["response"] for row in read_rows(data / "sft_stripped"))


def test_subsets_of_highest_perplexity_can_be_trained_on(here, data, tiny, tmp_path):
    ended = here("data", "perplexity", "--data", data, "--model", tiny, "sizes=[2]")
    assert ended.code == 0 and "2 rows, perplexity" in ended.out
    trained = here(
        "train",
        "sft",
        "--data",
        data,
        "--set",
        "sft_top_2",
        "--model",
        tiny,
        "--out",
        tmp_path / "out",
        "steps=1",
        "batch=2",
    )
    assert trained.code == 0 and (read_manifest(tmp_path / "out") or {})["cost"]["steps"] == 1


def test_the_audit_and_the_difficulty_go_into_the_card(here, data, tiny):
    quick = ("max_tokens=4",)
    assert here("data", "blind", "--data", data, "--model", tiny, "--draws", 1, *quick).code == 0
    assert here("data", "difficulty", "--data", data, "--model", tiny, "draws=1", "ks=[1]", *quick).code == 0
    sections = {path.stem: path.read_text() for path in (data / "card").iterdir()}
    assert "visual dependence" in sections["blind"] and "pass@1" in sections["difficulty"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("data", "blind"), "who is asked? give --model"),
        (("data", "perplexity"), "a subset must be smaller"),
        (("data", "perplexity", "--set", "sft_gone"), "sft_gone holds no finished set"),
        (("train", "sft", "--set", "rl_stripped"), "no finished set rl_stripped: choose among funnel, rl, sft"),
        (("data", "difficulty", "draws=2"), "every k lies between 1 and draws=2"),
    ],
)
def test_what_is_missing_is_told(here, data, tmp_path, command, said):
    out = ("--out", tmp_path / "out") if command[0] == "train" else ()
    ended = here(*command[:2], "--data", data, *out, *command[2:])
    assert ended.code == 2 and said in ended.err and not (tmp_path / "out").exists()
