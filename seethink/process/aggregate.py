"""Aggregation: the scores of a response's steps as one number.

The paper takes the arithmetic mean (its worked example prints it), and looks between the last step alone and all of
them by averaging the last n.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from seethink.core.rejected import InputError

MEAN, LAST, MIN, PRODUCT = "mean", "last", "min", "product"
AGGREGATIONS = (MEAN, LAST, MIN, PRODUCT, "last_2", "last_4", "last_8")
"""The ones a benchmark reports unless told otherwise."""

_LAST_N = re.compile(r"last_([1-9][0-9]{0,3})")


def aggregate(scores: Sequence[float], how: str = MEAN) -> float:
    """One number for a response, higher is better.

    ``last_4`` is the mean of the last four, of all where there are fewer (choice): ``last_1`` is ``last``, a large n is
    ``mean``. A NaN is a step that nobody decided and is left out; without any decided step the result is NaN. A product
    is meant for scores in [0, 1]: it is a probability that all steps hold, and it falls with length.

    Raises:
        InputError: an unknown name.
    """
    check_aggregation(how)
    known = [score for score in scores if not math.isnan(score)]
    if not known:
        return math.nan
    if how == MIN:
        return min(known)
    if how == PRODUCT:
        return math.prod(known)
    wanted = known
    if how == LAST:
        wanted = known[-1:]
    elif match := _LAST_N.fullmatch(how):
        wanted = known[-int(match[1]) :]
    return math.fsum(wanted) / len(wanted)


def check_aggregation(how: str) -> None:
    if how not in (MEAN, LAST, MIN, PRODUCT) and not _LAST_N.fullmatch(how):
        raise InputError(f"aggregation {how!r}: choose {MEAN}, {LAST}, {MIN}, {PRODUCT} or last_N with a whole N")
