"""A study of several processes, and one killed at random moments: both end as one that nobody disturbed."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seethink.core.tables import read_json, read_manifest

STUDY = """
base: {base}
threads: 1
seeds: [0, 1]
world: {{count: 60}}
data: {{split: {{kind: random}}}}
sft: {{steps: 4, batch: 4, max_tokens: 800, checkpoint_every: 1}}
rl: {{completions: 24, group: 2, prompts_per_step: 2, max_completion_tokens: 8, kl: 0.0, checkpoint_every: 1}}
heldout: {{count: 12, seed: 0, split: heldout}}
evaluation: {{draws: 1, max_tokens: 12, part: 4}}
accept: {{code: the checkout may be committed to while its tests run}}
arms: [rl, sft+rl]
"""

TIMES = ("seconds", "stage_seconds", "train_seconds", "eval_seconds", "code")


@pytest.fixture(scope="module")
def begin(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("together")
    (folder / "study.yaml").write_text(STUDY.format(base=tiny))
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    started = []

    def start(out, *more):
        words = [sys.executable, "-m", "seethink.cli", "study", str(folder / "study.yaml"), "--out", str(folder / out)]
        words += more
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "env": environment}
        started.append(subprocess.Popen(words, start_new_session=True, **quiet))
        return started[-1]

    yield start, folder
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def undisturbed(begin):
    start, folder = begin
    process = start("alone")
    assert process.wait(600) == 0, process.stderr.read().decode()[-2000:]
    return told(folder / "alone")


def without_times(tree):
    if isinstance(tree, dict):
        return {name: without_times(value) for name, value in tree.items() if name not in TIMES}
    if isinstance(tree, list):
        return [without_times(value) for value in tree if not _of_code(value)]
    return tree


def _of_code(row):
    """A control that names the version of the checkout."""
    return isinstance(row, dict) and str(row.get("control", "")).endswith("code")


def told(out):
    """Results but for times and the folder's name, and the hash of every trained model."""
    results = without_times(read_json(out / "results.json"))
    models = {path.parent.name: read_manifest(path.parent)["model"] for path in out.glob("stages/*/manifest.json")}
    return json.loads(json.dumps(results).replace(f'"{out.name}"', '"the study"')), models


@pytest.mark.slow
def test_two_shells_with_two_jobs_each_end_as_one_process_does(begin, undisturbed):
    start, folder = begin
    both = [start("both", "--jobs", "2"), start("both", "--jobs", "2")]
    for process in both:
        assert process.wait(900) == 0, process.stderr.read().decode()[-2000:]
    assert "stages/" in (folder / "both" / "jobs" / "1.log").read_text()
    assert told(folder / "both") == undisturbed


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for the job's process in /proc")
def test_a_job_ends_with_the_process_that_started_it(begin):
    start, folder = begin
    first = start("left", "--jobs", "2")
    log = folder / "left" / "jobs" / "1.log"
    wait_until(lambda: log.exists() and log.read_text())
    [job] = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
    first.kill()
    first.wait()
    wait_until(lambda: not Path(f"/proc/{job}").exists(), seconds=30)


def wait_until(seen, seconds=120):
    late = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < late
        time.sleep(0.2)


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_as_one_that_was_not(begin, undisturbed):
    start, folder = begin
    rng = random.Random(11)
    for _ in range(6):
        process = start("killed")
        time.sleep(4 + 16 * rng.random())
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    process = start("killed")
    assert process.wait(900) == 0, process.stderr.read().decode()[-2000:]
    assert told(folder / "killed") == undisturbed
