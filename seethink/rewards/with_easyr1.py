"""A reward as EasyR1 calls it, a whole batch at a time.

Calling convention: ``compute_score(reward_inputs, **reward_function_kwargs)``, a list of dicts with ``response``,
``response_length`` and ``ground_truth``; one dict of floats per response, trained on its ``overall`` and logged as the
mean of every key. Read in hiyouga/EasyR1, ``verl/workers/reward/function.py`` at 46c6c210 and
``examples/reward_function/math.py`` at 51636b22; the names ``REWARD_NAME`` and ``REWARD_TYPE`` came with its pull
request 558. Nothing of EasyR1 is imported.

EasyR1 has no missing reward. Where nobody decided, ``overall`` is the mean of what was decided on the same item in the
batch, which gives the completion no advantage, or 0.0 where nothing was; ``undecided`` is 1.0 and is logged.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from seethink.core.protocols import Reward
from seethink.core.verdict import UNDECIDED, Outcome
from seethink.rewards.ground_truth import read_ground_truth
from seethink.rewards.mixed import mixed
from seethink.rewards.undecided import group_filled

REWARD_NAME = "seethink"
REWARD_TYPE = "batch"

EasyR1Reward = Callable[..., list[dict[str, float]]]


def easyr1_reward(reward: Reward) -> EasyR1Reward:
    """A ``compute_score`` for EasyR1's ``reward_function``; the data hold ``ground_truth(item)``."""

    def compute_score(reward_inputs: Sequence[Mapping[str, Any]], **settings: Any) -> list[dict[str, float]]:
        items = [read_ground_truth(given["ground_truth"]) for given in reward_inputs]
        verdicts = reward(items, [given["response"] for given in reward_inputs])
        return [
            {
                "overall": 0.0 if score is None else score,
                "format": float(verdict.outcome is not Outcome.UNPARSEABLE),
                "undecided": float(verdict.outcome in UNDECIDED),
            }
            for score, verdict in zip(group_filled(items, verdicts), verdicts, strict=True)
        ]

    return compute_score


compute_score = easyr1_reward(mixed())
"""The mixed reward without a scorer of open answers: ``worker.reward.reward_function`` may name this very file."""
