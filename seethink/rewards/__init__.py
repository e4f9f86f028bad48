"""Rewards: what training maximises and what our own evaluation reports, by one definition. No torch.

>>> reward = mixed()
>>> reward([item], ["<think>…</think><answer>3</answer>"])

Read in this order:

- ``responses``: from a response to its answer, ``strict`` as training reads it or ``lenient``;
- ``digit``, ``mcq``, ``math``, ``iou``, ``open``: one verifier's reward each, usable alone;
- ``mixed``: the router over the five, one verifier per sample;
- ``dimensions``: verdicts summed up by verifier, perception and cognition apart;
- ``with_trl``: any of these as TRL's trainers call them.
"""

from seethink.rewards.digit import digit
from seethink.rewards.dimensions import Summary, Tally, summarise, tally
from seethink.rewards.iou import iou
from seethink.rewards.math import math
from seethink.rewards.mcq import mcq
from seethink.rewards.mixed import MixedReward, mixed
from seethink.rewards.open import OpenReward, margin_reward
from seethink.rewards.responses import Extract, lenient, strict
from seethink.rewards.with_trl import trl_reward

__all__ = [
    "Extract",
    "MixedReward",
    "OpenReward",
    "Summary",
    "Tally",
    "digit",
    "iou",
    "lenient",
    "margin_reward",
    "math",
    "mcq",
    "mixed",
    "strict",
    "summarise",
    "tally",
    "trl_reward",
]
