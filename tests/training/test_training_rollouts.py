import pytest
import torch

from seethink.core.rejected import InputError
from seethink.training.backends.engine import check_completion, check_lengths, check_prompt, picture_runs
from seethink.training.backends.order import PromptOrder
from seethink.training.backends.overrides import signature_of
from seethink.training.backends.rollouts import told_apart

NAN = float("nan")
PICTURE = 9


def test_a_group_is_told_apart_by_any_two_different_rewards():
    rewards_PG = torch.tensor([[0.3, 0.3, 0.3], [0.3, 0.3, 0.4], [NAN, 0.5, 0.5], [NAN, 0.5, 0.6], [NAN, NAN, NAN]])
    assert told_apart(rewards_PG).tolist() == [False, True, False, True, False]


def test_the_order_of_an_epoch_does_not_depend_on_where_the_run_began():
    now = [0]
    order = PromptOrder(items=5, prompts=2, group=2, repeats=3, seed=0, epoch=lambda: now[0])
    first = list(order)
    now[0] = 1
    second = list(order)
    resumed = PromptOrder(items=5, prompts=2, group=2, repeats=3, seed=0, epoch=lambda: 1)
    assert list(resumed) == second != first
    assert len(first) == len(order) == 2 * 2 * 2 * 3
    assert first[:4] * 3 == first[:12] and first[0] == first[1] and len(set(first)) == 4


def test_the_order_is_that_of_trl():
    from trl.trainer.utils import RepeatSampler

    theirs = RepeatSampler(range(7), mini_repeat_count=2, batch_size=3, repeat_count=4, seed=5)
    epochs = [list(theirs), list(theirs), list(theirs)]
    for epoch, wanted in enumerate(epochs):
        ours = PromptOrder(items=7, prompts=3, group=2, repeats=4, seed=5, epoch=lambda epoch=epoch: epoch)
        assert list(ours) == wanted


def test_a_signature_is_names_and_defaults():
    def moved(self, inputs: list[int], *, batch: int | None = None) -> None: ...

    assert signature_of(moved) == "(self, inputs, *, batch=None)"


def test_pictures_are_runs_of_their_token():
    assert picture_runs([1, PICTURE, PICTURE, 2, PICTURE, 3], PICTURE) == [2, 1]


def test_an_engine_that_reads_the_same_prompt_is_believed():
    ids = [1, *[PICTURE] * 4, 2]
    check_prompt(ids, ids, [(1, 4, 4)], PICTURE, 2)
    check_prompt([1, 2], [1, 2], [], PICTURE, 2)
    check_completion([1, 2], [PICTURE])
    check_lengths("the engine", [4], [4])


@pytest.mark.parametrize(
    ("theirs", "message"),
    [
        ([1, *[PICTURE] * 6, 2], r"the engine gives .*\[6\] tokens where \[4\] are called for: .* max_pixels"),
        ([1, 2], r"the engine gives .* \[\] tokens"),
        ([1, *[PICTURE] * 4, 3], "another prompt than the trainer, from token 5 on"),
        ([1, *[PICTURE] * 4, 2, 2], r"from token 6 on \(7 tokens against 6\)"),
    ],
)
def test_an_engine_that_reads_another_prompt_is_stopped(theirs, message):
    with pytest.raises(InputError, match=message):
        check_prompt([1, *[PICTURE] * 4, 2], theirs, [(1, 4, 4)], PICTURE, 2)


def test_a_sampled_picture_token_is_stopped():
    with pytest.raises(InputError, match=r"picture tokens \[9\]: it must honour logit_bias"):
        check_completion([1, PICTURE, 2], [PICTURE, 8])
