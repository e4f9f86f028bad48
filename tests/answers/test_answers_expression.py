import pytest

from seethink.answers import check_gold, grade, read_expression
from seethink.core.verdict import Outcome

WORKED = "Step 1: substitute.\nStep 2: a = -5.\n\n†Answer: y = -5 * sin(-5 * x)."

EQUAL = [
    (r"y=-5\sin(-5x)", r"y=5\sin(5x)"),
    (WORKED, r"$y = 5\sin 5x$"),
    (WORKED, r"\[\boxed{y = -5 \sin(-5x)}\]"),
    (r"\frac{2}{4}", r"\frac{1}{2}"),
    (r"\frac{1}{2}", "1/2"),
    ("1/2", "0.5"),
    ("y=(x-2)^2+1", "y=x^2-4x+5"),
    ("y = 4*cos(-3*x)", "y = 4cos(3x)"),
    ("y = 2*tan(pi/3*x)+1", r"y = 2\tan\left(\frac{\pi}{3}x\right)+1"),
    ("y=3|x-2|", "y = 3*abs(x-2)"),
    ("y=x^(2+1)", "y=x**3"),
    ("y=log2(x)", r"y=\log_2 x"),
    ("y=2e^{x}", "y=2exp(x)"),
    ("3x^2 - 2x", "-2x+3x²"),
    (r"\frac{\sqrt{3}}{3}", "√3/3"),
    (r"\frac{\sqrt{3}}{3}", "√{3}/3"),
    ("y=-0.5x", r"y=-\frac12 x"),
    ("y=2x+1", r"The function's equation is \(y=2x+1\)."),
    ("x=5", "5=x"),
    ("3/2", "1 1/2"),
    ("1200", "1.2e3"),
    ("0.5", "50%"),
    (r"50\%", "50 percent"),
    ("5", r"x = \boxed{5}"),
    ("12 cm²", "12 square centimeters"),
]


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_equivalent_expressions_are_the_same_answer(item, gold, answer):
    assert grade([item("math", gold)], [answer])[0].outcome is Outcome.CORRECT


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("y=2x+1", "y=2x+2"),
        (r"y=5\sin(5x)", r"y=5\cos(5x)"),
        ("x=3", "y=3"),
        ("2t", "2"),
        ("y=5m", "y=5"),
        ("2", "2 or 3"),
        ("1", "1 1/2"),
        ("y=5", "y=5 or y=-5"),
        (r"36\pi", "36"),
        (r"36\pi", "113"),
        ("y=2x", "y=y"),
        ("y=2x", "0=0"),
    ],
)
def test_different_expressions_are_wrong(item, gold, answer):
    assert grade([item("math", gold)], [answer])[0].outcome is Outcome.WRONG


def test_a_lone_side_stands_for_its_equation(item):
    assert grade([item("math", "y=2x+1")], ["2x+1"])[0].score == 1.0
    assert grade([item("math", "2x+1")], ["y=2x+1"])[0].score == 1.0
    assert grade([item("math", "y=2x+1")], ["f(x) = 1+2x"])[0].score == 1.0


@pytest.mark.parametrize(
    ("gold", "answer", "score"),
    [
        (r"36\pi", "36π cm^3", 1.0),
        (r"36\pi\text{ cm}^3", "36 pi cubic centimeters", 1.0),
        ("36 cm^3", "36 cm^2", 0.0),
        ("60", "60°", 1.0),
        (r"60^\circ", "60 degrees", 1.0),
        ("60 degrees", "60 radians", 0.0),
        ("5", "5 m", 1.0),
        ("5 units", "5", 1.0),
        ("12", "12 km/h", 1.0),
        ("12 km/h", "12 m/s", 0.0),
        ("5", "$5", 1.0),
        ("$5", "5 dollars", 1.0),
        ("$5", "5 cents", 0.0),
        ("7", "7 years", 1.0),
        ("250 mL", "250 ml", 1.0),
        ("1 m", "100 cm", 0.0),
    ],
)
def test_units_may_be_left_out_but_not_changed(item, gold, answer, score):
    assert grade([item("math", gold)], [answer])[0].score == score


