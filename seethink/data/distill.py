"""Step 3, distill: a text-only reasoner thinks over caption and question (VLAA-Thinking section 2, step 3).

Request: system = ``prompts/distill.txt``; user = the sections ``Description:`` (the caption), ``Further facts:`` (the
item's context) and ``Question:``, in this order; an empty one is left out. Never the picture, never the gold.
"""

from __future__ import annotations

from dataclasses import replace

from seethink.core.rejected import Rejected
from seethink.data.roles import Teachers, sections
from seethink.data.row import Row, think_block


async def distill(row: Row, teachers: Teachers) -> Row | Rejected:
    """The row with the reasoner's response.

    Reasons: "reasoning truncated" (stopped at its token limit), "no think block" (none, or more than one), "no answer
    after the think block".
    """
    role = teachers.role("reasoner", row.item.source)
    payload = sections(
        {"Description": row.caption, "Further facts": role.facts(row.item), "Question": row.item.question}
    )
    answer = await role.ask(payload)
    if answer.truncated:
        return Rejected("reasoning truncated", f"{answer.usage.completion_tokens} tokens: raise reasoner.max_tokens")
    block = think_block(answer.text)
    if block is None:
        return Rejected("no think block", f"response begins {answer.text[:60]!r}")
    if not block[1]:
        return Rejected("no answer after the think block")
    return replace(row, reasoning=answer.text)
