import json
import signal
import subprocess
import sys
import time

import pytest

from seethink.core.rejected import InputError
from seethink.process.collect.policy import PolicyConfig
from seethink.process.measure import ErrorsTask, ProbeTask, measure_errors, measure_probes
from seethink.process.prm_config import HeadConfig
from seethink.process.run import bench, construct, search
from seethink.process.settings import BenchTask, ConstructTask, SearchTask
from seethink.process.step_head import new_step_head, save_step_head
from seethink.process.world_steps import labelled_pools, probed_items
from seethink.study.rewards import training_reward
from seethink.world.export import export_items
from seethink.world.source import WorldConfig

TRUTH = {"kind": "truth"}


def run(*arguments, **settings):
    told = [sys.executable, "-m", "seethink.cli", "process", *map(str, arguments)]
    return subprocess.Popen(told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **settings)


def test_exact_truth_finds_every_first_error_and_is_calibrated(pools_of_two, world_images, tmp_path):
    solutions = list(labelled_pools(pools_of_two))
    task = ErrorsTask(scorers={"truth": TRUTH}, threshold=0.5)
    told = measure_errors(task, solutions, world_images, tmp_path)["scorers"]["truth"]
    assert told["first_error"]["f1"] == 1.0 and told["steps"]["macro_f1"] == 1.0
    assert told["first_error"]["wrong"]["n"] > 5 and told["calibration"]["error"] == 0.0


def test_exact_truth_is_moved_by_nothing(world_items, world_images, tmp_path):
    traces = list(probed_items(world_items))
    truth = measure_probes(ProbeTask(scorers={"truth": TRUTH}), traces, world_images, tmp_path)["scorers"]["truth"]
    assert [truth[name]["mean"] for name in ("positive", "repetition", "leakage", "answer_pull")] == [0.0] * 4
    assert truth["leakage"]["n"] == truth["answer_pull"]["n"] == len(traces)
    # A padded sentence is none of the world's language: truth says nothing of it.
    assert truth["length"]["n"] == 0


def test_search_with_the_tiny_base_writes_one_response_per_item(world_items, world_images, tmp_path):
    task = SearchTask(
        scorer=TRUTH,
        policy=PolicyConfig(splitting="lines", step_tokens=48, max_tokens=96),
        beam={"beams": 1, "branch": 2, "depth": 3, "aggregation": "min", "splitting": "lines"},
        part=1,
    )
    items = world_items[:2]
    told = search(task, items, world_images, training_reward(items), tmp_path)
    assert told["accuracy"]["n"] + told["undecided"] == 2 and told["tokens_per_item"] > 0
    assert search(task, items, world_images, training_reward(items), tmp_path) == told


def test_own_accuracy_is_that_of_the_pool_the_scorer_wrote(pools_of_two, world_images, tmp_path):
    """By its name, or by what ``own`` says; a wrong and a right draw per item are half."""
    for scorer, own in (("g", {}), ("judge", {"judge": "g"})):
        task = BenchTask(scorers={scorer: TRUTH}, own=own, aggregations=("min",), resamples=100)
        told = bench(task, pools_of_two, world_images, tmp_path / scorer)["own_against_value"]
        assert [point["own"] for point in told["prm"]["points"]] == [0.5] and told["n"] == 2
    with pytest.raises(InputError, match="in no pool"):
        bench(BenchTask(scorers={"g": TRUTH}, own={"g": "o1"}), pools_of_two, world_images, tmp_path / "unknown")


def test_construction_takes_items_that_prefer_steps_and_refuses_to_fill_up(pools_of_two, world_images, tmp_path):
    pairs = {"m": {"steps": TRUTH, "response": TRUTH}}
    told = construct(
        ConstructTask(pairs=pairs, quotas={"world-scenes": 2}, ns=(2,)), pools_of_two, world_images, tmp_path / "two"
    )
    spent, manifest = told["cost"], json.loads((tmp_path / "two" / "manifest.json").read_text())
    assert spent.keys() == {"m-steps", "m-response"} and spent["m-steps"]["ratings"] > len(pools_of_two)
    assert manifest["cost"]["ratings"] == sum(one["ratings"] for one in spent.values())
    assert len(told["chosen"]) == 2 and all(name.startswith("world-scenes") for name in told["chosen"])
    with pytest.raises(InputError, match="quotas cannot be filled"):
        construct(ConstructTask(pairs=pairs, ns=(2,)), pools_of_two, world_images, tmp_path / "all")


