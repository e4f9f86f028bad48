"""What ViLReward-73K has of its five sources: how many questions, and how many labelled processes of them.

Counts as the project page draws them (reference 4.1): what a download, or a collection of one's own, is held against.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Share(NamedTuple):
    """Of one source; ``processes`` are rows ``{image_path, question, process, value}``."""

    questions: int
    processes: int


VILREWARD: Mapping[str, Share] = {
    "mavis_geo": Share(3_093, 25_829),
    "geoqa170k": Share(8_063, 31_406),
    "clevr_math": Share(957, 1_425),
    "aokvqa": Share(2_044, 9_241),
    "scienceqa": Share(2_769, 5_659),
}
"""By the name of the source's mapping: 16,926 questions with 73,560 processes."""
