"""Does the answer follow from the think part? What the thinking concludes, against what is answered.

A response whose thinking ends at "option B" and whose answer is C was not reasoned to. The conclusion is read like an
answer in prose (``answers.final_answer``), an explicit statement first, and the two are compared as an answer with its
gold is (``answers.grade``).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from seethink.analysis.pseudo_reasoning.calculations import calculated
from seethink.analysis.pseudo_reasoning.statements import ANSWER, sentences, statements
from seethink.answers import final_answer, grade
from seethink.core.item import Item, Verifier, make_item
from seethink.core.trace import THINK_CLOSE, answer_part, read_tags, thinking
from seethink.core.verdict import IOU_HIT, Outcome, Verdict

LAST = 3
"""Lines at the end of the thinking in which a conclusion is looked for. choice."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of the question, for reading answers to it.

    Attributes:
        verifier: who decides; None where the file does not say, and it is then guessed from gold and options.
    """

    question: str = ""
    gold: str | None = None
    verifier: Verifier | None = None
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Concluded:
    """What thinking and response say in the end; None where it cannot be read.

    Attributes:
        follows: whether the two are the same; None where either cannot be read, or nobody can compare them.
    """

    thinking: str | None
    answer: str | None
    follows: bool | None


_OPTION_LINE = re.compile(r"^\s*\(?([A-J])\s?[).:]\s*(\S.*)$", re.MULTILINE)


def asked_verifier(asked: Asked) -> Verifier:
    """The verifier, guessed where it is not known: mcq for a letter among options, math for digits, else open."""
    if asked.verifier is not None:
        return asked.verifier
    gold = (asked.gold or "").strip()
    if asked_options(asked) and (not gold or re.fullmatch(r"\(?[A-Ja-j]\)?[.:]?", gold)):
        return Verifier.MCQ
    return Verifier.MATH if gold and len(gold) <= _SHORT and re.search(r"[0-9\\]", gold) else Verifier.OPEN


_SHORT = 100
"""Characters of a gold that may still be a number or a formula; longer ones are prose. choice."""


def asked_options(asked: Asked) -> tuple[str, ...]:
    """The options, read from the question's lines where the file does not list them."""
    if asked.options:
        return asked.options
    spelt = _OPTION_LINE.findall(asked.question)
    letters = "".join(letter for letter, _ in spelt)
    return tuple(text.strip() for _, text in spelt) if len(spelt) > 1 and ascii_uppercase.startswith(letters) else ()


def conclusions(asked: Sequence[Asked], responses: Sequence[str]) -> list[Concluded]:
    """Thinking against answer, for a batch: formulas are compared in worker processes, whose start is paid once."""
    found: list[tuple[str | None, str | None]] = []
    items: list[Item] = []
    compared: list[int] = []
    for place, (one, response) in enumerate(zip(asked, responses, strict=True)):
        verifier, options = asked_verifier(one), asked_options(one)
        answer = answered(one, response)
        concluded = _concluded(response, verifier, options) if THINK_CLOSE in response else None
        found.append((concluded, answer))
        if concluded is not None and answer is not None and verifier is not Verifier.OPEN:
            compared.append(place)
            items.append(make_item(source="thinking", question="", gold=concluded, verifier=verifier, options=options))
    verdicts = dict(zip(compared, grade(items, [found[place][1] or "" for place in compared]), strict=True))
    return [Concluded(concluded, answer, _same(verdicts.get(place))) for place, (concluded, answer) in enumerate(found)]


def _same(verdict: Verdict | None) -> bool | None:
    if verdict is None or verdict.score is None or verdict.outcome is Outcome.UNPARSEABLE:
        return None
    return verdict.score >= IOU_HIT


def answered(asked: Asked, response: str) -> str | None:
    """The answer of a response as its verifier reads it: the tagged one, or the one stated last."""
    tagged = read_tags(response)
    if tagged is not None:
        return tagged.answer
    return final_answer(response, asked_verifier(asked), asked_options(asked)) or answer_part(response) or None


def _concluded(response: str, verifier: Verifier, options: Sequence[str]) -> str | None:
    """What the thinking says its answer is, else what its last sentence concludes; a last sentence that only goes on
    reasoning concludes nothing."""
    lines = [line for line in thinking(response).splitlines() if line.strip()]
    if not lines or verifier is Verifier.OPEN:
        return None
    if verifier is Verifier.IOU:
        return final_answer(lines[-1], verifier, options)
    told = [text for line in lines[-LAST:] for text in sentences(line)]
    stated = [one.value for text in told for one in statements(text) if one.subject == ANSWER]
    fitting = [value for value in stated if value.isalpha() == (verifier is Verifier.MCQ)]
    if fitting:
        return fitting[-1]
    if verifier is not Verifier.MCQ and (result := calculated(told[-1])) is not None:
        return result
    return final_answer(told[-1], verifier, options) if _CONCLUDES.search(told[-1]) else None


_CONCLUDES = re.compile(
    r"^\W*(?:so|therefore|thus|hence|consequently|finally|overall|altogether|in total|in conclusion)\b"
    r"|\b(?:that|this|which|it)\s+(?:makes|gives|leaves|means)\b|\bthe\s+(?:final\s+)?(?:answer|result)\b",
    re.IGNORECASE,
)
