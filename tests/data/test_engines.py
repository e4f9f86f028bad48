"""Whoever carries the parts, the tables are the same: Daft on this machine, Daft on Ray, and shards."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from seethink.core.rejected import InputError, Stopped
from seethink.core.tables import parts, read_rows
from seethink.data.engines import DaftEngine, engine_config
from seethink.data.pipeline import run_pipeline, run_shard, run_until
from seethink.data.shard import Shard, parse_shard
from seethink.teachers import Patience

WITH_DAFT = pytest.mark.skipif(find_spec("daft") is None, reason="needs the extra cluster")
WITH_RAY = pytest.mark.skipif(find_spec("daft") is None or find_spec("ray") is None, reason="needs the extra cluster")
QUICK = Patience(refusals=4, unknowns=1, first_wait=0.01, longest_wait=0.05)
TABLES = ("collect", "caption", "distill", "rewrite", "verify")
SCRIPT = Path(__file__).parent / "pipeline_process.py"


def content(out: Path) -> dict[str, Any]:
    """Rows and reasons of every step, part by part, and the two sets."""
    tables: dict[str, Any] = {name: list(read_rows(out / name)) for name in ("sft", "rl")}
    for step in TABLES:
        for half in ("rows", "rejected"):
            for path in parts(out / step / half):
                tables[f"{step}/{half}/{path.name}"] = path.read_bytes()
    return tables


def own_words(teachers: Any) -> None:
    """Four distinct calls a row."""
    teachers.says["think"] = lambda asked: f"<think>\n{asked}\n</think>\n\nblue, for {asked[-12:]}"


def start(teachers: Any, folder: Path, *how: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), teachers.base_url, str(folder), "24", "4", *how]
    # Workers of a cluster have the package installed; these find it beside the tests. A busy machine takes its time to
    # start a cluster of its own.
    environment = {"PYTHONPATH": str(SCRIPT.parents[2]), "RAY_raylet_start_wait_time_s": "300"}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | environment)


@pytest.fixture
def build(items: Any, images: Any, settings: Any, teachers: Any, tmp_path: Path) -> Callable[..., Any]:
    """The same 23 items into a folder of that name, seven to a part; keywords go to the run."""
    own_words(teachers)
    teachers.says["judge"] = lambda asked: "No" if "gold-7\n" in asked else "Yes"

    def go(name: str, **asked: Any) -> Path:
        out = tmp_path / name
        return run_pipeline(items(23), images, settings(part_rows=7), out, patience=QUICK, **asked).out

    return go


@WITH_DAFT
@pytest.mark.slow
def test_daft_on_this_machine_makes_the_same_rows(build: Any, teachers: Any) -> None:
    local = content(build("local"))
    paid = teachers.billed
    teachers.bill.clear()
    assert content(build("native", engine=DaftEngine(workers=2))) == local
    assert teachers.billed == teachers.distinct == paid
    assert teachers.peak <= 8


@WITH_RAY
@pytest.mark.slow
def test_daft_on_ray_with_two_workers_makes_the_same_rows(teachers: Any, tmp_path: Path) -> None:
    """In processes of their own: one has one runner."""
    own_words(teachers)
    assert start(teachers, tmp_path / "local").communicate(timeout=500)[0] == "24 rows\n"
    paid = teachers.billed
    teachers.bill.clear()
    assert start(teachers, tmp_path / "ray", "--ray").communicate(timeout=500)[0] == "24 rows\n"
    assert content(tmp_path / "ray" / "out") == content(tmp_path / "local" / "out")
    assert teachers.billed == teachers.distinct == paid and teachers.peak <= 4


@WITH_DAFT
@pytest.mark.slow
def test_an_endpoint_in_trouble_stops_the_workers_with_its_message_and_the_run_goes_on(
    build: Any, teachers: Any, Fault: Any
) -> None:
    teachers.fault = lambda body, attempt: Fault(503) if body["model"] == "edit" else None
    with pytest.raises(InputError, match=r"refused 5 times in a row \(503"):
        build("native", engine=DaftEngine())
    teachers.fault = lambda body, attempt: None
    build("native")
    assert teachers.billed == teachers.distinct


@WITH_DAFT
@pytest.mark.slow
def test_the_workers_share_one_budget(items: Any, images: Any, settings: Any, teachers: Any, tmp_path: Path) -> None:
    config = settings(part_rows=4, max_calls=9)
    with pytest.raises(Stopped, match="does not fit the budget"):
        run_pipeline(items(23), images, config, tmp_path / "out", engine=DaftEngine(), patience=QUICK)
    # The first to run out stops the others, whatever of their shares is left: never more than the whole.
    assert 5 <= teachers.billed <= 9


@WITH_DAFT
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_workers_of_a_run_that_ends_early_lose_no_call(teachers: Any, tmp_path: Path, number: signal.Signals) -> None:
    """Asked to stop, or killed: the workers let their calls finish and record them."""
    teachers.latency = 0.05
    own_words(teachers)
    process = start(teachers, tmp_path, "--native")
    while teachers.billed < 30:
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=500)
    while teachers.in_flight:
        time.sleep(0.01)
    output, _ = start(teachers, tmp_path, "--native").communicate(timeout=500)
    assert output == "24 rows\n"
    assert teachers.distinct == 96
    assert teachers.billed == 96 if number == signal.SIGTERM else teachers.billed <= 96 + 4


def test_without_daft_the_message_says_what_to_install(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "daft", None)
    monkeypatch.delitem(sys.modules, "seethink.data.engines.on_daft", raising=False)
    monkeypatch.delattr("seethink.data.engines.on_daft", raising=False)
    with pytest.raises(InputError, match=r"install seethink\[cluster\]"):
        build("native", engine=engine_config("daft"))


def test_shards_of_a_disk_make_the_same_rows_and_pay_once(
    build: Any, items: Any, images: Any, settings: Any, teachers: Any, tmp_path: Path
) -> None:
    local = content(build("local"))
    paid = teachers.billed
    teachers.bill.clear()
    out, config = tmp_path / "sharded", settings(part_rows=7)
    run_until("collect", items(23), images, config, out)
    for index in (2, 0):
        run_shard(Shard(index, 3), images, config, out, patience=QUICK)
    assert len(parts(out / "verify" / "rows")) == 3 and not (out / "sft").exists()
    run_shard(Shard(1, 3), images, config, out, patience=QUICK)
    before = teachers.billed
    build("sharded")
    assert content(out) == local and before == teachers.billed == teachers.distinct == paid


def test_a_missing_shard_is_made_up_for(build: Any, items: Any, images: Any, settings: Any, tmp_path: Path) -> None:
    local, out = content(build("local")), tmp_path / "sharded"
    run_until("collect", items(23), images, settings(part_rows=7), out)
    run_shard(Shard(0, 2), images, settings(part_rows=7), out, patience=QUICK)
    assert content(build("sharded")) == local


def test_a_shard_changes_nothing_that_was_made_otherwise(
    items: Any, images: Any, settings: Any, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(InputError, match="--until collect"):
        run_shard(Shard(0, 2), images, settings(), out)
    run_until("collect", items(3), images, settings(), out)
    with pytest.raises(InputError, match="--until collect"):
        run_shard(Shard(0, 2), images, settings(reasoner={"model": "think", "temperature": 0.1}), out)


def test_the_steps_can_be_run_one_at_a_time(build: Any, items: Any, images: Any, settings: Any, tmp_path: Path) -> None:
    local, out = content(build("local")), tmp_path / "steps"
    for step in ("caption", "distill"):
        run_until(step, items(23), images, settings(part_rows=7), out, patience=QUICK)
    assert not parts(out / "rewrite" / "rows")
    assert content(build("steps")) == local
    with pytest.raises(InputError, match="choose collect, caption"):
        run_until("capton", items(1), images, settings(), out)


@pytest.mark.parametrize("text", ["", "1", "3/3", "1/0", "-1/3", "a/b", "1/2/3", "١/٣", "9" * 5_000 + "/1"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="shard"):
        parse_shard(text)


def test_shards_are_numbered_from_nought() -> None:
    assert parse_shard("2/8") == Shard(2, 8)
    assert [part for part in range(9) if Shard(1, 4).has(part)] == [1, 5]


@pytest.mark.slow
def test_tasks_of_a_job_array_run_beside_each_other_and_one_may_be_killed(teachers: Any, tmp_path: Path) -> None:
    """As Slurm starts them: the command line, in processes that share a disk and nothing else."""
    own_words(teachers)
    rows = []
    for number in range(24):
        Image.new("RGB", (4, 4), (number, 0, 0)).save(tmp_path / f"{number}.png")
        rows.append({"question": f"What is {number}?", "gold": "blue", "verifier": "open", "image": f"{number}.png"})
    (tmp_path / "items.jsonl").write_text("\n".join(map(json.dumps, rows)))
    roles = {"captioner": "see", "reasoner": "think", "rewriter": "edit", "verifier": "judge"}
    settings = {"base_url": teachers.base_url, "part_rows": 3, **{role: {"model": one} for role, one in roles.items()}}
    (tmp_path / "data.yaml").write_text(json.dumps(settings))

    def build(out: str, *more: str) -> subprocess.Popen[bytes]:
        given = {"--config": "data.yaml", "--data": "items.jsonl", "--images": ".", "--out": out}
        command = [
            sys.executable,
            "-m",
            "seethink.cli",
            "data",
            "build",
            *(word for pair in given.items() for word in pair),
        ]
        return subprocess.Popen([*command, *more], cwd=tmp_path, stdout=subprocess.DEVNULL)

    assert build("alone").wait(timeout=500) == 0
    paid = teachers.billed
    teachers.bill.clear()
    teachers.latency = 0.05
    assert build("array", "--until", "collect").wait(timeout=500) == 0 and not teachers.billed
    first, second, third = (build("array", "--shard", f"{index}/3") for index in range(3))
    while teachers.billed < paid // 3:
        time.sleep(0.01)
    third.kill()
    assert [first.wait(timeout=500), second.wait(timeout=500), third.wait()] == [0, 0, -signal.SIGKILL]
    while teachers.in_flight:
        time.sleep(0.01)
    assert build("array").wait(timeout=500) == 0
    assert content(tmp_path / "array") == content(tmp_path / "alone")
    assert teachers.distinct == paid and teachers.billed <= paid + 64
