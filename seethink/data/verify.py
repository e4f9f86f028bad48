"""Step 5, verify: a text teacher says whether the answer agrees with the gold (VLAA-Thinking section 2, step 5).

Request: system = ``prompts/verify.txt``; user = the sections ``Ground truth:`` (the gold) and ``Answer to grade:``
(the trace after its think block), in this order. Open items are verified like all others.
"""

from __future__ import annotations

import re

from seethink.core.rejected import Rejected
from seethink.data.roles import Teachers, chat, sections
from seethink.data.row import Row, think_block

_FIRST_WORD = re.compile(r"\W*(\w+)")


async def verify(row: Row, teachers: Teachers) -> Row | Rejected:
    """The row as it is, where the verifier says Yes.

    Reasons: "wrong answer", "verifier gave no verdict" (its first word is neither Yes nor No: the trace is not thereby
    wrong, and it is counted apart).
    """
    block = think_block(row.trace)
    if block is None:
        return Rejected("no think block", "the trace was not made by the rewriting step")
    payload = sections({"Ground truth": row.item.gold, "Answer to grade": block[1]})
    answer = await teachers.verifier.ask(chat("verify", payload))
    match verdict(answer.text):
        case True:
            return row
        case False:
            return Rejected("wrong answer", f"gold {row.item.gold[:60]!r}, answer ends {block[1][-60:]!r}")
        case None:
            return Rejected("verifier gave no verdict", f"it said {answer.text[:60]!r}")


def verdict(text: str) -> bool | None:
    """Yes or No as the first word, in any case and punctuation; None for anything else."""
    first = _FIRST_WORD.match(text)
    return {"yes": True, "no": False}.get(first[1].lower()) if first else None
