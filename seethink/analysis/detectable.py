"""What a comparison could have found: the smallest true difference that it would have shown four times in five.

"No difference shown" says little without it: a study that could not have seen 10 points has shown nothing about 5.
"""

from __future__ import annotations

from scipy import optimize, stats

from seethink.analysis.compare import LEVEL

POWER = 0.8
"""Share of repetitions in which the difference is found; the field's usual bar. choice."""

_NEARLY_NORMAL = 1_000.0
"""Degrees of freedom from which on t is taken as normal; the two then differ by less than 0.2 %."""


def detectable(error: float, freedom: float, *, alpha: float = 1 - LEVEL, power: float = POWER) -> float:
    """The true difference, in units of ``error``'s scale, at which a two-sided t test at ``alpha`` has this power.

    Args:
        error: standard error of the difference; it is an estimate, and so is the result.
        freedom: degrees of freedom of the test.
        alpha: of a single test; divide by the number of comparisons for the strictest step of Holm's correction.
    """
    if error <= 0:
        return 0.0
    normal = freedom >= _NEARLY_NORMAL
    bar = float(stats.norm.isf(alpha / 2) if normal else stats.t.isf(alpha / 2, freedom))

    def lacking(ratio: float) -> float:
        # Found on the wrong side does not count; at this power that is rarer than one in a hundred thousand anyway.
        found = stats.norm.sf(bar - ratio) if normal else stats.nct.sf(bar, freedom, ratio)
        return float(found) - power

    # With one degree of freedom the bar at alpha 0.05 is 12.7 errors; twice the bar is always enough.
    return error * float(optimize.brentq(lacking, 0.0, 2 * bar + 10.0))
