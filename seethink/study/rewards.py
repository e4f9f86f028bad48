"""Which reward judges which data: the one place where scorers are built from their kind."""

from __future__ import annotations

from collections.abc import Sequence

from seethink.core.item import Item
from seethink.evaluation.run import Judges
from seethink.rewards import lenient, mixed, strict
from seethink.rewards.coverage import CoverageReward
from seethink.rewards.mixed import MixedReward
from seethink.world.truth import WorldTruth


def of_world(items: Sequence[Item]) -> bool:
    return bool(items) and all(item.source.startswith("world-") for item in items)


def training_reward(items: Sequence[Item]) -> MixedReward:
    """The mixed reward. Open answers are scored against exact truth in the world; elsewhere no scorer is bundled, so
    they are unscored and leave their group."""
    return mixed(open_scorer=WorldTruth() if of_world(items) else None)


def evaluation_judges(items: Sequence[Item]) -> Judges:
    """The same verifiers, read strictly and leniently. In the world an open answer is worth the share of the picture's
    facts it states, since the reward formula depends on how terse the reference is."""
    if of_world(items):
        coverage = CoverageReward(WorldTruth().share)
        return Judges(MixedReward(coverage, strict), MixedReward(coverage, lenient))
    return Judges(mixed(extract=strict), mixed(extract=lenient))
