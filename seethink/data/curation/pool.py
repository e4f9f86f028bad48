"""Pool: the two sets that curation divides rows into."""

from __future__ import annotations

from enum import StrEnum


class Pool(StrEnum):
    SFT = "sft"
    RL = "rl"
