import math
import os
import signal
import subprocess
import sys

import pytest
import torch

from seethink.core.rejected import InputError
from seethink.models.load import weights_hash
from seethink.process.collect.rows import LabelledTrace
from seethink.process.objective import step_losses
from seethink.process.prm_config import HeadConfig, PRMConfig
from seethink.process.train import train_prm
from seethink.process.trained import TrainedConfig, TrainedSteps
from seethink.training.resuming import sealed_checkpoints

QUICK = {"learning_rate": 1e-3, "head_learning_rate": 1e-2, "batch": 16, "epochs": 20}
GOOD, BAD = "Plan: count the red ones.", "Plan: count the ones that are not red."


@pytest.fixture
def traces(world_items):
    """A plan that is right or wrong, and nothing known of what follows."""
    return [
        LabelledTrace(item.question, item.images, (plan, "That makes 1."), (value, None))
        for item in world_items[:8]
        for plan, value in ((GOOD, 1.0), (BAD, 0.0))
    ]


def test_the_losses_of_steps():
    logits, targets, asked = torch.tensor([0.0, 0.0]), torch.tensor([1.0, 0.5]), torch.tensor([0, 0])
    assert step_losses(logits, targets, asked, "mse").mean().item() == pytest.approx(0.125)
    # The least that soft targets allow is their entropy.
    assert step_losses(logits[1:], targets[1:], asked[1:], "bce").item() == pytest.approx(0.6931, abs=1e-4)


def test_pairs_compare_steps_of_one_question_whose_values_differ():
    logits, targets = torch.tensor([2.0, 0.0, 1.0, 5.0]), torch.tensor([1.0, 0.0, 1.0, 0.0])
    found = step_losses(logits, targets, torch.tensor([0, 0, 0, 1]), "pairs")
    assert found.tolist() == pytest.approx([math.log1p(math.exp(-2)), math.log1p(math.exp(-1))])


@pytest.mark.parametrize("kind", ["linear", "tokens"])
def test_it_learns_which_plan_is_good(kind, traces, world_items, world_images, tmp_path):
    config = PRMConfig(**QUICK, head=HeadConfig(kind=kind), loss="bce" if kind == "tokens" else "mse")
    manifest = train_prm(config, "base", traces, world_images, tmp_path)
    assert manifest["cost"]["labels"] == 16
    scorer = TrainedSteps(TrainedConfig(model=str(tmp_path / "model")), world_images)
    [good], [bad] = scorer.score_many([world_items[9]] * 2, [[GOOD], [BAD]])
    assert good > 0.7 and bad < 0.3
    assert train_prm(config, "base", traces, world_images, tmp_path) == manifest


def test_nothing_to_learn_from_is_refused(tiny, world_images, tmp_path):
    with pytest.raises(InputError, match="no labelled step"):
        train_prm(PRMConfig(), tiny, [LabelledTrace("q", (), ("a",), (None,))], world_images, tmp_path)


CHILD = """
import os, signal, sys
from pathlib import Path
from seethink.core.images import ImageStore
from seethink.process import train
from seethink.process.collect.rows import LabelledTrace
from seethink.process.prm_config import PRMConfig
from seethink.training.settings import LoRA
tiny, store, out, digest, dies, rank = sys.argv[1:]
if dies == "yes":
    class Dies(train._Collator):
        left = 5
        def __call__(self, traces):
            self.left -= 1
            if self.left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return super().__call__(traces)
    train._Collator = Dies
traces = [LabelledTrace("How many?", (digest,), (f"That makes {n}.",), (n / 8,)) for n in range(8)]
config = PRMConfig(batch=4, epochs=3, checkpoint_every=1, learning_rate=1e-3, head_learning_rate=1e-2,
                   lora=LoRA(rank=int(rank)) if int(rank) else None)
train.train_prm(config, tiny, traces, ImageStore(Path(store)), Path(out))
"""


@pytest.mark.slow
@pytest.mark.parametrize("rank", [0, 4])
def test_a_killed_training_ends_with_the_weights_of_an_uninterrupted_one(
    rank, tiny, world_images, world_items, tmp_path
):
    def run(out, dies):
        arguments = [str(tiny), str(world_images.root), str(tmp_path / out), world_items[0].images[0], dies, str(rank)]
        return subprocess.run([sys.executable, "-c", CHILD, *arguments], env=os.environ, timeout=300).returncode

    assert run("straight", "no") == 0
    assert run("killed", "yes") == -signal.SIGKILL
    # Whole checkpoints are sealed, and only those are gone on from.
    assert sealed_checkpoints(tmp_path / "killed" / "checkpoints")
    assert run("killed", "no") == 0
    hashes = {weights_hash(tmp_path / out / "model") for out in ("straight", "killed")}
    assert len(hashes) == 1
