"""One colour per arm, the same in every figure and in the report.

Okabe and Ito's colours, which people with the common colour deficiencies can tell apart, a little toned so that each
reads on white and on near-black; the first arm, the one others are compared with, is a plain grey.
"""

from __future__ import annotations

from collections.abc import Iterable

REFERENCE = "#868e96"
_CYCLE = ("#2b7bba", "#d9691e", "#12996f", "#c0699b", "#4fb0dd", "#d99a06", "#6a5acd")


def arm_colours(arms: Iterable[str]) -> dict[str, str]:
    """Hex colours by arm, in the order given; they repeat after eight arms."""
    return {arm: REFERENCE if index == 0 else _CYCLE[(index - 1) % len(_CYCLE)] for index, arm in enumerate(arms)}
