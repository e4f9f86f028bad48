import contextlib
import time

import pytest

from seethink.evaluation.rules.arithmetic import TooLarge, Unworkable, value_of
from seethink.evaluation.rules.equality import Equality, Match, shared_equality
from seethink.evaluation.rules.tokens import NotPython

EQUAL = [
    *(("60", text) for text in ("60.0", "6e1", "120/2", "060", r"60^\circ", r"\boxed{60}", "-(-60)")),
    *(("0.5", text) for text in ("0.5000009", "50%", r"\frac{1}{2}")),
    ("1/3", "0.333333"),
    ("1", "2^3"),
    ("8", "2^3"),
    ("1:2", "0.5"),
    ("1000", "1,000"),
    ("60", "A"),
    ("60", "a"),
    ("1/3", "A"),
    (r"5\sqrt{5}", r"5\SQRT{5} "),
    ("60", "len('ab')*30"),
    ("60", "60 # degrees"),
    ("60", r"The area is therefore \boxed{60}."),
    ("60", r"\text{60}"),
    ("60", r"x \approx 60"),
]
UNEQUAL = [
    *(("60", text) for text in ("60 degrees", "x=60", "60,", "b", "")),
    *(("0.5", text) for text in ("0.500001", "0,5")),
    ("1/3", "0.33333"),
    (r"\frac{1}{2}", r"\frac12"),
    *((r"5\sqrt{5}", text) for text in (r"\sqrt{125}", "11.180339887", r"5 \sqrt{5}", "a")),
    *((r"$4 \pi$", text) for text in (r"4 \pi", r"4\pi")),
    ("(2,3)", "(2, 3)"),
    ("60", "the answer is 60"),
    ("60", "60\n61"),
    ("60", "sqrt(3600)"),
]


@pytest.fixture(scope="module")
def equality():
    shared = Equality()
    yield shared
    shared.close()


@pytest.mark.parametrize(("gold", "text"), EQUAL)
def test_equal(equality, gold, text):
    assert equality.matches([(text, gold)]) == [Match.EQUAL]


@pytest.mark.parametrize(("gold", "text"), UNEQUAL)
def test_unequal(equality, gold, text):
    assert equality.matches([(text, gold)]) == [Match.UNEQUAL]


@pytest.mark.parametrize(
    "text", ["__import__('os').getpid()", "eval('60')", "[60 for x in (1,)][0]", "(lambda: 60)()", "'%d' % 60", "f'60'"]
)
def test_what_would_have_to_run_is_not_run_and_the_match_says_so(equality, text):
    assert equality.matches([(text, "60")]) in ([Match.CODE], [Match.UNEQUAL])
    with pytest.raises((Unworkable, NotPython, TypeError)):
        value_of(text, {})


def test_a_text_that_names_an_attribute_of_nothing_known_is_merely_unequal(equality):
    assert equality.matches([("foo.bar(60)", "60")]) == [Match.UNEQUAL]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2**3**2", 512),
        ("-2**2", -4),
        ("7//2*2%4", 2),
        ("(1,2)[1]", 2),
        ("1 if 0 else 2", 2),
        ("1<2<3", True),
        ("not 0 or 5", True),
        ("0x3c + 0b1", 61),
        ("1_000", 1000),
        (".5e1", 5.0),
        ("3j*3j", -9),
        ("max(1, 2) + abs(-3) + round(2.5)", 7),
        ("sum(range(11))", 55),
        ("(y := 4) + y", 8),
        ("{1: 2}[1]", 2),
        ("60if 1else 2", 60),
    ],
)
def test_the_value_is_pythons(text, value):
    assert value_of(text, {}) == value


@pytest.mark.parametrize(
    "text", ["060", "60cm", "1 2", "x = 3", "(60", "60)", "3 +", "", "°", "60;", "return 60", "1,,2"]
)
def test_what_python_does_not_read(text):
    with pytest.raises(NotPython):
        value_of(text, {})


@pytest.mark.parametrize("text", ["9**9**9", "1<<10**9", "'a'*10**9", "[0]*10**9", "len(range(10**9))", "pow(9, 9**9)"])
def test_large_values_end(text):
    with pytest.raises(TooLarge):
        value_of(text, {})


@pytest.mark.parametrize(
    "text", ["(" * 5_000, "-" * 100_000 + "1", "[" * 300 + "]" * 300, "1+" * 50_000 + "1", "not " * 9_999 + "1"]
)
def test_hostile_depth_ends_in_an_exception_or_a_value(text):
    begun = time.monotonic()
    with contextlib.suppress(NotPython, RecursionError):
        value_of(text, {})
    assert time.monotonic() - begun < 10


def test_no_equality_outlives_its_deadline():
    equality = Equality(deadline=60.0)
    equality.matches([("1+1", "3")])
    equality.pool.deadline = 1.0
    begun = time.monotonic()
    assert equality.matches([(r"\binom{100000000}{50000000}", "3")]) == [Match.TIMEOUT]
    assert time.monotonic() - begun < 20
    equality.pool.deadline = 60.0
    assert equality.matches([("1+1", "2")]) == [Match.EQUAL]
    equality.close()


def test_scorings_share_their_workers():
    assert shared_equality() is shared_equality()
