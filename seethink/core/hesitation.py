"""Steps that hesitate or repeat: one definition, for analysis, which counts them, and curation, which removes them.

VLAA-Thinking (section 1, figure 1) shows such steps and defines neither: choice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seethink.core.cues import HESITATION_CUES, has_cue


def hesitates(step: str) -> bool:
    """True for a step with a hedging word."""
    return has_cue(step, HESITATION_CUES)


def repeats(steps: Sequence[str]) -> list[bool]:
    """For every step whether an earlier one says the same, up to case and spacing."""
    said: set[str] = set()
    found = []
    for step in steps:
        normal = " ".join(step.casefold().split())
        found.append(normal in said)
        said.add(normal)
    return found


class Shares(NamedTuple):
    """Of the steps of a trace, how many hesitate and how many repeat, in [0, 1]."""

    hesitant: float
    repeated: float


def shares(steps: Sequence[str]) -> Shares | None:
    """None where there is no step."""
    if not steps:
        return None
    return Shares(sum(map(hesitates, steps)) / len(steps), sum(repeats(steps)) / len(steps))
