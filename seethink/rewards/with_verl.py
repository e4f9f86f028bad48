"""A reward as verl calls it, one response at a time.

Calling convention: ``compute_score(data_source=, solution_str=, ground_truth=, extra_info=)`` by keyword, further
keywords from the configuration's ``reward_kwargs`` and, where a reward server runs, its address and tokenizer; a dict
gives the reward under ``score`` and every key goes to ``reward_extra_info``, so each response must have the same keys.
Read in verl-project/verl, ``verl/experimental/reward_loop/reward_manager/naive.py`` at b0705987 and, for the older
loop, ``verl/workers/reward_manager/naive.py`` at 31d143a6. Nothing of verl is imported.

verl has no missing reward: the score becomes an entry of a tensor, and NaN would spread over the group. Where nobody
decided the score is 0.0 and ``undecided`` is 1.0, so that the share is seen in validation and in dumped rollouts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from seethink.core.protocols import Reward
from seethink.core.verdict import UNDECIDED, Outcome
from seethink.rewards.ground_truth import read_ground_truth
from seethink.rewards.mixed import mixed

VerlReward = Callable[..., dict[str, float]]


def verl_reward(reward: Reward) -> VerlReward:
    """A ``compute_score`` for verl's ``custom_reward_function``; the data hold ``ground_truth(item)``."""

    def compute_score(
        data_source: str, solution_str: str, ground_truth: Any, extra_info: Any = None, **settings: Any
    ) -> dict[str, float]:
        [verdict] = reward([read_ground_truth(ground_truth)], [solution_str])
        return {
            "score": 0.0 if verdict.score is None else verdict.score,
            "unparseable": float(verdict.outcome is Outcome.UNPARSEABLE),
            "undecided": float(verdict.outcome in UNDECIDED),
        }

    return compute_score


compute_score = verl_reward(mixed())
"""The mixed reward without a scorer of open answers: ``custom_reward_function.path=pkg://seethink.rewards.with_verl``."""
