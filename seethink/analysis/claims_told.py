"""The two claims in words and as a table; made from the tree of ``claims.compare_arms`` alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from seethink.analysis.claims import Claim, Finding
from seethink.analysis.numbers import p_text, signed

Tree = Mapping[str, Any]

_SUBJECT = {Claim.CHECKPOINTS: "These checkpoints", Claim.RECIPE: "This recipe"}


def sentence(found: Tree, comparison: Tree, claim: Claim) -> str:
    """One claim about one comparison, with everything that a reader needs to doubt it.

    Args:
        found: the tree that holds ``comparison``.
    """
    a, b, told = comparison["a"], comparison["b"], comparison[claim]
    head = f"{_SUBJECT[claim]}: "
    if told["finding"] == Finding.NOT_TESTED:
        return f"{head}nothing can be said of {a} and {b} ({told['why_not']})."
    size = found["family"][claim]
    # The interval of what the sentence says: of b's lead, where b is above.
    low, high = (-told["high"], -told["low"]) if told["finding"] == Finding.BELOW else (told["low"], told["high"])
    sure = [f"95 % interval {signed(low, 1)} to {signed(high, 1)}", _corrected(told["p_holm"], size)]
    if claim is Claim.RECIPE:
        sure.append(_runs(told["runs"]))
    if comparison["budgets"]:
        sure.append(" and ".join(comparison["budgets"]["equal"]) or "budgets not equal")
    doubt = "; ".join(sure)
    if told["finding"] == Finding.NOT_SHOWN:
        text = f"no difference shown between {a} and {b} ({signed(told['mean'], 1)} points; {doubt})."
        if told["detectable_holm"] is not None:
            text += (
                f" A true difference of {100 * told['detectable_holm']:.1f} points or more would have been found in "
                f"{found['power']:.0%} of repetitions."
            )
    else:
        beats, loses = (a, b) if told["finding"] == Finding.ABOVE else (b, a)
        text = f"{beats} is above {loses} by {100 * abs(told['mean']):.1f} points ({doubt})."
    if claim is Claim.RECIPE and not told["headline"]:
        text += _too_few(found)
    return head + text


def sentences(found: Tree) -> list[str]:
    """Both claims of every comparison, in the order of the family."""
    return [sentence(found, comparison, claim) for comparison in found["comparisons"] for claim in Claim]


def below_told(found: Tree, base: str) -> list[str]:
    """Which arms were shown to be below ``base``, a sentence for each claim that has any."""
    told = []
    for claim in Claim:
        shown = {
            one: comparison
            for comparison in found["comparisons"]
            for one, other, finding in (
                (comparison["a"], comparison["b"], Finding.BELOW),
                (comparison["b"], comparison["a"], Finding.ABOVE),
            )
            if other == base and comparison[claim]["finding"] == finding
        }
        if not shown:
            continue
        size = found["family"][claim]
        doubt = f"p < {1 - found['level']:.2g}{_over(size)}"
        text = f"{_SUBJECT[claim]}: below {base}: {', '.join(shown)} ({doubt})."
        if claim is Claim.RECIPE and not all(one[claim]["headline"] for one in shown.values()):
            text += _too_few(found)
        told.append(text)
    return told


def claims_table(found: Tree) -> Table:
    """One row per comparison and claim; faint where no difference was shown."""
    sizes = ", ".join(f"{claim} {found['family'][claim]}" for claim in Claim)
    table = Table(
        title=f"differences in points, {found['rule']} rule, p after Holm's correction ({sizes})",
        title_justify="left",
        header_style="bold",
    )
    table.add_column("arms", no_wrap=True)
    table.add_column("claim")
    for name in ("difference", "95 % interval", "p", "detectable", "runs"):
        table.add_column(name, justify="right")
    table.add_column("finding")
    for comparison in found["comparisons"]:
        for claim in Claim:
            told = comparison[claim]
            tested = told["finding"] != Finding.NOT_TESTED
            table.add_row(
                escape(f"{comparison['a']} − {comparison['b']}") if claim is Claim.CHECKPOINTS else "",
                claim.value,
                signed(told["mean"], 1) if tested else "–",
                f"{signed(told['low'], 1)} to {signed(told['high'], 1)}" if tested else "–",
                p_text(told["p_holm"]).removeprefix("p ").removeprefix("= "),
                f"{100 * told['detectable_holm']:.1f}" if told["detectable_holm"] is not None else "–",
                " and ".join(map(str, told["runs"])),
                told["finding"],
                style=None if told["finding"] in (Finding.ABOVE, Finding.BELOW) else "dim",
            )
    return table


def _too_few(found: Tree) -> str:
    return f" A headline asks for {found['headline_runs']} runs of every trained arm."


def _corrected(p: float, size: int) -> str:
    return f"{p_text(p)}{_over(size)}"


def _over(size: int) -> str:
    return "" if size < 2 else f" after Holm's correction over {size} comparisons"


def _runs(runs: tuple[int, int]) -> str:
    return f"{runs[0]} and {runs[1]} training runs"
