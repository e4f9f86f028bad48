import pytest

from seethink.training.kl import KLControl, coefficient

PAPER = KLControl(initial=1e-3, target=5e-4, horizon=10_000, prompts=512)


def test_a_policy_too_far_from_its_start_is_held_harder_and_one_too_near_less():
    assert coefficient(PAPER, [5e-3]) == pytest.approx(1e-3 * (1 + 0.2 * 512 / 10_000))
    assert coefficient(PAPER, [0.0]) == pytest.approx(1e-3 * (1 - 0.2 * 512 / 10_000))
    assert coefficient(PAPER, [5.5e-4]) == pytest.approx(1e-3 * (1 + 0.1 * 512 / 10_000))
    assert coefficient(PAPER, [5e-4, 5e-4]) == 1e-3


def test_the_papers_run_of_49_rollouts_cannot_move_it_by_more_than_two_thirds():
    reached = coefficient(PAPER, [1.0] * 49)
    assert reached == pytest.approx(1e-3 * (1 + 0.2 * 512 / 10_000) ** 49) and reached < 1.66e-3


def test_it_changes_once_per_rollout_by_the_mean_of_its_updates():
    control = KLControl(initial=1e-3, target=5e-4, horizon=1_000, prompts=100, updates=2)
    assert coefficient(control, [9e-4]) == 1e-3
    assert coefficient(control, [9e-4, 2e-4]) == pytest.approx(1e-3 * (1 + 0.1 * 0.1))
    assert coefficient(control, [9e-4, None]) == pytest.approx(1e-3 * (1 + 0.2 * 0.1))


@pytest.mark.parametrize("kls", [[], [None, None], [0.3] * 9])
def test_without_a_target_it_stays(kls):
    assert coefficient(KLControl(initial=0.01, target=None, horizon=10, prompts=8), kls) == 0.01
