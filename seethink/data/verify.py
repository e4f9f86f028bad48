"""Step 5, verify: a text teacher says whether the answer agrees with the gold (VLAA-Thinking section 2, step 5).

Request: system = ``prompts/verify.txt``; user = the sections ``Ground truth:`` (the gold) and ``Answer to grade:``
(the trace after its think block), in this order. Open items are verified like all others. A verifier with ``context``
gets the section ``Further facts:`` before them.
"""

from __future__ import annotations

import re

from seethink.core.item import Item
from seethink.core.rejected import Rejected
from seethink.data.roles import Teachers, sections
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
    said = await ask_verifier(row.item, block[1], teachers)
    match verdict(said):
        case True:
            return row
        case False:
            return Rejected("wrong answer", f"gold {row.item.gold[:60]!r}, answer ends {block[1][-60:]!r}")
        case None:
            return Rejected("verifier gave no verdict", f"it said {said[:60]!r}")


async def ask_verifier(item: Item, answer: str, teachers: Teachers) -> str:
    """What the verifier says of an answer; ``verdict`` reads it."""
    role = teachers.role("verifier", item.source)
    payload = sections({"Further facts": role.facts(item), "Ground truth": item.gold, "Answer to grade": answer})
    return (await role.ask(payload)).text


def verdict(text: str) -> bool | None:
    """Yes or No as the first word, in any case and punctuation; None for anything else."""
    first = _FIRST_WORD.match(text)
    return {"yes": True, "no": False}.get(first[1].lower()) if first else None
