"""Aggregation: the scores of a response's steps as one number.

The paper takes the arithmetic mean (its worked example prints it), and looks between the last step alone and all of
them by averaging the last n.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from seethink.core.rejected import InputError
from seethink.process.missing import Missing

MEAN, LAST, MIN, PRODUCT = "mean", "last", "min", "product"
AGGREGATIONS = (MEAN, LAST, MIN, PRODUCT, "last_2", "last_4", "last_8")
"""The ones a benchmark reports unless told otherwise."""

_LAST_N = re.compile(r"last_([1-9][0-9]{0,3})")


def aggregate(scores: Sequence[float], how: str = MEAN, missing: Missing = Missing.SILENT) -> float:
    """One number for a response, higher is better.

    ``last_4`` is the mean of the last four, of all where there are fewer (choice): ``last_1`` is ``last``, a large n is
    ``mean``. A product is meant for scores in [0, 1]: it is a probability that all steps hold, and falls with length.

    A NaN is left out; without any score the result is NaN. Where it is not that a step claims nothing (``missing``), a
    response whose last step has no score is known in part: its ``mean`` is that of the part, and there is no last, no
    weakest step and no product. Otherwise a state in mid-response would pass for its outcome, and what is cut short
    would win by having less to multiply.

    Raises:
        InputError: an unknown name.
    """
    check_aggregation(how)
    known = [score for score in scores if not math.isnan(score)]
    silent = missing is Missing.SILENT
    if not known or (how != MEAN and not silent and math.isnan(scores[-1])):
        return math.nan
    if how == MIN:
        return min(known)
    if how == PRODUCT:
        return math.prod(known)
    wanted = known
    if how == LAST:
        wanted = known[-1:]
    elif match := _LAST_N.fullmatch(how):
        wanted = [score for score in (known if silent else scores)[-int(match[1]) :] if not math.isnan(score)]
    return math.fsum(wanted) / len(wanted)


def check_aggregation(how: str) -> None:
    if how not in (MEAN, LAST, MIN, PRODUCT) and not _LAST_N.fullmatch(how):
        raise InputError(f"aggregation {how!r}: choose {MEAN}, {LAST}, {MIN}, {PRODUCT} or last_N with a whole N")
