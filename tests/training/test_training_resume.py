import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from transformers import Trainer

from seethink.core.tables import read_manifest, read_rows
from seethink.models.load import weights_hash
from seethink.training.resuming import SEAL, last_checkpoint, seal, sealed_checkpoints

TIMES = ("seconds", "time", "runtime", "per_second")


@pytest.fixture
def steps(monkeypatch):
    """The optimiser steps that are really computed, in order."""
    computed, step = [], Trainer.training_step

    def counted(trainer, *arguments, **named):
        computed.append(trainer.state.global_step + 1)
        return step(trainer, *arguments, **named)

    monkeypatch.setattr(Trainer, "training_step", counted)
    return computed


def interrupted(train, kind, tiny, out, monkeypatch, after):
    """Train in this process and stop it once ``after`` steps are sealed, as Ctrl-C would."""
    step = Trainer.training_step

    def stopped(trainer, *arguments, **named):
        if trainer.state.global_step == after:
            raise KeyboardInterrupt
        return step(trainer, *arguments, **named)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Trainer, "training_step", stopped)
        train(kind, tiny, out)


class Left(NamedTuple):
    weights: str
    log: list[dict[str, Any]]
    rollouts: list[dict[str, Any]]


def left(out):
    """What a run left, but for times."""
    log = [{name: row[name] for name in row if not name.endswith(TIMES)} for row in read_rows(out / "log")]
    return Left(weights_hash(out / "model"), log, list(read_rows(out / "rollouts")))


@pytest.fixture(scope="session")
def whole(tiny, training_process, tmp_path_factory):
    """The weights that an uninterrupted run ends with, by kind, and its log."""
    ended = {}

    def end_of(kind):
        if kind not in ended:
            out = tmp_path_factory.mktemp("whole")
            training_process.train(kind, tiny, out)
            ended[kind] = left(out)
        return ended[kind]

    return end_of


def started(training_process, kind, tiny, out):
    command = [sys.executable, training_process.__file__, kind, str(tiny), str(out)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@pytest.mark.parametrize("kind", ["grpo", "sft"])
def test_a_killed_run_ends_with_the_weights_of_an_uninterrupted_one(
    kind, tiny, training_process, whole, steps, tmp_path
):
    process, patience = started(training_process, kind, tiny, tmp_path), time.monotonic() + 120
    while not list(tmp_path.glob(f"checkpoints/*/{SEAL}")):
        assert process.poll() is None and time.monotonic() < patience
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL and not (tmp_path / "model").exists()

    training_process.train(kind, tiny, tmp_path)
    assert steps[0] > 1 and steps[-1] == training_process.STEPS
    assert left(tmp_path) == whole(kind)
    # Each step adds what it took, the first one after the kill too.
    tokens = [row["num_tokens"] for row in left(tmp_path).log]
    assert tokens == sorted(tokens) and read_manifest(tmp_path)["cost"]["train_tokens"] == tokens[-1]


def test_a_run_killed_while_it_writes_a_checkpoint_goes_on_from_the_one_before(
    tiny, training_process, whole, steps, tmp_path
):
    process, patience = started(training_process, "grpo", tiny, tmp_path), time.monotonic() + 120
    caught = None
    while caught is None:
        assert process.poll() is None and time.monotonic() < patience
        if unsealed(tmp_path):
            # Stopped, it cannot finish while we look.
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.02)
            caught = next(iter(unsealed(tmp_path)), None)
            if caught is None or not sealed_checkpoints(tmp_path / "checkpoints"):
                caught = None
                process.send_signal(signal.SIGCONT)
    process.kill()
    assert process.wait() == -signal.SIGKILL

    [before] = sealed_checkpoints(tmp_path / "checkpoints")
    assert last_checkpoint(tmp_path / "checkpoints") == str(before) and not caught.exists()
    training_process.train("grpo", tiny, tmp_path)
    assert steps[0] > 1 and weights_hash(tmp_path / "model") == whole("grpo").weights


def unsealed(out: Path) -> list[Path]:
    """Checkpoints that are being written, once there is one to go back to."""
    folders = sorted(out.glob("checkpoints/checkpoint-*"))
    return [path for path in folders if not (path / SEAL).exists()] if len(folders) > 1 else []


@pytest.mark.parametrize("kind", ["grpo", "sft"])
def test_a_checkpoint_cut_off_in_the_writing_is_passed_over(
    kind, tiny, training_process, whole, steps, tmp_path, monkeypatch
):
    interrupted(training_process.train, kind, tiny, tmp_path, monkeypatch, after=2)
    sealed = tmp_path / "checkpoints" / "checkpoint-2"
    half = shutil.copytree(sealed, sealed.with_name("checkpoint-3"))
    for name in ("trainer_state.json", "optimizer.pt"):
        (half / name).unlink()
    steps.clear()
    training_process.train(kind, tiny, tmp_path)
    assert steps == [3, 4, 5, 6] and weights_hash(tmp_path / "model") == whole(kind).weights


def test_a_run_stopped_in_its_second_epoch_goes_on_with_its_order_and_its_kl_coefficient(
    tiny, training_process, whole, steps, tmp_path, monkeypatch
):
    weights, log, _ = whole("grpo")
    interrupted(training_process.train, "grpo", tiny, tmp_path, monkeypatch, after=5)
    steps.clear()
    training_process.train("grpo", tiny, tmp_path)
    assert steps == [6] and weights_hash(tmp_path / "model") == weights
    coefficients = [row["kl_coefficient"] for row in log]
    assert coefficients[0] == 0.01 and len(set(coefficients)) == len(coefficients)
    assert [row["kl_coefficient"] for row in read_rows(tmp_path / "log")] == coefficients


def test_checkpoints_fall_between_two_rollouts(tiny, training_process, whole, steps, tmp_path, monkeypatch):
    interrupted(training_process.train, "rollouts", tiny, tmp_path, monkeypatch, after=3)
    assert [path.name for path in sealed_checkpoints(tmp_path / "checkpoints")] == ["checkpoint-2"]
    steps.clear()
    training_process.train("rollouts", tiny, tmp_path)
    assert steps == [3, 4, 5, 6] and weights_hash(tmp_path / "model") == whole("rollouts").weights


def test_a_seal_speaks_of_every_file_and_its_size(tmp_path):
    checkpoint = tmp_path / "checkpoint-1"
    (checkpoint / "inner").mkdir(parents=True)
    (checkpoint / "inner" / "weights").write_text("0123")
    assert sealed_checkpoints(tmp_path) == []
    seal(checkpoint)
    assert sealed_checkpoints(tmp_path) == [checkpoint]
    (checkpoint / "inner" / "weights").write_text("012")
    assert sealed_checkpoints(tmp_path) == [] and last_checkpoint(tmp_path) is None and not checkpoint.exists()
