"""Jobs: further processes on this machine that take part in a study and end with the process that started them.

A job makes stages, as the same command in a second shell would; results and report are left to the first process. One
that fails takes nothing with it: its stage is free again and is made by another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from seethink.models.device import accelerators
from seethink.study.settings import StudyConfig

LOGS = "jobs"
"""Folder below the study's with what each job printed."""

LEFT = 3
"""Exit status of a job whose first process is gone."""


def with_shared_threads(config: StudyConfig, jobs: int) -> StudyConfig:
    """The study with the cores divided among ``jobs`` processes, where it does not say how many threads each has."""
    if config.threads or jobs == 1:
        return config
    return config.model_copy(update={"threads": max(1, (os.cpu_count() or 1) // jobs)})


@contextmanager
def jobs_beside(config: StudyConfig, count: int, out: Path, stages: Path, console: Console) -> Iterator[None]:
    """``count`` jobs at the study while open; job k computes on the k-th accelerator behind this process's own."""
    line = f"{json.dumps([config.as_given(), str(out), str(stages)])}\n".encode()
    started: list[subprocess.Popen[bytes]] = []
    try:
        for number in range(1, count + 1):
            started.append(_start(number, line, _log(out, number)))
        yield
    finally:
        for number, process in enumerate(started, 1):
            assert process.stdin is not None
            process.stdin.close()
            if process.wait() not in (0, LEFT):
                console.print(f"job {number} ended with {process.returncode}: {_log(out, number)} says why")


def _log(out: Path, number: int) -> Path:
    return out / LOGS / f"{number}.log"


def _start(number: int, line: bytes, log: Path) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as printed:
        process = subprocess.Popen(
            [sys.executable, "-m", "seethink.study.job"],
            stdin=subprocess.PIPE,
            stdout=printed,
            stderr=printed,
            env=os.environ | _accelerator(number),
        )
    assert process.stdin is not None
    process.stdin.write(line)
    process.stdin.flush()
    return process


def _accelerator(number: int) -> dict[str, str]:
    visible = accelerators()
    return {"CUDA_VISIBLE_DEVICES": visible[number % len(visible)]} if visible else {}
