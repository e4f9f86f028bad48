"""Response: what an SFT row teaches, ``<think>…</think><answer>…</answer>``."""

from __future__ import annotations

import re

from seethink.core.rejected import Rejected
from seethink.core.trace import ANSWER_CLOSE, ANSWER_OPEN, read_tags, write_tags
from seethink.data.config import AnswerBlock
from seethink.data.row import Row, think_block


def sft_response(row: Row, answer_block: AnswerBlock) -> str | Rejected:
    """``<think>…</think><answer>…</answer>`` as SFT learns it, or why the trace cannot be written so."""
    block = think_block(row.trace)
    if block is None:
        return Rejected("trace breaks the tag grammar", "not exactly one think block")
    think, prose = block
    prose = prose.replace(ANSWER_OPEN, "").replace(ANSWER_CLOSE, "").strip()
    match answer_block:
        case AnswerBlock.GOLD:
            answer = row.item.gold
        case AnswerBlock.PROSE:
            answer = prose
        case AnswerBlock.FINAL:
            answer = final_answer(prose)
    response = write_tags(think, answer)
    if read_tags(response) is None:
        return Rejected("trace breaks the tag grammar", "tags inside the thinking or an empty answer")
    return response


_MARKED = re.compile(r"^\W*(?:the\s+)?(?:final\s+)?answer(?:\s+is)?\s*:\s*", re.IGNORECASE | re.MULTILINE)
_BOLD = re.compile(r"\*\*(.+?)\*\*")


def final_answer(prose: str) -> str:
    """The answer within the reasoner's prose.

    What follows the last "Answer:" or "Final answer:" that begins a line; else the last bold text of the last line;
    else the last line. Bold marks are dropped.
    """
    marks = list(_MARKED.finditer(prose.replace("**", "")))
    if marks and (marked := prose.replace("**", "")[marks[-1].end() :].strip()):
        return marked
    lines = [line.strip() for line in prose.splitlines() if line.strip()]
    if not lines:
        return ""
    bold = _BOLD.findall(lines[-1])
    return (bold[-1] if bold else lines[-1]).replace("**", "").strip()
