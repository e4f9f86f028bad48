"""Which steps of a response hold something, whoever laid it out: what a reward that looks at steps may rest on.

A policy in training chooses its text, hence also where a step ends and what stands between two of them. Here it does
not: all text but the answer block is cut at every clause, tags and words that only accompany thinking are no step, and
a step said again straight away is one step. What is left is shown to the scorer, so that nothing that was taken out
can move a score.
"""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from typing import NamedTuple

from seethink.core.trace import ANSWER_CLOSE, ANSWER_OPEN, THINK_CLOSE, THINK_OPEN
from seethink.process.steps import clauses

FEWEST = 3
"""Different words that a claim has at least ("It is red"). A shorter step is scored as well, and does not stand for
reasoning. choice."""
LONGEST = 60
"""Words of the longest clause that can be scored as one step: the largest true description in the world has 50.
choice."""

_FILLERS = files("seethink.process").joinpath("fillers.txt").read_text(encoding="utf-8")
FILLERS = frozenset(_FILLERS.split())
"""Words that accompany thinking and claim nothing. choice."""

_ANSWERING = frozenset({"answer", "answers", "final", "correct", "option", "result"})
_TAG = re.compile(r"</?[A-Za-z][\w-]{0,20}\s{0,4}/?>")
# A character of a script without spaces is a word.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def fillers_hash() -> str:
    return hashlib.sha256(_FILLERS.encode()).hexdigest()[:12]


class Held(NamedTuple):
    """A step that is shown to a scorer.

    Attributes:
        claims: whether it is enough of a step to stand for reasoning.
        overlong: it has more than ``LONGEST`` words, and one score cannot be of all of it.
    """

    text: str
    claims: bool
    overlong: bool


def held_steps(response: str) -> list[Held]:
    """The steps of a response that hold something, in order.

    A response that says nothing but its answer has no step that claims.
    """
    opening = response.rfind(ANSWER_OPEN)
    closing = response.find(ANSWER_CLOSE, opening) if opening >= 0 else -1
    answer = set(_words(response[opening + len(ANSWER_OPEN) : closing])) if closing >= 0 else set()
    # Thinking outside the think part is thinking as well.
    said = f"{response[:opening]}\n{response[closing + len(ANSWER_CLOSE) :]}" if closing >= 0 else response
    for tag in (THINK_OPEN, THINK_CLOSE):
        said = said.replace(tag, "\n")
    found: list[Held] = []
    before = ""
    for step in clauses(said):
        words = _words(step.text)
        content = set(words) - FILLERS
        plain = " ".join(step.text.casefold().split())
        if not content or plain == before:
            continue
        before = plain
        answers = bool(_ANSWERING & content) and content <= _ANSWERING | answer
        found.append(Held(step.text, len(set(words)) >= FEWEST and not answers, len(words) > LONGEST))
    return found


def _words(text: str) -> list[str]:
    return _WORD.findall(_TAG.sub(" ", text).casefold())
