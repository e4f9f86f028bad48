"""Two processes, of which one has pictures and the other has none."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

SCRIPT = Path(__file__).parent / "groups_process.py"


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@pytest.mark.slow
def test_a_process_without_pictures_keeps_step_with_one_that_has_them(tiny, tmp_path, checkout):
    """The mean of their gradients is that of both batches; without the tower's part, DDP would wait for ever."""
    given = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(checkout)}
    given |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port(), "WORLD_SIZE": "2"}
    alone, together = (tmp_path / name for name in ("alone.safetensors", "together.safetensors"))
    subprocess.run([sys.executable, SCRIPT, tiny, alone], env=given, check=True, timeout=180)
    processes = [
        subprocess.Popen([sys.executable, SCRIPT, tiny, together], env=given | {"RANK": rank, "LOCAL_RANK": rank})
        for rank in ("0", "1")
    ]
    try:
        assert [process.wait(timeout=180) for process in processes] == [0, 0]
    finally:
        for process in processes:
            process.kill()
    expected, found = load_file(alone), load_file(together)
    apart = sum((2 * found[name] - one).square().sum() for name, one in expected.items())
    assert apart.sqrt() / sum(one.square().sum() for one in expected.values()).sqrt() < 1e-5
    assert all(torch.isfinite(one).all() for one in found.values())
