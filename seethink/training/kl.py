"""The adaptive KL coefficient: raised while the policy is farther from its start than the target, lowered while nearer.

Initial value and target are the paper's (VLAA-Thinking section 4.4, "KL2"); the rule is that of OpenRLHF, which the
paper's trainer was adapted from, after Ziegler et al. (2019, section 2.2).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BOUND = 0.2
"""How much of the relative error counts for one update, either way."""


@dataclass(frozen=True)
class KLControl:
    """Settings of the coefficient.

    Attributes:
        initial: the coefficient of the first rollout.
        target: KL per token, in nats, to stay near; the coefficient is constant where None.
        horizon: prompts over which a full bounded error would change the coefficient by a fifth.
        prompts: of a rollout.
        updates: optimiser steps of a rollout; the coefficient changes after the last of them.
    """

    initial: float
    target: float | None
    horizon: int
    prompts: int
    updates: int = 1


def coefficient(control: KLControl, kls: Iterable[float | None]) -> float:
    """The coefficient after these steps: ``c · (1 + clip(kl / target - 1, ±0.2) · prompts / horizon)`` per rollout.

    It is a function of the log alone, so a run that is resumed finds the same value again.

    Args:
        kls: mean KL per token of each optimiser step from the first on; None where a step measured none.
    """
    value, rollout = control.initial, list[float]()
    if control.target is None:
        return value
    for step, kl in enumerate(kls, 1):
        if kl is not None:
            rollout.append(kl)
        if step % control.updates == 0 and rollout:
            error = sum(rollout) / len(rollout) / control.target - 1
            value *= 1 + max(-BOUND, min(BOUND, error)) * control.prompts / control.horizon
            rollout.clear()
    return value
