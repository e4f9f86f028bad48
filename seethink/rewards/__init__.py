"""Rewards: what training maximises and what our own evaluation reports, by one definition. No torch.

>>> reward = mixed()
>>> reward([item], ["<think>…</think><answer>3</answer>"])

Read in this order:

- ``responses``: from a response to its answer, ``strict`` as training reads it or ``lenient``;
- ``digit``, ``mcq``, ``math``, ``iou``, ``open``: one verifier's reward each, usable alone;
- ``mixed``: the router over the five, one verifier per sample;
- ``scored``, ``judged``: scorers of open answers, a reward model on disk and a judge behind an endpoint;
- ``shaping``: weights and extra terms, for whoever wants them;
- ``dimensions``: verdicts summed up by verifier, perception and cognition apart;
- ``with_trl``: any of these as TRL's trainers call them;
- ``with_verl``, ``with_easyr1``, ``with_swift``: as those trainers do, each item a ``ground_truth`` in their data;
- ``validate``, ``audit``, ``second``: golds before training, and verdicts beside another verifier's.
"""

from seethink.rewards.digit import digit
from seethink.rewards.dimensions import Summary, Tally, summarise, tally
from seethink.rewards.ground_truth import ground_truth, read_ground_truth
from seethink.rewards.iou import iou
from seethink.rewards.judged import JudgedConfig, JudgedScorer
from seethink.rewards.math import math
from seethink.rewards.mcq import mcq
from seethink.rewards.mixed import MixedReward, mixed
from seethink.rewards.open import OpenReward, margin_reward
from seethink.rewards.responses import Extract, lenient, strict
from seethink.rewards.scored import ModelScorer, ScoredConfig
from seethink.rewards.shaping import Shaping, Term
from seethink.rewards.with_easyr1 import easyr1_reward
from seethink.rewards.with_swift import swift_orm
from seethink.rewards.with_trl import trl_reward, trl_rewards
from seethink.rewards.with_verl import verl_reward

__all__ = [
    "Extract",
    "JudgedConfig",
    "JudgedScorer",
    "MixedReward",
    "ModelScorer",
    "OpenReward",
    "ScoredConfig",
    "Shaping",
    "Summary",
    "Tally",
    "Term",
    "digit",
    "easyr1_reward",
    "ground_truth",
    "iou",
    "lenient",
    "margin_reward",
    "math",
    "mcq",
    "mixed",
    "read_ground_truth",
    "strict",
    "summarise",
    "swift_orm",
    "tally",
    "trl_reward",
    "trl_rewards",
    "verl_reward",
]
