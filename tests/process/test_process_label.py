import json
import signal
import subprocess
import sys
import time

import pytest

from seethink.analysis import Rule
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows
from seethink.core.verdict import Outcome
from seethink.process.label import label, label_questions
from seethink.process.measure import ErrorsTask, ProbeTask, measure_errors, measure_probes
from seethink.process.pool import Candidate, Pool
from seethink.process.settings import LabelTask
from seethink.study.rewards import training_reward
from seethink.world.export import export_items
from seethink.world.source import WorldConfig

POLICY = {"model": "base", "splitting": "lines", "max_tokens": 96, "step_tokens": 32, "temperature": 1.0}
TRUTH = {"kind": "truth"}
TREE = {"kind": "tree", "weight": 1, "iterations": 8}


def task(collector, **more):
    return LabelTask.model_validate({"collector": collector, "policy": POLICY, "splitting": "lines"} | more)


@pytest.fixture(scope="module")
def scorer(tmp_path_factory):
    from seethink.process.step_head import HeadConfig, new_step_head, save_step_head

    path = save_step_head(new_step_head("base", HeadConfig(), seed=0), tmp_path_factory.mktemp("head"))
    return {"kind": "trained", "model": str(path)}


@pytest.mark.parametrize(
    ("collector", "more"),
    [
        ({"kind": "exhaustive", "rollouts": 2}, {}),
        ({"kind": "binary", "rollouts": 2}, {}),
        ({"kind": "agreement", "rollouts": 2}, {"weak": POLICY | {"temperature": 1.5}}),
        ({"kind": "judge"}, {"judge": TRUTH}),
        (TREE, {}),
        (TREE | {"weight": 0.5}, {"judge": TRUTH}),
        ({"kind": "outcome"}, {}),
    ],
    ids=["exhaustive", "binary", "agreement", "judge", "tree", "judged tree", "outcome"],
)
def test_every_collector_labels_with_the_tiny_base(collector, more, pools_of_two, world_items, world_images, tmp_path):
    found, asked = pools_of_two[:2], task(collector, **more)
    told = label(asked, found, world_images, training_reward(world_items), tmp_path)
    rows = list(read_rows(tmp_path / "labels"))
    assert len(rows) == 4 and all(len(row["values"]) == len(row["steps"]) for row in rows)
    lines = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text().splitlines()]
    assert len(lines) == len(told.rows) and all(0 <= line["value"] <= 1 for line in lines)
    assert all((tmp_path / line["image_path"]).exists() for line in lines)
    manifest = json.loads((tmp_path / "labels" / "manifest.json").read_text())
    # Whoever finds the labels can tell how they were made.
    made = LabelTask.model_validate(manifest["config"])
    assert made == asked.model_copy(update={"collector": made.collector})
    assert manifest["config"]["collector"].items() >= collector.items()
    assert (manifest["cost"]["tokens"] > 0) is (collector["kind"] not in ("judge", "outcome"))
    assert json.loads((tmp_path / "manifest.json").read_text())["set_aside"] == told.reasons


def test_responses_that_cannot_be_labelled_are_counted(pools_of_two, world_images, tmp_path):
    [pool] = pools_of_two[:1]
    more = (Candidate("Nobody knows.", None, None), Candidate("<think></think><answer>4</answer>", 0.0, "4"))
    asked = task({"kind": "outcome"})
    told = label(asked, [Pool(pool.item, "g", pool.candidates + more)], world_images, lambda *_: [], tmp_path)
    assert told.reasons == {"a response without a verdict": 1, "a response without steps": 1}
    assert [row["where"] for row in read_rows(tmp_path / "set_aside")] == [pool.item.id] * 2


def test_completions_are_decided_by_the_rule_of_the_solutions(world_items):
    [item] = [one for one in world_items if one.verifier == "digit"][:1]
    said = f"I count them.\nThe answer is {item.gold}."
    told = [training_reward([item], rule=rule)([item], [said])[0].outcome for rule in (Rule.STRICT, Rule.LENIENT)]
    assert told == [Outcome.UNPARSEABLE, Outcome.CORRECT]


