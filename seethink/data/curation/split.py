"""Split: which of the two pools a row belongs to.

The paper takes reflection for a sign of difficulty: RL helps on hard questions, and such traces are too complex to
imitate (VLAA-Thinking section 2, step 6). The field more often takes what a base model gets right: RL learns from
questions that it answers sometimes, and nothing from those that it answers always or never.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Annotated, Literal

from pydantic import Field

from seethink.core.config import Config
from seethink.core.cues import has_cue
from seethink.core.rejected import Rejected
from seethink.data.curation.band import Range, outside, read_values
from seethink.data.curation.pool import Pool
from seethink.data.row import Row


class CueSplit(Config):
    """Traces with a reflective cue to RL, the others to SFT (VLAA-Thinking appendix A.2)."""

    kind: Literal["cues"] = "cues"
    whole_words: bool = False
    """Match cues as words; the paper matches them as substrings."""


class BandSplit(Range):
    """Rows inside the band to RL, the others to SFT."""

    kind: Literal["band"] = "band"
    column: str = Field(default="pass_rate", min_length=1)
    low: float | None = 0.1
    high: float | None = 0.9
    """With the usual eight draws: at least one hit and at least one miss. choice."""


class RandomSplit(Config):
    """So many rows to RL, the others to SFT, whatever their traces say: another teacher divides the items alike."""

    kind: Literal["random"] = "random"
    rl: float = Field(default=0.5, ge=0, le=1)
    """Share of the rows."""
    seed: int = 0


SplitConfig = Annotated[CueSplit | BandSplit | RandomSplit, Field(discriminator="kind")]


BY_CUES = CueSplit()


def pool_of(trace: str, *, whole_words: bool = False) -> Pool:
    """RL where any cue stands anywhere in the distilled response, think block and prose alike (appendix A.2; which text
    is scanned is not told: choice)."""
    return Pool.RL if has_cue(trace, whole_words=whole_words) else Pool.SFT


def open_split(config: CueSplit | BandSplit | RandomSplit) -> Callable[[Row], Pool | Rejected]:
    """The split as a function of a row. A row without a trace has nothing to imitate and is never SFT.

    Reasons: "value not measured"; "value outside the band", where there is no trace to imitate.
    """
    if isinstance(config, CueSplit):
        return lambda row: pool_of(row.trace, whole_words=config.whole_words) if row.trace else Pool.RL
    if isinstance(config, RandomSplit):
        return lambda row: Pool.SFT if row.trace and not _drawn(config, row.item.id) else Pool.RL
    values = read_values(config)

    def by_band(row: Row) -> Pool | Rejected:
        beyond = outside(config, values, row.item.id)
        if beyond is None:
            return Pool.RL
        return Pool.SFT if row.trace and row.item.id in values else beyond

    return by_band


def _drawn(config: RandomSplit, item_id: str) -> bool:
    """A function of seed and item alone: neither other rows nor their order move an item to the other set."""
    return Random(f"{config.seed}:{item_id}").random() < config.rl
