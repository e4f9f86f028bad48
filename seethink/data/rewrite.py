"""Step 4, rewrite: words that betray the caption are replaced, and nothing else (VLAA-Thinking section 2, step 4).

Request: system = ``prompts/rewrite.txt``; user = the reasoner's response alone.
"""

from __future__ import annotations

from dataclasses import replace

from seethink.core.rejected import Rejected
from seethink.data.roles import Teachers
from seethink.data.row import Row, think_block

MAX_GAP = 15
"""Words by which the two versions may differ in length; a larger gap was a new text, not a rewording (step 4)."""


async def rewrite(row: Row, teachers: Teachers) -> Row | Rejected:
    """The row with its trace.

    Reasons: "rewrite gap" (more than 15 words longer or shorter), "rewrite broke the think block".
    """
    answer = await teachers.role("rewriter", row.item.source).ask(row.reasoning)
    gap = word_gap(row.reasoning, answer.text)
    if gap > MAX_GAP:
        return Rejected("rewrite gap", f"gap {gap} words, at most {MAX_GAP}")
    block = think_block(answer.text)
    if block is None or not block[1]:
        return Rejected("rewrite broke the think block", f"rewritten text begins {answer.text[:60]!r}")
    return replace(row, trace=answer.text)


def word_gap(before: str, after: str) -> int:
    """Difference of the two lengths, in words between white space."""
    return abs(len(before.split()) - len(after.split()))
