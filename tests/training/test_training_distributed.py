"""Two processes over gloo train as one does."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from seethink.core.tables import read_manifest, read_rows

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parent / "distributed_process.py"
TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
ENVIRONMENT = os.environ | {"ACCELERATE_USE_CPU": "true", "OMP_NUM_THREADS": "1"}


def run(*command):
    done = subprocess.run(
        [sys.executable, *map(str, command)], capture_output=True, text=True, timeout=600, env=ENVIRONMENT
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def alone(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("alone")
    run(SCRIPT, tiny, out)
    return out


@pytest.fixture(scope="module")
def together(tiny, tmp_path_factory):
    out = tmp_path_factory.mktemp("together")
    return out, run(*TWO, SCRIPT, tiny, out)


def gradients(out, kind, step):
    found = load_file(out / kind / "gradients" / f"{step}.safetensors")
    return torch.cat([found[name].flatten().double() for name in sorted(found)])


@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_two_processes_give_the_gradients_of_one(alone, together, kind):
    assert [read_manifest(out / kind)["cost"]["processes"] for out in (alone, together[0])] == [1, 2]
    ours, theirs = gradients(alone, kind, 0), gradients(together[0], kind, 0)
    assert ours.norm() > 0 and (ours - theirs).norm() < 1e-5 * ours.norm()


@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_two_processes_log_what_one_does(alone, together, kind):
    ours, theirs = (list(read_rows(out / kind / "log")) for out in (alone, together[0]))
    assert len(ours) == len(theirs) == 2
    for name in ("loss", "grad_norm", "learning_rate") + (("reward",) if kind == "grpo" else ()):
        assert [row[name] for row in theirs] == pytest.approx([row[name] for row in ours], rel=1e-4)
    # Means over tokens: two processes pool the tokens of two forwards, one averages over forwards.
    for name in ("entropy",) + (("kl",) if kind == "grpo" else ()):
        assert [row[name] for row in theirs] == pytest.approx([row[name] for row in ours], rel=1e-2, abs=1e-6)


def test_a_batch_without_a_picture_is_counted_with_the_one_token_it_gets(alone, together):
    ours, theirs = (list(read_rows(out / "sft" / "log"))[-1]["num_tokens"] for out in (alone, together[0]))
    assert theirs - ours == 3


@pytest.mark.parametrize("kind", ["sft", "grpo"])
def test_one_process_writes_and_speaks(alone, together, kind):
    out, told = together
    manifest, lone = read_manifest(out / kind), read_manifest(alone / kind)
    assert manifest["config_hash"] == lone["config_hash"] and manifest["data"] == lone["data"]
    assert {path.name for path in (out / kind).iterdir()} == {path.name for path in (alone / kind).iterdir()}
    assert told.count("trained: vision none") == 4
    changed = load_file(out / kind / "model" / "model.safetensors")
    for name, weight in load_file(alone / kind / "model" / "model.safetensors").items():
        assert torch.allclose(weight, changed[name], atol=1e-3), name


def test_two_processes_go_back_from_a_spike_together(alone, together):
    ours, theirs = (read_manifest(out / "spiked")["reruns"] for out in (alone, together[0]))
    assert len(ours) == len(theirs) == 1
    for name in ("step", "why", "back_to", "rows_left_out"):
        assert ours[0][name] == theirs[0][name]
    assert theirs[0]["step"] == 7 and theirs[0]["back_to"] == 4


def test_two_processes_know_a_finished_run(tiny, together, tmp_path):
    out, _ = together
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*.safetensors")}
    assert "trained:" not in run(*TWO, SCRIPT, tiny, out)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*.safetensors")} == before