@pytest.fixture
def seen_by_a_head(tmp_path):
    """Items of the world, and a scorer that takes its time."""
    export_items(WorldConfig(count=24, split="heldout"), tmp_path / "items")
    scorers = json.dumps({"untrained": {"kind": "untrained", "model": "base", "head": "linear"}})
    return ["--data", tmp_path / "items" / "items.jsonl", "--images", tmp_path / "items" / "images",
            f"scorers={scorers}", "scoring.part=2"]  # fmt: skip


@pytest.fixture
def bench_files(real_data, tmp_path):
    """The items of 16 real MATH-V questions, what four models answered to them, and a scorer of each kind."""
    folder = real_data / "mathvision"
    items = (folder / "test_subset.jsonl").read_text().splitlines()[:16]
    asked = {json.loads(line)["id"] for line in items}
    answers = [
        line for line in (folder / "model_outputs.jsonl").read_text().splitlines() if json.loads(line)["id"] in asked
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(items))
    (tmp_path / "answers.jsonl").write_text("\n".join(answers))
    head = save_step_head(new_step_head("base", HeadConfig(), seed=0), tmp_path / "head")
    prm = {"kind": "trained", "model": str(head), "max_pixels": 12_544}
    settings = {"scorers": {"prm": prm, "orm": prm | {"outcome": True}}, "ns": [2, 4], "rule": "lenient"}
    (tmp_path / "bench.yaml").write_text(json.dumps(settings | {"scoring": {"part": 4}}))
    return ["--data", tmp_path / "items.jsonl", "--images", folder, "--format", "mathvision", "--maker", "run",
            "--responses", tmp_path / "answers.jsonl", "--config", tmp_path / "bench.yaml"]  # fmt: skip


@pytest.mark.slow
def test_a_killed_benchmark_on_real_responses_goes_on_and_ends_alike(bench_files, tmp_path):
    killed = run("bench", *bench_files, "--out", tmp_path / "killed")
    while not (tmp_path / "killed" / "scores" / "prm" / "part-00001.parquet").exists():
        assert killed.poll() is None, killed.stdout.read()
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    for name in ("killed", "straight"):
        process = run("bench", *bench_files, "--out", tmp_path / name)
        output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output
    manifest = json.loads((tmp_path / "killed" / "scores" / "prm" / "manifest.json").read_text())
    assert 2 <= manifest["resumed_parts"] < 16
    killed, straight = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("killed", "straight"))
    assert killed == straight and killed["items"] == 16
    ways = {(row["scorer"], row["aggregation"], row["n"]) for row in killed["rows"]}
    assert ways >= {("prm", "mean", 2), ("prm", "mean", 4), ("orm", "whole", 2), ("orm", "whole", 4)}


@pytest.mark.slow
def test_answers_without_reasoning_are_scored_by_outcome(real_data, tmp_path):
    """LogicVista's released answers are letters inside an object."""
    folder = real_data / "logicvista"
    head = save_step_head(new_step_head("base", HeadConfig(), seed=0), tmp_path / "head")
    orm = {"kind": "trained", "model": str(head), "max_pixels": 12_544, "outcome": True}
    (tmp_path / "bench.yaml").write_text(json.dumps({"scorers": {"orm": orm}, "ns": [2, 4], "rule": "lenient"}))
    process = run(
        "bench", "--data", folder / "dataset_subset.jsonl", "--images", folder / "images", "--format", "logicvista",
        "--responses", folder / "model_outputs.jsonl", "--response", "answer.answer", "--maker", "run",
        "--config", tmp_path / "bench.yaml", "--out", tmp_path / "bench",
    )  # fmt: skip
    output, _ = process.communicate(timeout=600)
    assert process.returncode == 0, output
    told = json.loads((tmp_path / "bench" / "results.json").read_text())
    assert told["items"] == 90 and {row["aggregation"] for row in told["rows"]} == {"whole"}


@pytest.mark.slow
def test_killed_probes_go_on_and_end_alike(seen_by_a_head, tmp_path):
    killed = run("probe", *seen_by_a_head, "--out", tmp_path / "killed")
    scores = tmp_path / "killed" / "scores" / "untrained"
    while not list(scores.glob("*/part-00001.parquet")):
        assert killed.poll() is None, killed.stdout.read()
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    assert not (tmp_path / "killed" / "results.json").exists()
    for name in ("killed", "straight"):
        output, _ = (process := run("probe", *seen_by_a_head, "--out", tmp_path / name)).communicate(timeout=600)
        assert process.returncode == 0, output
    manifests = [json.loads(path.read_text()) for path in scores.glob("*/manifest.json")]
    assert max(one["resumed_parts"] for one in manifests) >= 2
    killed, straight = (json.loads((tmp_path / name / "results.json").read_text()) for name in ("killed", "straight"))
    assert killed == straight and killed["traces"] == 24
