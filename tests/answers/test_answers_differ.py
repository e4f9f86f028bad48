"""A value at a point tells functions apart, and never parts equal ones."""

import pytest
from sympy import Eq, Symbol, cos, exp, log, sin, sqrt, symbols

from seethink.answers.differ import differ_somewhere

x, y = symbols("x y")


@pytest.mark.parametrize(
    ("gold", "answer"),
    [(5 * sin(5 * x), 5 * sin(4 * x)), (Eq(y, 2 * x + 1), Eq(y, 2 * x - 1)), (x * y, x + y), (x / 3, 0.333 * x)],
)
def test_different_functions_differ(gold, answer):
    assert differ_somewhere(gold, answer)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (sin(x) ** 2, 1 - cos(x) ** 2),
        (Eq(y, (x + 1) ** 2), Eq(y, x**2 + 2 * x + 1)),
        (exp(log(x)), x),
        (sqrt(x * x), sqrt(x) ** 2),
        ((x * x - y * y) / (x - y), x + y),
    ],
)
def test_equal_functions_do_not(gold, answer):
    assert not differ_somewhere(gold, answer)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (x, Symbol("t")),
        (x - x, x),
        (Eq(y, x), Eq(x, y)),
        (Eq(y, x + y), Eq(y, x)),
        (log(-x), log(-2 * x)),
        (Eq(y, 3), Eq(y, 4)),
    ],
)
def test_nothing_is_said_of_what_it_cannot_hold_side_by_side(gold, answer):
    assert not differ_somewhere(gold, answer)
