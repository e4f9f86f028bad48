import shutil
import signal
import subprocess
import sys
import time

import pytest
from transformers import Trainer

from seethink.models.load import weights_hash


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


@pytest.fixture(scope="session")
def whole(tiny, training_process, tmp_path_factory):
    """The weights that an uninterrupted run ends with, by kind."""
    ended = {}

    def hash_of(kind):
        if kind not in ended:
            out = tmp_path_factory.mktemp("whole")
            training_process.train(kind, tiny, out)
            ended[kind] = weights_hash(out / "model")
        return ended[kind]

    return hash_of


@pytest.mark.parametrize("kind", ["grpo", "sft"])
def test_a_killed_run_ends_with_the_weights_of_an_uninterrupted_one(
    kind, tiny, training_process, whole, steps, tmp_path
):
    command = [sys.executable, training_process.__file__, kind, str(tiny), str(tmp_path)]
    process, patience = subprocess.Popen(command, stdout=subprocess.DEVNULL), time.monotonic() + 120
    while not list(tmp_path.glob("checkpoints/*/trainer_state.json")):
        assert process.poll() is None and time.monotonic() < patience
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL and not (tmp_path / "model").exists()

    training_process.train(kind, tiny, tmp_path)
    assert steps[0] > 1 and steps[-1] == training_process.STEPS
    assert weights_hash(tmp_path / "model") == whole(kind)


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
    assert steps == [3, 4, 5] and weights_hash(tmp_path / "model") == whole(kind)