def test_a_tree_per_question_needs_no_response(world_items, world_images, tmp_path):
    # So hot that the base is right and wrong about the same question.
    items, asked = world_items[:6], task(TREE | {"iterations": 16}, policy=POLICY | {"temperature": 1.6})
    told = label_questions(asked, items, world_images, training_reward(items), tmp_path)
    rows = list(read_rows(tmp_path / "labels"))
    assert [row["item_id"] for row in rows] == [item.id for item in items]
    both = {row["question"] for row in rows if row["right_ends"] and row["wrong_ends"]}
    assert {row.question for row in told.rows} == both and both
    for asked in both:
        mine = [row for row in told.rows if row.question == asked]
        assert len(mine) <= 12 and all(round(row.value, 1) == row.value for row in mine)
    one_sided = sum(count for reason, count in told.reasons.items() if reason.startswith("a tree without"))
    assert one_sided == len(rows) - len(both)
    with pytest.raises(InputError, match=r"give --responses, or set collector.kind=tree"):
        label_questions(task({"kind": "binary"}), items, world_images, training_reward(items), tmp_path)


@pytest.mark.parametrize("collector", [{"kind": "judge"}, {"kind": "tree", "iterations": 4}], ids=["judge", "tree"])
def test_the_scale_is_the_scorer_s(collector, scorer, pools_of_two, world_items, world_images, tmp_path):
    found, reward = pools_of_two[:1], training_reward(world_items)
    label(task(collector, judge=scorer), found, world_images, reward, tmp_path)
    values = [value for row in read_rows(tmp_path / "labels") for value in row["values"]]
    assert any(0 < value < 1 for value in values)
    with pytest.raises(InputError, match=r"collector.highest is 5, and a judge of kind trained scores from 0 to 1"):
        label(task(collector | {"highest": 5}, judge=scorer), found, world_images, reward, tmp_path)


def test_a_judge_of_responses_is_refused_where_steps_are_needed(pools_of_two, world_images, tmp_path):
    judge = {"kind": "judged", "model": "m", "base_url": "http://localhost:1/v1", "rated": "response"}
    with pytest.raises(InputError, match=r"set judge.rated=steps"):
        label(task({"kind": "judge"}, judge=judge), pools_of_two, world_images, lambda *_: [], tmp_path)
    with pytest.raises(InputError, match=r"set scorers.j.rated=steps"):
        measure_errors(ErrorsTask(scorers={"j": judge}), [], world_images, tmp_path)
    with pytest.raises(InputError, match=r"set scorers.j.rated=steps"):
        measure_probes(ProbeTask(scorers={"j": judge}), [], world_images, tmp_path)


def test_killed_trees_go_on_and_end_alike(tmp_path):
    world, settings = tmp_path / "world", tmp_path / "label.yaml"
    export_items(WorldConfig(count=6), world)
    settings.write_text(json.dumps(task(TREE | {"iterations": 16}, collection={"part": 1}).model_dump(mode="json")))

    def run(name):
        told = ["process", "label", "--data", world / "items.jsonl", "--images", world / "images", "--config", settings]
        return subprocess.Popen(
            [sys.executable, "-m", "seethink.cli", *map(str, told), "--out", str(tmp_path / name)],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip

    killed = run("killed")
    while not (tmp_path / "killed" / "labels" / "part-00001.parquet").exists():
        assert killed.poll() is None, killed.stdout.read()
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait(timeout=60)
    for name in ("killed", "straight"):
        output, _ = (process := run(name)).communicate(timeout=600)
        assert process.returncode == 0, output
    assert 2 <= json.loads((tmp_path / "killed" / "labels" / "manifest.json").read_text())["resumed_parts"] < 6
    rows, others = (list(read_rows(tmp_path / name / "labels")) for name in ("killed", "straight"))
    assert rows == others and len(rows) == 6
    assert (tmp_path / "killed" / "rows.jsonl").read_bytes() == (tmp_path / "straight" / "rows.jsonl").read_bytes()
