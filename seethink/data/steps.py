"""Step: one stage of the pipeline that asks a teacher, row by row.

A step returns the row with what it learnt, or says why the row goes no further. Where the row's source brings what the
step would buy, nobody is asked. A step knows nothing of tables, restarts or how many rows run at once; whoever carries
it does (``engines``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from seethink.core.rejected import Rejected
from seethink.data.brought import brought
from seethink.data.caption import caption
from seethink.data.distill import distill
from seethink.data.rewrite import rewrite
from seethink.data.roles import Teachers
from seethink.data.row import Row
from seethink.data.verify import verify

Ask = Callable[[Row, Teachers], Awaitable[Row | Rejected]]


@dataclass(frozen=True, slots=True)
class Step:
    """``name`` also names its table and its instructions; ``role`` the teacher it asks."""

    name: str
    role: str
    ask: Ask

    async def run(self, row: Row, teachers: Teachers) -> Row | Rejected:
        outcome = brought(self.name, row, teachers.settings(row.item.source))
        return await self.ask(row, teachers) if outcome is None else outcome


STEPS = (
    Step("caption", "captioner", caption),
    Step("distill", "reasoner", distill),
    Step("rewrite", "rewriter", rewrite),
    Step("verify", "verifier", verify),
)
"""Steps 2 to 5; collect before them and curate after them work on whole tables."""
