"""Results in plain words: what a study found in a few sentences.

The report and the terminal say the same sentences; both are made from results.json alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from seethink.analysis.numbers import p_text, percent, signed, span
from seethink.analysis.results import find_pair

Tree = Mapping[str, Any]


def apart(pair: Tree) -> bool:
    """True where the interval of a difference leaves out zero."""
    return pair["low"] is not None and (pair["low"] > 0 or pair["high"] < 0)


def ranked(results: Tree) -> list[str]:
    """Arms by greedy accuracy, best first; arms without one are left out."""
    means = {arm: tree["accuracy"]["mean"] for arm, tree in results["arms"].items()}
    return sorted((arm for arm in means if means[arm] is not None), key=lambda arm: -means[arm])


def headline(results: Tree) -> list[str]:
    """The study's findings under greedy decoding and the strict rule, one sentence each."""
    order, base = ranked(results), results["base"]
    if not order:
        return ["No arm has a greedy answer that could be scored."]
    best = order[0]
    found = results["arms"][best]["accuracy"]
    place = f"is the best of {len(order)} arms with" if len(order) > 1 else "has"
    told = [
        f"{best} {place} an accuracy of {percent(found['mean'])} (95 % interval {span(found)}) "
        f"on {found['n']:,} held-out questions."
    ]
    told += [
        _against(results, best, other)
        for other in dict.fromkeys([base, *order[1:2]])
        if other in order and other != best
    ]
    below = [arm for arm in order if (pair := find_pair(results, arm, base)) and apart(pair) and pair["difference"] < 0]
    if below and best != base:
        told.append(f"Below {base}, with an interval clear of zero: {', '.join(below)}.")
    return told


def _against(results: Tree, best: str, other: str) -> str:
    pair = _oriented(results, best, other)
    if pair is None:
        return f"It was not compared with {other}."
    how_sure = f"{signed(pair['low'], 1)} to {signed(pair['high'], 1)}, {p_text(pair['p'])}"
    if not apart(pair):
        return (
            f"These questions do not tell it apart from {other} ({signed(pair['difference'], 1)} points, {how_sure})."
        )
    sentence = f"It beats {other} by {100 * pair['difference']:.1f} points ({how_sure})"
    if pair["gain"] and pair["gain"]["format"]["mean"] is not None:
        form, answers = (pair["gain"][part]["mean"] for part in ("format", "accuracy"))
        sentence += f": {signed(form, 1)} from keeping to the answer format, {signed(answers, 1)} from better answers"
    return sentence + "."


def _oriented(results: Tree, a: str, b: str) -> dict[str, Any] | None:
    """The comparison read as a minus b, whichever way round results.json lists it; None without items."""
    pair = find_pair(results, a, b)
    if pair is None and (other := find_pair(results, b, a)) is not None and other["n"]:
        gain = other["gain"] and {
            part: {"mean": -tree["mean"], "low": -tree["high"], "high": -tree["low"], "n": tree["n"]}
            for part, tree in other["gain"].items()
        }
        turned = {"difference": -other["difference"], "low": -other["high"], "high": -other["low"], "gain": gain}
        pair = other | {"a": a, "b": b} | turned
    return pair if pair and pair["n"] else None
