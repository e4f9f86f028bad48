"""Questions about plots and charts: reading bars, comparing them, and the functions that curves show."""

from __future__ import annotations

import random
from fractions import Fraction

from seethink.core.item import Verifier
from seethink.world.grammar import facts
from seethink.world.pictures import (
    Bar,
    Chart,
    Domain,
    Level,
    Line,
    Parabola,
    Picture,
    Point,
    bar_box,
    box_text,
)
from seethink.world.template import CannotDerive, Derivation, Template, Words, colour_options, letter_of


def sample_chart(rng: random.Random, level: Level) -> Chart:
    """Bars of different colours and different heights."""
    colours = rng.sample(level.colours, level.n)
    heights = rng.sample(range(1, 3 * level.n + 1), level.n)
    return Chart(level.n, tuple(Bar(colour, height) for colour, height in zip(colours, heights, strict=True)))


def _chart(picture: Picture) -> Chart:
    if not isinstance(picture, Chart):
        raise CannotDerive("the question is about a bar chart")
    return picture


def _bar(chart: Chart, colour: str) -> tuple[int, Bar]:
    for column, bar in enumerate(chart.bars):
        if bar.colour == colour:
            return column, bar
    raise CannotDerive(f"there is no {colour} bar")


def _sample_higher(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    chart = sample_chart(rng, level)
    height = rng.randint(1, 3 * level.n)
    above, below = (sum(bar.height > height for bar in chart.bars), sum(bar.height < height for bar in chart.bars))
    if above == below or above + below < level.n:
        return None
    return chart, {"height": str(height)}


def _derive_higher(picture: Picture, words: Words, right: bool) -> Derivation:
    height = int(words["height"])
    chosen = [b for b in _chart(picture).bars if (b.height > height if right else b.height < height)]
    listed = ", ".join(f"{i} {bar.colour}" for i, bar in enumerate(chosen, 1))
    return Derivation(
        f"count the bars {'higher' if right else 'lower'} than {height}",
        (*((f"{listed}.",) if chosen else ()), f"That makes {len(chosen)}."),
        str(len(chosen)),
    )


def _sample_difference(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    chart = sample_chart(rng, level)
    first, second = rng.sample(chart.bars, 2)
    if first.height < second.height:
        first, second = second, first
    return chart, {"first": first.colour, "second": second.colour}


def _derive_difference(picture: Picture, words: Words, right: bool) -> Derivation:
    chart = _chart(picture)
    a, b = _bar(chart, words["first"])[1].height, _bar(chart, words["second"])[1].height
    value = a - b if right else a + b
    sign = "minus" if right else "plus"
    return Derivation(f"{'subtract' if right else 'add'} the heights", (f"{a} {sign} {b} is {value}.",), str(value))


def _extreme(chart: Chart, *, highest: bool) -> tuple[int, Bar]:
    pick = max if highest else min
    return pick(enumerate(chart.bars), key=lambda indexed: indexed[1].height)


def _extreme_template(name: str, *, highest: bool) -> Template:
    """Which bar is the highest, or the lowest; the wrong way takes the other end."""

    def sample(rng: random.Random, level: Level) -> tuple[Picture, Words]:
        chart = sample_chart(rng, level)
        ends = [_extreme(chart, highest=end)[1].colour for end in (True, False)]
        return chart, {"options": colour_options(rng, level, *ends)}

    def derive(picture: Picture, words: Words, right: bool) -> Derivation:
        looked = highest is right
        _, bar = _extreme(_chart(picture), highest=looked)
        letter = letter_of(words["options"], bar.colour)
        work = (f"It is the {bar.colour} bar with {bar.height}.", f"So {bar.colour} is option {letter}.")
        return Derivation(f"look for the {'highest' if looked else 'lowest'} bar", work, letter)

    question = f"Which bar is the {'highest' if highest else 'lowest'}?"
    return Template(name, Domain.CHARTS, Verifier.MCQ, question, sample, derive)


def _sample_locate_highest(rng: random.Random, level: Level) -> tuple[Picture, Words]:
    return sample_chart(rng, level), {}


def _derive_locate_highest(picture: Picture, words: Words, right: bool) -> Derivation:
    chart = _chart(picture)
    column, bar = _extreme(chart, highest=right)
    return Derivation(
        f"look for the {'highest' if right else 'lowest'} bar",
        (f"It is the {bar.colour} bar with {bar.height}.",),
        box_text(bar_box(chart.n, column, bar.height)),
    )


def _sample_locate_bar(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    chart = sample_chart(rng, level)
    bar = rng.choice(chart.bars)
    # A bar of up to two thirds overlaps its hanging twin by a third at most, so the wrong way is never a hit.
    return None if bar.height > 2 * level.n else (chart, {"colour": bar.colour})


def _derive_locate_bar(picture: Picture, words: Words, right: bool) -> Derivation:
    chart = _chart(picture)
    column, bar = _bar(chart, words["colour"])
    x1, y1, x2, _ = bar_box(chart.n, column, bar.height)
    return Derivation(
        f"heights count from the {'bottom' if right else 'top'}",
        (f"It is the {bar.colour} bar with {bar.height}.",),
        box_text((x1, y1, x2, 1.0) if right else (x1, 0.0, x2, 1.0 - y1)),
    )


def _derive_read_chart(picture: Picture, words: Words, right: bool) -> Derivation:
    stated = facts(_chart(picture))
    return Derivation(f"read {'every bar' if right else 'one bar'}", (), ", ".join(stated if right else stated[:1]))


def _sample_line(rng: random.Random, level: Level) -> Line | None:
    top = 2 * level.n - 1
    first, second = Point(0, rng.randint(0, top)), Point(rng.randint(1, top), rng.randint(0, top))
    return None if first.y == second.y else Line(level.n, first, second, rng.choice(level.colours))


def _line(picture: Picture) -> Line:
    if not isinstance(picture, Line) or picture.first.x == picture.second.x:
        raise CannotDerive("the question is about a line")
    return picture


def latex(value: Fraction) -> str:
    """``-\\frac{1}{2}``, or a plain integer."""
    sign = "-" if value < 0 else ""
    whole = abs(value)
    return f"{sign}{whole}" if whole.denominator == 1 else rf"{sign}\frac{{{whole.numerator}}}{{{whole.denominator}}}"


def _function(slope: Fraction, intercept: Fraction) -> str:
    if slope == 0:
        return f"y={latex(intercept)}"
    factor = {"1": "", "-1": "-"}.get(latex(slope), latex(slope))
    plus = "+" if intercept > 0 else ""
    return f"y={factor}x" + (f"{plus}{latex(intercept)}" if intercept else "")


def _sample_equation(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    line = _sample_line(rng, level)
    if line is None or Fraction(line.second.y - line.first.y, line.second.x) == line.first.y:
        return None
    return line, {}


def _derive_equation(picture: Picture, words: Words, right: bool) -> Derivation:
    line = _line(picture)
    rise, run = line.second.y - line.first.y, line.second.x - line.first.x
    slope, intercept = Fraction(rise, run), Fraction(line.first.y)
    work = (f"Rise {rise}, run {run}, slope {latex(slope)}.", f"At x=0 y is {line.first.y}.")
    answer = _function(slope, intercept) if right else _function(intercept, slope)
    return Derivation(f"the {'slope' if right else 'intercept'} goes before x", work, answer)


def _sample_slope(rng: random.Random, level: Level) -> tuple[Picture, Words] | None:
    line = _sample_line(rng, level)
    if line is None or abs(line.second.y - line.first.y) == line.second.x:
        return None
    return line, {}


def _derive_slope(picture: Picture, words: Words, right: bool) -> Derivation:
    line = _line(picture)
    rise, run = line.second.y - line.first.y, line.second.x - line.first.x
    over, under = (rise, run) if right else (run, rise)
    if under == 0:
        raise CannotDerive("the line is flat")
    value = latex(Fraction(over, under))
    plan = f"divide the {'rise by the run' if right else 'run by the rise'}"
    return Derivation(plan, (f"Rise {rise}, run {run}.", f"{over} over {under} is {value}."), value)


def _sample_parabola(rng: random.Random, level: Level) -> tuple[Picture, Words]:
    vertex = Point(rng.randint(1, 2 * level.n - 1), rng.randint(0, 2 * level.n - 1))
    middle = level.n - 1
    opens_up = vertex.y <= middle if vertex.y in (0, 2 * level.n - 1) else rng.random() < 0.5
    return Parabola(level.n, vertex, opens_up, rng.choice(level.colours)), {}


def _derive_parabola(picture: Picture, words: Words, right: bool) -> Derivation:
    if not isinstance(picture, Parabola):
        raise CannotDerive("the question is about a parabola")
    (h, k), up = picture.vertex, picture.opens_up
    tail = f"+{k}" if k else ""
    answer = f"y={'' if up else '-'}(x{'-' if right else '+'}{h})^2{tail}"
    work = (f"Vertex ({h},{k}), opens {'up' if up else 'down'}.",)
    return Derivation(f"{'turn' if right else 'keep'} the sign of x", work, answer)


CHART_TEMPLATES = (
    Template(
        "bars_higher",
        Domain.CHARTS,
        Verifier.DIGIT,
        "How many bars are higher than {height}?",
        _sample_higher,
        _derive_higher,
    ),
    Template(
        "bar_difference",
        Domain.CHARTS,
        Verifier.DIGIT,
        "How much higher is the {first} bar than the {second} bar?",
        _sample_difference,
        _derive_difference,
    ),
    _extreme_template("highest_bar", highest=True),
    _extreme_template("lowest_bar", highest=False),
    Template(
        "line_equation",
        Domain.CHARTS,
        Verifier.MATH,
        "Which function does the line show? Write it as y=...",
        _sample_equation,
        _derive_equation,
    ),
    Template("slope", Domain.CHARTS, Verifier.MATH, "What is the slope of the line?", _sample_slope, _derive_slope),
    Template(
        "parabola",
        Domain.CHARTS,
        Verifier.MATH,
        "Which function does the curve show? Write it as y=...",
        _sample_parabola,
        _derive_parabola,
    ),
    Template(
        "locate_bar",
        Domain.CHARTS,
        Verifier.IOU,
        "Where is the {colour} bar? Give its box as [x1, y1, x2, y2] between 0 and 1.",
        _sample_locate_bar,
        _derive_locate_bar,
    ),
    Template(
        "locate_highest_bar",
        Domain.CHARTS,
        Verifier.IOU,
        "Where is the highest bar? Give its box as [x1, y1, x2, y2] between 0 and 1.",
        _sample_locate_highest,
        _derive_locate_highest,
    ),
    Template(
        "read_chart",
        Domain.CHARTS,
        Verifier.OPEN,
        "Read the chart.",
        lambda rng, level: (sample_chart(rng, level), {}),
        _derive_read_chart,
    ),
)