@pytest.mark.parametrize(
    ("gold", "tolerance", "answer", "right"),
    [
        ("3.14", "0.01", "3.15", True),
        ("3.14", "0.01", "3.16", False),
        ("0.2", "0.1", "0.3", True),
        ("100", "5%", "104", True),
        ("100", "5%", "106", False),
        ("-100", "5%", "-104", True),
        ("-100", "5%", "104", False),
        ("0", "5%", "0.0001", False),
        (r"\frac{1}{3}", "0.01", "0.33", True),
        (r"\pi", "0.01", "3.14", True),
        ("50%", "2%", "0.51", True),
        ("x=5", "1%", "x=5.05", True),
        ("x=5", "1%", "y=5.05", False),
        ("x=5", "1%", "5.05", True),
        ("12 cm", "0.1", "12.05 cm", True),
        ("12 cm", "0.1", "12.05 m", False),
        ("2x", "5%", "2.01x", False),
        ("y=2x", "5%", "y=x+x", True),
        ("(1,2)", "5%", "(1,2.01)", False),
        ("5", "", "5.01", False),
    ],
)
def test_a_tolerance_is_for_numbers_and_their_units_agree_all_the_same(item, gold, tolerance, answer, right):
    assert grade([item("math", gold, tolerance=tolerance)], [answer])[0].score == float(right)


def test_what_lies_outside_the_tolerance_is_told(item):
    assert grade([item("math", "3", tolerance="5%")], ["4"])[0].why == "gold is 3 within 5%"


@pytest.mark.parametrize(
    "answer",
    [
        "",
        r"\boxed{2} or \boxed{3}",
        "5$ to $6",
        r"\frac{1}{",
        "$2$ or $3$",
        "5$ and $6",
        "the graph rises",
        "x^2+",
        "\\",
        "x=4, y=3, answer: 12",
        "圆",
        "$$",
    ],
)
def test_what_is_not_one_expression_is_unparseable(item, answer):
    verdict = grade([item("math", "2")], [answer])[0]
    assert (verdict.score, verdict.outcome) == (0.0, Outcome.UNPARSEABLE)


def test_wrappers_are_taken_off():
    forms = [
        "y=2x",
        "$y=2x$",
        "$$y=2x$$",
        r"\(y=2x\)",
        r"\[y=2x\]",
        r"\boxed{y=2x}",
        "**y=2x**",
        "y=2x.",
        r"$\boxed{y=2x}$.",
    ]
    assert {read_expression(form).latex for form in forms} == {"y=2x"}


def test_golds_their_verifier_cannot_use_are_set_aside(item):
    assert check_gold(item("math", WORKED)) is None
    for gold in ("The coefficient depends.", r"\frac{1}{", "$2$ or $3$", "  "):
        rejected = check_gold(item("math", gold))
        assert rejected is not None and rejected.detail and rejected.where


def test_a_bad_gold_is_nobodys_mistake(item):
    verdict = grade([item("math", r"\frac{1}{")], ["1"])[0]
    assert (verdict.score, verdict.outcome) == (None, Outcome.ERROR)


def test_every_expression_equals_itself(item):
    texts = sorted({text for pair in EQUAL for text in pair})
    assert [verdict.score for verdict in grade([item("math", text) for text in texts], texts)] == [1.0] * len(texts)


def test_a_batch_keeps_its_order_across_verifiers(item):
    items = [item("math", "2"), item("digit", "3"), item("open", "a dog"), item("math", "x"), item("mcq", "B")]
    outcomes = [verdict.outcome for verdict in grade(items, ["2", "4", "a dog", "y", "b)"])]
    assert outcomes == [Outcome.CORRECT, Outcome.WRONG, Outcome.UNSCORED, Outcome.WRONG, Outcome.CORRECT]
