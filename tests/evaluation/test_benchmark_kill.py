"""A benchmark run with a paid model and a paid judge, killed in the middle of either."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

ROWS, WIDTH = 40, 4


def answer(body):
    """The model answers in prose that no rule settles, and the judge reads it."""
    if body["model"] == "judge":
        return "B" if "the second" in body["messages"][-1]["content"].rpartition("row")[2] else "A"
    text = body["messages"][-1]["content"][-1]["text"]
    number = int(text.partition("Which one is ")[2].partition("?")[0])
    return f"In row {number} I would take {('the first', 'the second')[number % 3 == 0]} of them, all in all"


@pytest.fixture
def command(server, tsv, vista, tmp_path):
    table = tsv(*(vista(index, "AB"[index % 2]) for index in range(ROWS)))
    server.answer = answer

    def start(out):
        told = ["-m", "seethink.cli", "eval", "run", "mathvista", "--table", table, "--out", tmp_path / out]
        told += ["--model", "m", "--base-url", server.base_url, "--judge", "judge", "--judge-url", server.base_url]
        told += ["part=8", f"endpoint.width={WIDTH}", f"judge.width={WIDTH}", "prompt=none"]
        return subprocess.Popen([sys.executable, *map(str, told)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    return start


def figures(folder):
    told = json.loads((folder / "MathVista_MINI" / "none" / "results.json").read_text())
    return {name: value for name, value in told.items() if name != "judge_spent"}


def test_after_kill_9_only_calls_in_flight_are_paid_again_and_the_figures_are_the_same(command, server, tmp_path):
    """Killed while the model answers, and again while the judge reads."""
    server.latency = 0.02
    for share in (0.4, 1.4):
        moment = int(share * ROWS) + random.randint(0, ROWS // 3)
        process = command("killed")
        while server.billed < moment:
            assert process.poll() is None, process.stdout.read()
            time.sleep(0.002)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
        while server.in_flight:
            time.sleep(0.01)
    again = command("killed")
    output, _ = again.communicate(timeout=120)
    assert again.returncode == 0, output
    assert server.distinct == 2 * ROWS
    assert server.billed <= 2 * ROWS + 2 * WIDTH
    whole = command("whole")
    assert whole.wait(timeout=120) == 0
    assert figures(tmp_path / "killed") == figures(tmp_path / "whole")
    assert figures(tmp_path / "whole")["judge_calls"] == ROWS
    assert figures(tmp_path / "whole")["judge"]["judge"] == "judge"


def test_sigterm_loses_nothing_and_says_that_the_same_command_goes_on(command, server):
    server.latency = 0.02
    process = command("stopped")
    while server.billed < ROWS // 2:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.002)
    process.terminate()
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 130 and b"the same command goes on" in output
    assert command("stopped").wait(timeout=120) == 0
    assert server.billed == server.distinct == 2 * ROWS
