"""Results in plain words: what a study found in a few sentences.

The report and the terminal say the same sentences; both are made from results.json alone. What they say of two arms is
a claim of the study: tested, corrected for its family, and named as one about checkpoints or about recipes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from seethink.analysis.claims import Claim, Finding
from seethink.analysis.claims_told import below_told, sentence
from seethink.analysis.numbers import percent, signed, span
from seethink.analysis.results import find_pair

Tree = Mapping[str, Any]

WITHOUT_OPEN = (
    "Not registered, and no verdict rests on it: the same comparisons without open questions, whose answers are graded "
    "and not decided by a rule. Both claims are corrected over these comparisons alone."
)
"""What is said above ``without_open`` of results.json."""


def apart(pair: Tree) -> bool:
    """True where the interval of a difference leaves out zero."""
    return pair["low"] is not None and (pair["low"] > 0 or pair["high"] < 0)


def ranked(results: Tree) -> list[str]:
    """Arms by greedy accuracy, best first; arms without one are left out."""
    means = {arm: tree["accuracy"]["mean"] for arm, tree in results["arms"].items()}
    return sorted((arm for arm in means if means[arm] is not None), key=lambda arm: -means[arm])


def title(results: Tree) -> str | None:
    """That of the study where it has one, else of the claims that were registered for it."""
    own: str | None = results["title"]
    registered: str | None = (results["registration"] or {}).get("title")
    return own or registered


def headline(results: Tree) -> list[str]:
    """The study's findings under greedy decoding and the strict rule, one sentence each.

    A study that names its comparisons answers the first of them before all else. One sentence says what was observed.
    All others are claims of ``results["claims"]`` in the words of ``claims_told``: the arm of the highest accuracy
    against the base and against the runner-up, and which arms lie below the base.
    """
    order, base = ranked(results), results["base"]
    if not order:
        return ["No arm has a greedy answer that could be scored."]
    best = order[0]
    found = results["arms"][best]["accuracy"]
    place = f"has the highest accuracy of {len(order)} arms:" if len(order) > 1 else "has an accuracy of"
    question = results["question"] if results["claims"] else None
    told = [*_against(results, *question)] if question else []
    told += [
        f"{best} {place} {percent(found['mean'])} (95 % interval over questions {span(found)}) "
        f"on {found['n']:,} held-out questions."
    ]
    if len(order) == 1:
        return told
    if results["claims"] is None:
        return [*told, "No comparison of the arms was tested."]
    for other in dict.fromkeys([base, *order[1:2]]):
        if other in order and other != best and {best, other} != set(question or ()):
            told += _against(results, best, other)
    return told + (below_told(results["claims"], base) if best != base else [])


def _against(results: Tree, one: str, other: str) -> Iterator[str]:
    """What is claimed of two arms. Nothing is said of recipes where nothing could be tested."""
    found = results["claims"]
    comparison = next((pair for pair in found["comparisons"] if {pair["a"], pair["b"]} == {one, other}), None)
    if comparison is None:
        yield f"{one} and {other} are none of the comparisons that this study makes."
        return
    for claim in Claim:
        if claim is Claim.CHECKPOINTS or comparison[claim]["finding"] != Finding.NOT_TESTED:
            yield sentence(found, comparison, claim)
        if claim is Claim.CHECKPOINTS:
            yield from _parts(results, comparison)


def _parts(results: Tree, comparison: Tree) -> Iterator[str]:
    """What of a shown difference of checkpoints came from form, and what from better answers, as the winner's gain."""
    finding = comparison[Claim.CHECKPOINTS]["finding"]
    if finding not in (Finding.ABOVE, Finding.BELOW):
        return
    a, b = comparison["a"], comparison["b"]
    pair, sign = find_pair(results, a, b), 1
    if pair is None:
        pair, sign = find_pair(results, b, a), -1
    if finding == Finding.BELOW:
        sign = -sign
    if pair and pair["gain"] and pair["gain"]["format"]["mean"] is not None:
        form, answers = (sign * pair["gain"][part]["mean"] for part in ("format", "accuracy"))
        yield (
            f"Of that difference {signed(form, 1)} points come from keeping to the answer format and "
            f"{signed(answers, 1)} from better answers."
        )
