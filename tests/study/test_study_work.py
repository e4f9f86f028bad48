"""Several processes on one list of tasks: each task by one of them at a time, and a killed one's at once free again."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

# Twelve tasks, the last four need those before them. A task takes a tenth of a second and notes who began and ended it.
WORKER = """
import os, sys, time
from pathlib import Path
from seethink.study import work

root = Path(sys.argv[1])
work.PAUSE = 0.05
tasks = {f"t{n}": n for n in range(12)}

def note(what, n):
    with (root / "log").open("a") as log:
        log.write(f"{what} {n} {os.getpid()}\\n")

def do(n):
    if (root / f"t{n}").exists():
        return
    note("began", n)
    time.sleep(0.1)
    (root / f"t{n}").write_text(str(n))
    note("ended", n)

needs = lambda n: [f"t{m}" for m in range(8)] if n >= 8 else []
work.work_off(tasks, needs, lambda n: root / "locks" / str(n), do, finished=set())
print("done", flush=True)
"""


@pytest.fixture
def start(tmp_path):
    started = []

    def begin():
        started.append(subprocess.Popen([sys.executable, "-c", WORKER, str(tmp_path)], stdout=subprocess.PIPE))
        return started[-1]

    yield begin
    for process in started:
        process.kill()
        process.wait()


def told(tmp_path):
    return [line.split() for line in (tmp_path / "log").read_text().splitlines()]


def test_two_processes_share_the_work_and_do_nothing_twice(start, tmp_path):
    both = [start(), start()]
    assert [process.wait(60) for process in both] == [0, 0]
    notes = told(tmp_path)
    began = [number for what, number, _ in notes if what == "began"]
    assert sorted(began, key=int) == [str(number) for number in range(12)]
    by = {number: who for what, number, who in notes if what == "ended"}
    assert len(set(by.values())) == 2
    # What the last four need was finished before they began.
    assert {
        number for what, number, _ in notes[: next(i for i, n in enumerate(notes) if int(n[1]) >= 8)] if what == "ended"
    } == {str(number) for number in range(8)}


def test_killed_at_any_moment_the_rest_is_done_by_who_comes_next(start, tmp_path):
    rng = random.Random(7)
    for _ in range(6):
        process = start()
        time.sleep(0.15 + 0.3 * rng.random())
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start().wait(60) == 0
    assert {path.name for path in tmp_path.glob("t*")} == {f"t{number}" for number in range(12)}
    ended = [number for what, number, _ in told(tmp_path) if what == "ended"]
    assert len(ended) == len(set(ended)) <= 12


def test_who_waits_goes_on_when_the_other_is_killed(start, tmp_path):
    first = start()
    time.sleep(0.4)
    second = start()
    time.sleep(0.1)
    first.send_signal(signal.SIGKILL)
    assert second.wait(60) == 0 and json.loads((tmp_path / "t11").read_text()) == 11
