from math import exp, log, nan, sqrt

import pytest
import torch

from seethink.training.grpo import group_advantages, grpo_loss


def test_an_advantage_is_the_distance_from_the_group_in_its_deviations():
    rewards_PG = torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.2, 0.4, 0.6, 0.8]])
    wanted = torch.tensor([[0.75, -0.25, -0.25, -0.25], [-0.3, -0.1, 0.1, 0.3]])
    wanted /= torch.tensor([[0.5 + 1e-4], [sqrt(0.2 / 3) + 1e-4]])
    assert torch.allclose(group_advantages(rewards_PG), wanted)


@pytest.mark.parametrize("rewards", [[1.0, 1.0, 1.0], [0.0, 0.0, 0.0], [nan, nan, nan], [nan, 0.7, nan]])
def test_a_group_that_tells_nothing_apart_teaches_nothing(rewards):
    assert group_advantages(torch.tensor([rewards])).tolist() == [[0.0, 0.0, 0.0]]


def test_an_undecided_completion_leaves_its_groups_baseline():
    among = group_advantages(torch.tensor([[1.0, nan, 0.0, 0.0]]))[0]
    without = group_advantages(torch.tensor([[1.0, 0.0, 0.0]]))[0]
    assert among[1] == 0 and torch.allclose(among[[0, 2, 3]], without)
    assert torch.allclose(without, torch.tensor([2 / 3, -1 / 3, -1 / 3]) / (sqrt(1 / 3) + 1e-4))


def test_a_dimension_shares_one_deviation_pooled_over_its_groups():
    rewards_PG = torch.tensor([[1.0, 0.0], [0.51, 0.49], [0.9, 0.1], [nan, 0.3]])
    found = group_advantages(rewards_PG, dimension_P=["perception", "perception", "cognition", "perception"])
    shared = sqrt((0.5 + 2 * 0.01**2) / 2) + 1e-4
    wanted = torch.tensor([[0.5, -0.5], [0.01, -0.01], [0.4, -0.4], [0.0, 0.0]])
    wanted /= torch.tensor([[shared], [shared], [sqrt(0.32) + 1e-4], [1.0]])
    assert torch.allclose(found, wanted)


def test_one_group_of_a_dimension_is_normalised_as_a_group():
    rewards_PG = torch.tensor([[1.0, 0.0, nan, 0.2], [0.2, 0.4, 0.6, 0.8]])
    alone = group_advantages(rewards_PG, dimension_P=["perception", "cognition"])
    assert torch.allclose(alone, group_advantages(rewards_PG))


def test_a_dimension_without_a_difference_teaches_nothing():
    rewards_PG = torch.tensor([[1.0, 1.0], [nan, nan], [0.0, 1.0]])
    found = group_advantages(rewards_PG, dimension_P=["perception", "perception", "cognition"])
    assert found[:2].tolist() == [[0.0, 0.0], [0.0, 0.0]] and found[2].abs().min() > 0


def loss(ratio, advantage, **settings):
    """The loss of one response of one token whose probability grew by ``ratio``."""
    old = torch.tensor([[-1.0]])
    return grpo_loss(old + log(ratio), old, torch.tensor([advantage]), torch.ones(1, 1), **settings).item()


@pytest.mark.parametrize(
    ("ratio", "advantage", "wanted"),
    [(1.0, 1.0, -1.0), (1.1, 1.0, -1.1), (1.5, 1.0, -1.2), (0.5, 1.0, -0.5), (1.5, -1.0, 1.5), (0.5, -1.0, 0.8)],
)
def test_the_gain_is_clipped_on_the_far_side_only(ratio, advantage, wanted):
    assert loss(ratio, advantage, clip=0.2) == pytest.approx(wanted)


def test_the_kl_term_is_the_k3_estimate():
    logps, reference = torch.tensor([[-1.0]]), torch.tensor([[-1.5]])
    found = grpo_loss(logps, logps, torch.zeros(1), torch.ones(1, 1), kl=0.1, reference_logps_BT=reference)
    assert found.item() == pytest.approx(0.1 * (exp(-0.5) + 0.5 - 1))


def test_a_long_response_weighs_as_much_as_a_short_one():
    logps_BT = torch.zeros(2, 3, requires_grad=True)
    mask_BT = torch.tensor([[1, 1, 1], [1, 0, 0]])
    found = grpo_loss(logps_BT, logps_BT.detach(), torch.tensor([1.0, -2.0]), mask_BT)
    found.backward()
    assert found.item() == pytest.approx(0.5)
    assert torch.allclose(logps_BT.grad, torch.tensor([[-1 / 6, -1 / 6, -1 / 6], [1.0, 0.0, 0.0]]))


def test_a_response_without_tokens_is_no_division_by_zero():
    assert grpo_loss(torch.zeros(1, 2), torch.zeros(1, 2), torch.ones(1), torch.zeros(1, 2)).item() == 0
