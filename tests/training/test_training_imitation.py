"""A term that imitates beside reinforcement: SFT's own loss and gradient, on top of GRPO's."""

import pytest
import torch

from seethink.core.chat import messages
from seethink.core.images import ImageStore
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest, read_rows
from seethink.core.verdict import Outcome, Verdict
from seethink.models.load import load_checkpoint
from seethink.models.logprobs import likelihoods
from seethink.models.prompt import Prompt
from seethink.training.grpo import GRPOConfig
from seethink.training.imitation import Imitated, ImitationConfig, drawn, imitation_loss
from seethink.training.samples import Demonstration
from seethink.training.train import train_grpo
from seethink.world.source import WorldConfig, WorldSource

SETTINGS = {"completions": 16, "group": 2, "prompts_per_step": 4, "max_completion_tokens": 6, "kl": 0.0, "frozen": ()}


def nothing_right(items, responses):
    return [Verdict(0.0, Outcome.WRONG, None, "") for _ in responses]


def all_right(items, responses):
    return [Verdict(1.0, Outcome.CORRECT, None, "") for _ in responses]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    return ImageStore(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def items(images):
    return list(WorldSource(WorldConfig(count=8)).items(images))


@pytest.fixture(scope="module")
def shown(items):
    return [Demonstration(item, f"<think>It is plain.</think><answer>{item.gold}</answer>") for item in items]


def train(tiny, items, images, out, reward, imitated, **settings):
    return train_grpo(GRPOConfig(**SETTINGS | settings), tiny, items, images, reward, out, imitated=imitated)


def test_the_term_is_a_mean_over_tokens_and_then_over_prompts():
    logps_PT = torch.tensor([[-1.0, -3.0, -9.0], [-4.0, -9.0, -9.0]])
    mask_PT = torch.tensor([[1, 1, 0], [1, 0, 0]])
    assert imitation_loss(logps_PT, mask_PT, 2).item() == pytest.approx((2 + 4) / 2)
    assert imitation_loss(logps_PT, mask_PT, 4).item() == pytest.approx((2 + 4) / 4)


def test_demonstrations_come_in_shuffled_epochs_wherever_one_begins():
    whole = drawn(5, 0, 12, seed=3)
    assert sorted(whole[:5]) == sorted(whole[5:10]) == [0, 1, 2, 3, 4] and whole[:5] != whole[5:10]
    assert drawn(5, 4, 6, seed=3) == whole[4:10] and drawn(5, 0, 5, seed=4) != whole[:5]


def test_where_every_group_fails_its_items_are_imitated_at_the_models_own_likelihood(
    tiny, items, images, shown, tmp_path
):
    imitated = Imitated(ImitationConfig(when="failed", weight=0.5), shown)
    cost = train(tiny, items, images, tmp_path, nothing_right, imitated)["cost"]
    first, *_ = log = list(read_rows(tmp_path / "log"))
    assert cost["imitated"] == sum(row["imitation/rows"] for row in log) == 2 * 4
    checkpoint = load_checkpoint(tiny)
    prompts = [Prompt(messages(one.item), [images.open(digest) for digest in one.item.images]) for one in shown]
    nlls = [one.nll for one in likelihoods(checkpoint, prompts, [one.response for one in shown])]
    # Four of the eight items, whichever the first step asked.
    assert min(nlls) <= first["imitation/loss"] <= max(nlls)
    assert first["loss"] == pytest.approx(0.5 * first["imitation/loss"], rel=1e-3)
    assert cost["imitated_tokens"] > 8 * 10 and cost["train_tokens"] > cost["imitated_tokens"]


def test_where_no_group_fails_nothing_is_imitated_and_nothing_changes(tiny, items, images, shown, tmp_path):
    from seethink.models.load import weights_hash

    imitated = Imitated(ImitationConfig(when="failed"), shown)
    assert train(tiny, items, images, tmp_path / "with", all_right, imitated)["cost"]["imitated"] == 0
    train(tiny, items, images, tmp_path / "without", all_right, None)
    assert weights_hash(tmp_path / "with" / "model") == weights_hash(tmp_path / "without" / "model")


def test_a_term_throughout_takes_its_batch_every_step_and_says_what_it_imitated(tiny, items, images, shown, tmp_path):
    imitated = Imitated(ImitationConfig(when="always", batch=3), shown)
    manifest = train(tiny, items, images, tmp_path, all_right, imitated)
    assert manifest["cost"]["imitated"] == 2 * 3 and "imitated" in read_manifest(tmp_path)["data"]


def test_micro_batches_add_up_to_the_step(tiny, items, images, shown, tmp_path):
    losses = []
    for name, batch in (("whole", None), ("parts", 2)):
        imitated = Imitated(ImitationConfig(when="always", batch=4), shown)
        train(tiny, items, images, tmp_path / name, all_right, imitated, device_batch=batch, completions=8)
        losses.append([row["loss"] for row in read_rows(tmp_path / name / "log")])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


def test_without_a_demonstration_of_any_item_there_is_nothing_to_imitate(tiny, items, images, shown, tmp_path):
    imitated = Imitated(ImitationConfig(when="failed"), shown[4:])
    with pytest.raises(InputError, match="none of RL's items has a demonstration"):
        train(tiny, items[:4], images, tmp_path, nothing_right, imitated)
