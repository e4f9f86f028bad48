r"""Mathematical expressions: equal where math-verify finds them equivalent.

``y=-5\sin(-5x)`` is ``y = 5 * sin(5 * x)`` and ``\frac{2}{4}`` is ``1/2``. Where one side is an equation and the other
is not, the lone side stands for the equation's right-hand side (``y=2x+1`` and ``2x+1`` agree, ``x=3`` and ``y=3`` do
not); ``f(x)=`` counts as ``y=``. choice: the paper names the package and nothing else (section 4.1, reference 5.4).
Of a text with one ``\boxed{}`` only the box is read.

Reading is plain text work and happens here. Parsing and comparing can take for ever, so they happen in a worker
process under a deadline.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seethink.answers.characters import plain, with_digits
from seethink.answers.latex import as_latex, bare_math, marked_answer
from seethink.answers.pool import Comparison, Workers
from seethink.answers.units import split_unit, units_agree
from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, correct, undecided, unparseable, wrong


class Expression(NamedTuple):
    """Bare LaTeX and the unit that stood behind it, empty where there was none."""

    latex: str
    unit: str


def read_expression(text: str) -> Expression | None:
    """The one expression a text states; None where it states none, several, or words."""
    bare = bare_math(with_digits(plain(marked_answer(text))))
    if bare is None:
        return None
    value, unit = split_unit(bare)
    latex = as_latex(value)
    return Expression(latex, unit) if latex and latex.strip() else None


def same_expressions(items: Sequence[Item], answers: Sequence[str], workers: Workers) -> list[Verdict]:
    """1 where an answer is equivalent to its gold, 0 otherwise; range {0, 1}, undecided past the workers' deadline.

    Two numbers are the same as well where they lie within ``item.tolerance``; their units must agree all the same.

    Raises InputError where no worker can be started at all.
    """
    read = [(read_expression(item.gold), read_expression(answer)) for item, answer in zip(items, answers, strict=True)]
    asked = [place for place, (gold, answer) in enumerate(read) if gold and answer]
    pairs = [
        (gold.latex, answer.latex, item.tolerance)
        for item, (gold, answer) in zip(items, read, strict=True)
        if gold and answer
    ]
    compared = dict(zip(asked, workers.compare(pairs), strict=True))
    return [
        _verdict(item, gold, answer, compared.get(place), workers.deadline)
        for place, (item, (gold, answer)) in enumerate(zip(items, read, strict=True))
    ]


def _verdict(
    item: Item, gold: Expression | None, answer: Expression | None, comparison: Comparison | None, deadline: float
) -> Verdict:
    if answer is None:
        return unparseable("not one mathematical expression")
    if gold is None:
        return undecided(Outcome.ERROR, f"gold {item.gold[-80:]!r} is not one mathematical expression")
    shown = f"{answer.latex.strip()} {answer.unit}".strip()
    match comparison:
        case Comparison.EQUAL if units_agree(gold.unit, answer.unit):
            return correct(shown)
        case Comparison.EQUAL:
            return wrong(shown, f"gold is in {gold.unit}")
        case Comparison.DIFFERENT:
            within = f" within {item.tolerance}" if item.tolerance else ""
            return wrong(shown, f"gold is {gold.latex.strip()}{within}")
        case Comparison.ANSWER_UNREADABLE:
            return unparseable("not LaTeX that math-verify can parse")
        case Comparison.REFUSED:
            return unparseable("comparing it would have run code or touched the system")
        case Comparison.TIMEOUT:
            return undecided(Outcome.TIMEOUT, f"not compared within {deadline:g} s")
        case Comparison.GOLD_UNREADABLE:
            return undecided(Outcome.ERROR, f"gold {gold.latex[:80]!r} is not LaTeX that math-verify can parse")
        case _:
            return undecided(Outcome.ERROR, "the worker process ended while comparing it")
