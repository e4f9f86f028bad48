"""Second verifiers: other ways of deciding the same response, to hold the reward against. None of them trains.

Where two verifiers disagree, one of them errs, and reading those responses is how a reward's false negatives are found.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from string import ascii_uppercase

from seethink.answers import shared_workers
from seethink.core.item import Item, Verifier
from seethink.core.protocols import Reward
from seethink.core.rejected import InputError
from seethink.core.trace import last_answer
from seethink.core.verdict import Outcome, Verdict, correct, undecided, unparseable, wrong
from seethink.rewards.mixed import MixedReward
from seethink.rewards.responses import lenient

READ = 2_000
"""Characters read from the end of a response. choice."""

_NUMBER = re.compile(r"[-+]?[0-9][0-9,]*(?:\.[0-9]+)?")
_LETTER = re.compile(r"\b[A-Z]\b")
_GOLD_LETTER = re.compile(r"\W*([A-Za-z])\W*")


class Second(StrEnum):
    """The second verifiers by name."""

    LENIENT = "lenient"
    MATH_VERIFY = "math-verify"
    REGEX = "regex"


def second_verifier(name: str, reward: MixedReward) -> Reward:
    """``lenient``: the same reward on the answer stated anywhere. ``math-verify``: the package without our reading of
    answers. ``regex``: the last letter or number. InputError for another name."""
    match name:
        case Second.LENIENT:
            return replace(reward, extract=lenient)
        case Second.MATH_VERIFY:
            return math_verify_only
        case Second.REGEX:
            return regex_only
    raise InputError(f"no second verifier {name!r}: choose among {', '.join(Second)}")


def math_verify_only(items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
    """Gold and answer as math-verify takes them, whoever the item's verifier is; open items are unscored.

    The answer is the last box, else the last formula between dollars, else the last line. It goes to the guarded
    worker like any other, since math-verify's usual call would evaluate parts of it.
    """
    pairs = [(_bare(item.gold), _bare(formula(response))) for item, response in zip(items, responses, strict=True)]
    asked = [place for place, item in enumerate(items) if item.verifier is not Verifier.OPEN and all(pairs[place])]
    compared = dict(zip(asked, shared_workers().compare([pairs[place] for place in asked]), strict=True))
    return [
        _compared(item, pairs[place][1], compared.get(place) and compared[place].value)
        for place, item in enumerate(items)
    ]


def regex_only(items: Sequence[Item], responses: Sequence[str]) -> list[Verdict]:
    """The last capital letter that stands alone (mcq), or the last number (digit, math); boxes and open items are
    unscored."""
    return [_last(item, response[-READ:]) for item, response in zip(items, responses, strict=True)]


def formula(response: str) -> str:
    """The content of the last box, else of the last pair of dollars, else the last line."""
    tail = response[-READ:].replace("$$", "$")
    start = tail.rfind("\\boxed{")
    if start >= 0:
        return _braced(tail, start + len("\\boxed{"))
    closing = tail.rfind("$")
    opening = tail.rfind("$", 0, closing) if closing > 0 else -1
    inner = tail[opening + 1 : closing].strip() if opening >= 0 else ""
    return inner or last_answer(tail)


def _compared(item: Item, answer: str, comparison: str | None) -> Verdict:
    if item.verifier is Verifier.OPEN:
        return undecided(Outcome.UNSCORED, "math-verify reads no open answers")
    match comparison:
        case "equal":
            return correct(answer)
        case "different":
            return wrong(answer)
        case "timeout":
            return undecided(Outcome.TIMEOUT, "not compared in time")
        case "gold unreadable" | "lost":
            return undecided(Outcome.ERROR, f"comparison {comparison}")
        case _:
            return unparseable("nothing that math-verify can parse")


def _last(item: Item, text: str) -> Verdict:
    if item.verifier in (Verifier.OPEN, Verifier.IOU):
        return undecided(Outcome.UNSCORED, f"no expression for {item.verifier} answers")
    choosing = item.verifier is Verifier.MCQ
    found = (_LETTER if choosing else _NUMBER).findall(text)
    gold = _gold_letter(item) if choosing else _only_number(item.gold)
    if gold is None:
        return undecided(Outcome.ERROR, f"gold {item.gold[:80]!r} is not one {'letter' if choosing else 'number'}")
    if not found:
        return unparseable("no letter" if choosing else "no number")
    return correct(found[-1]) if _value(found[-1]) == _value(gold) else wrong(found[-1], f"gold is {gold}")


def _gold_letter(item: Item) -> str | None:
    letter = _GOLD_LETTER.fullmatch(item.gold)
    if letter:
        return letter[1].upper()
    return ascii_uppercase[item.options.index(item.gold)] if item.gold in item.options[:26] else None


def _only_number(gold: str) -> str | None:
    numbers: list[str] = _NUMBER.findall(gold)
    return numbers[0] if len(numbers) == 1 else None


def _value(found: str) -> str | float:
    plain = found.replace(",", "")
    return plain if plain.isalpha() else float(plain)


def _bare(text: str) -> str:
    return text.strip().strip("$").strip()[:READ]


def _braced(text: str, start: int) -> str:
    depth = 1
    for place in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if depth == 0:
            return text[start:place]
    return text[start:]
