"""A family of comparisons: the p-values of one question asked several times, corrected together."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

K = TypeVar("K", bound=Hashable)


def holm(p_values: Mapping[K, float | None]) -> dict[K, float | None]:
    """Holm's step-down correction (Holm 1979): the chance of any false claim in the family stays at the level.

    The i-th smallest of m p-values is multiplied by m - i + 1, and none may fall below a smaller one's. A comparison
    that was not tested (None) is no member of the family and stays None.
    """
    tested = sorted((p, place) for place, p in enumerate(p_values.values()) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (p, place) in enumerate(tested):
        least = max(least, min(1.0, p * (len(tested) - rank)))
        corrected[place] = least
    return dict(zip(p_values, corrected, strict=True))
