"""The promise: a killed process pays at most its calls in flight twice, a stopped one nothing."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

COUNT, WIDTH = 60, 6
SCRIPT = Path(__file__).parent / "asking_process.py"


def start(server: Any, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, str(SCRIPT), server.base_url, str(folder), str(COUNT), str(WIDTH)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(server: Any, folder: Path) -> int:
    output, _ = start(server, folder).communicate(timeout=60)
    return int(output)


def interrupt(server: Any, folder: Path, number: signal.Signals, after: int) -> int:
    """Start, let ``after`` answers be billed, send the signal; returns what had been billed once all is quiet."""
    process = start(server, folder)
    while server.billed < after:
        time.sleep(0.002)
    process.send_signal(number)
    process.wait(timeout=60)
    while server.in_flight:
        time.sleep(0.01)
    return int(server.billed)


@pytest.mark.parametrize("moment", random.Random().sample(range(2, COUNT - 20), 1))
def test_after_kill_9_at_most_the_calls_in_flight_are_paid_twice(server: Any, folder: Path, moment: int) -> None:
    server.latency = 0.02
    before = interrupt(server, folder, signal.SIGKILL, moment)
    assert moment <= before < COUNT
    assert finish(server, folder) == COUNT
    assert server.distinct == COUNT
    assert server.billed <= COUNT + WIDTH, f"killed after {moment} answers"


def test_after_sigterm_nothing_is_paid_twice(server: Any, folder: Path) -> None:
    server.latency = 0.02
    before = interrupt(server, folder, signal.SIGTERM, 20)
    assert 20 <= before < COUNT
    assert finish(server, folder) == COUNT
    assert server.billed == server.distinct == COUNT


@pytest.mark.slow
def test_ten_kills_in_a_row_repeat_at_most_the_calls_in_flight_of_each(server: Any, folder: Path) -> None:
    """Killed while the bill grows, and before the first call of a new process as well."""
    server.latency = 0.02
    for kill in range(10):
        before = server.billed
        process = start(server, folder)
        target = min(before + random.randint(0, 12), 9 * COUNT // 10 + kill)
        give_up = time.monotonic() + random.uniform(0.5, 3)
        while server.billed < target and time.monotonic() < give_up:
            time.sleep(0.002)
        process.kill()
        process.wait(timeout=60)
        while server.in_flight:
            time.sleep(0.01)
        assert server.billed - server.distinct <= (kill + 1) * WIDTH
    assert finish(server, folder) == COUNT
    assert server.distinct == COUNT and server.billed <= COUNT + 10 * WIDTH
