import json

import pytest

from seethink.core.tables import parts, read_json, read_manifest, read_rows
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


def test_answers_without_tags_are_labelled_by_the_rule_that_is_asked_for(here, world, tmp_path):
    rows = [json.loads(line) for line in (tmp_path / "items" / "items.jsonl").read_text().splitlines()]
    said = [{"id": row["id"], "response": f"I count them.\nThe answer is {row['gold']}."} for row in rows]
    (tmp_path / "plain.jsonl").write_text("\n".join(map(json.dumps, said)))
    for settings, value in (((), 0.0), (("rule=lenient",), 1.0)):
        out = tmp_path / f"labels{value}"
        told = ("--responses", tmp_path / "plain.jsonl", "--out", out, "collector={kind: outcome}", *settings)
        assert here("process", "label", *world, *told).code == 0
        assert {json.loads(line)["value"] for line in (out / "rows.jsonl").read_text().splitlines()} == {value}
    refused = here("process", "label", *world, *told[:-1], "rule=harness")
    assert refused.code == 2 and "'strict' or 'lenient'" in refused.err


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


def test_first_errors_of_responses_are_found_and_shown(here, world, tmp_path):
    told = ("--benchmark", "world", "--responses", tmp_path / "mixed.jsonl", "scorers={truth: {kind: truth}}")
    ended = here("process", "errors", *world, *told, "threshold=0.5", "--out", tmp_path / "errors")
    assert ended.code == 0 and "first errors" in ended.out, ended.err
    found = read_json(tmp_path / "errors" / "results.json")
    assert found["scorers"]["truth"]["first_error"]["f1"] == 1.0 and found["solutions"] == 12
    missing = here("process", "errors", *world, "--benchmark", "world", "--out", tmp_path / "none", told[-1])
    assert missing.code == 2 and "give --responses" in missing.err


def test_first_errors_of_a_published_file_are_found_and_shown(here, tiny, tmp_path):
    rows = [
        {"id": str(n), "generator": "g", "problem": "2 + 2?", "steps": ["It is 4.", "So 5."], "label": n % 2 - 1}
        for n in range(6)
    ]
    (tmp_path / "steps.jsonl").write_text("\n".join(map(json.dumps, [*rows, {**rows[0], "label": 7}])))
    scorers = f"scorers={{untrained: {{kind: untrained, model: {tiny}, head: linear}}}}"
    told = ("--benchmark", "processbench", "--images", tmp_path, "--out", tmp_path / "errors", scorers)
    ended = here("process", "errors", "--data", tmp_path / "steps.jsonl", *told)
    assert ended.code == 0 and "label: 7 is no step" in ended.out, ended.err
    assert read_json(tmp_path / "errors" / "results.json")["solutions"] == 6


def test_what_moves_a_scorer_is_shown_and_every_score_is_kept(here, world, tiny, tmp_path):
    scorers = f"scorers={{truth: {{kind: truth}}, untrained: {{kind: untrained, model: {tiny}, head: linear}}}}"
    told = ("process", "probe", *world, "--out", tmp_path / "probe", scorers, "scoring.part=2")
    ended = here(*told)
    assert ended.code == 0 and "probes, 6 traces" in ended.out, ended.err
    first = read_json(tmp_path / "probe" / "results.json")
    assert first["scorers"]["truth"]["positive"]["mean"] == 0.0 and read_manifest(tmp_path / "probe") is not None
    # Of one table the manifest and the last part are lost, as a kill loses them.
    [table, *_] = sorted((tmp_path / "probe" / "scores" / "untrained").iterdir())
    (table / "manifest.json").unlink()
    sorted(table.glob("*.parquet"))[-1].unlink()
    assert here(*told).code == 0 and read_json(tmp_path / "probe" / "results.json") == first
    assert read_manifest(table)["resumed_parts"] == len(parts(table)) - 1


def test_items_are_answered_by_beam_search(here, world, tiny, tmp_path):
    policy = f"policy={{model: {tiny}, splitting: lines, step_tokens: 8, max_tokens: 12}}"
    beam = "beam={beams: 1, branch: 2, depth: 2, aggregation: min}"
    out = tmp_path / "search"
    ended = here("process", "search", *world, "--out", out, "scorer={kind: truth}", policy, beam, "part=4")
    assert ended.code == 0 and "tokens an item" in ended.out, ended.err
    rows = list(read_rows(out / "responses"))
    assert len(rows) == 6 and len(parts(out / "responses")) == 2
    assert read_json(out / "results.json")["tokens_per_item"] > 0
    assert (read_manifest(out) or {})["config"]["policy"]["splitting"] == "lines"


def test_nothing_is_chosen_of_items_that_prefer_no_steps(here, world, tmp_path):
    pairs = "pairs={truth: {steps: {kind: truth}, response: {kind: truth}}}"
    told = ("--responses", tmp_path / "mixed.jsonl", pairs, "ns=[2, 4]", "--out", tmp_path / "chosen")
    refused = here("process", "construct", *world, *told, "quotas={world-scenes: 7}")
    assert refused.code == 2 and "of 7" in refused.err and not (tmp_path / "chosen" / "items.jsonl").exists()
