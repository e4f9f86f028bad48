"""Trace: one response, its thinking, its answer and its steps.

The tag grammar lives here because SFT writes it, rewards and evaluation read it, and analysis counts it:
``<think>…</think><answer>…</answer>`` with exactly one answer block.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

THINK_OPEN, THINK_CLOSE = "<think>", "</think>"
ANSWER_OPEN, ANSWER_CLOSE = "<answer>", "</answer>"


class Tagged(NamedTuple):
    """The two parts of a well-formed response, stripped."""

    think: str
    answer: str


class Step(NamedTuple):
    """A step of a trace: ``text == trace.text[start:end]``."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One response to one item.

    Attributes:
        item_id: the item it answers.
        text: the response as it was produced.
        producer: who produced it (a model name, a checkpoint, a teacher's role).
        prompt_tokens, completion_tokens: as the producer counted them; None where it did not.
        truncated: True where the producer stopped at its token limit.
    """

    item_id: str
    text: str
    producer: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    truncated: bool = False


def write_tags(think: str, answer: str) -> str:
    return f"{THINK_OPEN}{think}{THINK_CLOSE}{ANSWER_OPEN}{answer}{ANSWER_CLOSE}"


def read_tags(text: str) -> Tagged | None:
    """The strict tag rule: ``</think>`` once, then exactly one non-empty answer block; None otherwise.

    The paper asks for an "extractable" answer and does not define it: choice (reference 5.2). The harness that scores
    the released models insists on one answer block as well.
    """
    if text.count(THINK_CLOSE) != 1 or text.count(ANSWER_OPEN) != 1 or text.count(ANSWER_CLOSE) != 1:
        return None
    head, tail = text.split(THINK_CLOSE)
    opening, closing = tail.find(ANSWER_OPEN), tail.find(ANSWER_CLOSE)
    if opening < 0 or closing < opening:
        return None
    answer = tail[opening + len(ANSWER_OPEN) : closing].strip()
    if not answer:
        return None
    return Tagged(head.replace(THINK_OPEN, "", 1).strip(), answer)


_LAST_ANSWER = re.compile(r"<answer>(.*?)(?:</answer>|$)", re.DOTALL)


def answer_part(text: str) -> str:
    """Where a response answers, tags or none: its last answer block, else what follows the thinking, else all of it.

    A block inside the think part counts only where nothing follows the thinking.
    """
    tail = text.rsplit(THINK_CLOSE, 1)[-1].strip()
    return _last_block(tail) or tail or _last_block(text) or text.strip()


def last_answer(text: str) -> str:
    """The last line of ``answer_part``, or its answer block whole: what a plain reader takes for the answer."""
    part = answer_part(text)
    if part == _last_block(text):
        return part
    lines = [line.strip() for line in part.splitlines() if line.strip()]
    return lines[-1] if lines else ""


def _last_block(text: str) -> str:
    blocks: list[str] = _LAST_ANSWER.findall(text)
    return blocks[-1].strip() if blocks else ""


def thinking(text: str) -> str:
    """The think part of any response, well-formed or not."""
    return text.split(THINK_CLOSE)[0].replace(THINK_OPEN, "", 1).split(ANSWER_OPEN)[0].strip()


def line_steps(text: str) -> tuple[Step, ...]:
    """The non-empty lines of the think part as steps, with offsets into ``text``."""
    end = text.find(THINK_CLOSE)
    end = len(text) if end < 0 else end
    start = text.find(THINK_OPEN, 0, end)
    start = 0 if start < 0 else start + len(THINK_OPEN)
    steps, cursor = [], start
    for line in text[start:end].split("\n"):
        stripped = line.strip()
        if stripped:
            left = cursor + line.index(stripped)
            steps.append(Step(stripped, left, left + len(stripped)))
        cursor += len(line) + 1
    return tuple(steps)
