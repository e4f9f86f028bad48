"""Whether two expressions differ at a point, which settles most wrong answers before anything is simplified.

math-verify simplifies the difference of two expressions, tens of milliseconds for a sine, and a policy that learns
writes mostly wrong ones. Two functions of the same variables that differ at one point are not the same function, so
this never turns an equal pair into a different one; where it sees no difference it says nothing. Runs in a worker only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

POINTS = (("1.2345678901", "0.7071067811"), ("2.7182818284", "1.6180339887"))
"""Where to look: a first value, and the step from one variable to the next. choice: positive and no simple multiples,
so that roots and logarithms are defined and periods do not hide a difference."""

CLEARLY = 1e-6
"""Relative distance below which two values may be the same number. choice; evaluated to 15 digits."""


def differ_somewhere(gold: Any, answer: Any) -> bool:
    """True where both are expressions of the same variables, or equations for the same lone variable, and their values
    lie apart at one of the points. False says nothing."""
    from sympy import Float

    sides = _functions(gold, answer)
    if sides is None:
        return False
    names = sorted(sides[0].free_symbols, key=str)
    for first, step in POINTS:
        at = {name: Float(first) + place * Float(step) for place, name in enumerate(names)}
        one, two = (_value(side, at) for side in sides)
        if one is not None and two is not None and abs(one - two) > CLEARLY * max(abs(one), abs(two)):
            return True
    return False


def _functions(gold: Any, answer: Any) -> tuple[Any, Any] | None:
    from sympy import Eq, Expr, Symbol

    if isinstance(gold, Eq) and isinstance(answer, Eq):
        named = gold.lhs
        if not isinstance(named, Symbol) or named != answer.lhs:
            return None
        gold, answer = gold.rhs, answer.rhs
        if named in getattr(gold, "free_symbols", ()):
            return None
    if not (isinstance(gold, Expr) and isinstance(answer, Expr)):
        return None
    return (gold, answer) if gold.free_symbols and gold.free_symbols == answer.free_symbols else None


def _value(side: Any, at: Mapping[Any, Any]) -> float | None:
    value = side.evalf(15, subs=at)
    return float(value) if value.is_Float and value.is_finite else None
