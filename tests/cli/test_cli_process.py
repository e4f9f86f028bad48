import json

import pytest

from seethink.core.tables import read_json, read_manifest, read_rows
from seethink.world.questions import question
from seethink.world.traces import response


@pytest.fixture
def world(here, tmp_path):
    """Items of the world, and four responses to each: wrong, right, wrong, right."""
    here("world", "items", "--out", tmp_path / "items", "count=6", "seed=3", "templates=[count_colour]")
    lines = (tmp_path / "items" / "items.jsonl").read_text().splitlines()
    rows = []
    for item in map(json.loads, lines):
        asked = question(item["meta"]["seed"], item["meta"]["index"], templates=["count_colour"])
        texts = [response(asked, right=bool(place % 2)) for place in range(4)]
        rows += [{"id": item["id"], "model": f"m{place}", "response": text} for place, text in enumerate(texts)]
    (tmp_path / "mixed.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return ("--data", tmp_path / "items" / "items.jsonl", "--images", tmp_path / "items" / "images")


def test_scorers_are_compared_and_drawn(here, world, tmp_path):
    config = tmp_path / "bench.yaml"
    config.write_text("scorers: {truth: {kind: truth}}\naggregations: [mean, min]\nns: [2, 4]\n")
    out = tmp_path / "bench"
    told = ("process", "bench", *world, "--responses", tmp_path / "mixed.jsonl", "--config", config, "--out", out)
    ended = here(*told)
    assert ended.code == 0 and "oracle" in ended.out, ended.err
    rows = {(row["aggregation"], row["n"]): row for row in read_json(out / "results.json")["rows"]}
    assert rows["min", 4]["accuracy"]["mean"] == 1.0 and rows["min", 4]["minus"]["random"]["mean"] == 0.5
    assert len(list(read_rows(out / "rows"))) == 4 and read_manifest(out) is not None
    assert here("process", "figures", out / "results.json", "--out", tmp_path / "svg").code == 0
    assert "<svg" in (tmp_path / "svg" / "best_of_n_0.svg").read_text()


def test_labels_become_a_model(here, world, tiny, tmp_path):
    settings = ("collector={kind: judge, lowest: 0, highest: 1}", "judge={kind: truth}", "policy.model=" + str(tiny))
    out = tmp_path / "labels"
    ended = here("process", "label", *world, "--responses", tmp_path / "mixed.jsonl", "--out", out, *settings)
    assert ended.code == 0 and "labels" in ended.out, ended.err
    assert {json.loads(line)["value"] for line in (out / "rows.jsonl").read_text().splitlines()} == {0.0, 1.0}
    small = ("epochs=1", "batch=6", "head.kind=linear")
    made = here(
        "process",
        "train",
        "--rows",
        out / "rows.jsonl",
        "--images",
        out,
        "--model",
        tiny,
        "--out",
        tmp_path / "prm",
        *small,
    )
    assert made.code == 0 and (tmp_path / "prm" / "model" / "step_head.json").is_file(), made.err


def test_a_pool_too_small_is_refused(here, world, tmp_path):
    settings = ("scorers={truth: {kind: truth}}", "ns=[8]")
    ended = here(
        "process", "bench", *world, "--responses", tmp_path / "mixed.jsonl", "--out", tmp_path / "b", *settings
    )
    assert ended.code == 2 and "8 candidates" in ended.err
