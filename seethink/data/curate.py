"""Step 6, curate: traces with a reflective cue go to RL, traces without one to SFT (VLAA-Thinking section 2, step 6).

The paper takes reflection for a sign of difficulty: RL helps on hard questions, and such traces are too complex to
imitate. The two sets share no item, and no picture with the same question.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from enum import StrEnum
from random import Random

from seethink.core.cues import has_cue
from seethink.core.rejected import Rejected
from seethink.core.trace import ANSWER_CLOSE, ANSWER_OPEN, read_tags, write_tags
from seethink.data.config import AnswerBlock, Quota
from seethink.data.row import Row, think_block


class Pool(StrEnum):
    SFT = "sft"
    RL = "rl"


def pool_of(trace: str) -> Pool:
    """RL where any cue stands anywhere in the distilled response, think block and prose alike (appendix A.2; which text
    is scanned is not told: choice)."""
    return Pool.RL if has_cue(trace) else Pool.SFT


def curate(
    rows: Iterable[Row], *, quotas: Mapping[str, Quota], seed: int, answer_block: AnswerBlock
) -> dict[str, Pool | Rejected]:
    """Where every row goes, by item id.

    Quotas are filled by uniform sampling per source and pool; who is drawn depends on seed, source, pool and the ids in
    it, not on the order of the rows.

    Reasons: "same picture and question", "trace breaks the tag grammar", "over quota".
    """
    fate: dict[str, Pool | Rejected] = {}
    asked: set[tuple[tuple[str, ...], str]] = set()
    pools: dict[tuple[str, Pool], list[str]] = defaultdict(list)
    for row in rows:
        item = row.item
        question = (item.images, item.question)
        if question in asked:
            fate[item.id] = Rejected("same picture and question", "an earlier row asks it, with another gold or source")
            continue
        asked.add(question)
        pool = pool_of(row.trace)
        if pool is Pool.SFT and isinstance(broken := sft_response(row, answer_block), Rejected):
            fate[item.id] = broken
            continue
        fate[item.id] = pool
        pools[item.source, pool].append(item.id)
    for (source, pool), ids in pools.items():
        quota = quotas.get(source, Quota())
        limit = quota.sft if pool is Pool.SFT else quota.rl
        if limit is not None and len(ids) > limit:
            drawn = set(Random(f"{seed}:{source}:{pool}").sample(sorted(ids), limit))
            left_over = Rejected("over quota", f"{limit} of {len(ids)} rows drawn for {pool}")
            fate.update({item_id: left_over for item_id in ids if item_id not in drawn})
    return fate


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
