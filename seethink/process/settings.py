"""What the commands of process rewards take as settings."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from seethink.analysis.compare import Rule
from seethink.core.config import Config
from seethink.process.aggregate import AGGREGATIONS, check_aggregation
from seethink.process.beam import NO_AUTO, BeamConfig
from seethink.process.best_of_n import NS
from seethink.process.collect.collect import CollectionConfig
from seethink.process.collect.judged import JudgeOnlyConfig
from seethink.process.collect.monte_carlo import AgreementConfig, BinaryConfig, ExhaustiveConfig
from seethink.process.collect.outcome import OutcomeConfig
from seethink.process.collect.policy import PolicyConfig
from seethink.process.collect.tree import TreeConfig
from seethink.process.construct import QUOTAS, Variant
from seethink.process.score import ScoringConfig
from seethink.process.scorers import ScorerConfig
from seethink.process.steps import Splitting

CollectorConfig = Annotated[
    ExhaustiveConfig | BinaryConfig | TreeConfig | JudgeOnlyConfig | AgreementConfig | OutcomeConfig,
    Field(discriminator="kind"),
]
"""A collector in a config file; ``kind`` says which."""


ResponseRule = Literal["strict", "lenient"]
"""How a response that is decided while it is written may be read: a leaderboard's rules are for its own files."""


class BenchTask(Config):
    """``seethink process bench``."""

    scorers: dict[str, ScorerConfig] = Field(min_length=1)
    """Scorers by the name they have in the results."""
    own: dict[str, str] = Field(default_factory=dict)
    """Which model a scorer is, by its name in the pools, where the scorer is named otherwise: its own accuracy there is
    compared with its worth as a scorer."""
    against: tuple[str, ...] = ()
    """Scorers that every other is compared with, item by item: the ORM, the untrained head."""
    aggregations: tuple[str, ...] = AGGREGATIONS
    ns: tuple[int, ...] = NS
    rule: Rule = Rule.STRICT
    """Which of a response's verdicts counts."""
    average_ties: bool = False
    split_by: str = ""
    """Key of the items' meta whose values are reported apart, ``problem_version`` of MathVerse say; ``source``: the
    items' data sets."""
    scoring: ScoringConfig = ScoringConfig()
    seed: int = 0
    """Of the intervals."""
    resamples: int = Field(default=2_000, ge=100)
    """Of every interval: the matrix has thousands. choice."""

    @model_validator(mode="after")
    def _compares_with_known(self) -> BenchTask:
        for field, names in (("against", set(self.against)), ("own", set(self.own))):
            if unknown := names - self.scorers.keys():
                raise ValueError(f"{field} names {sorted(unknown)}, which scorers does not")
        return self

    @field_validator("aggregations")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            check_aggregation(name)
        return names


class SearchTask(Config):
    """``seethink process search``."""

    scorer: ScorerConfig
    policy: PolicyConfig = PolicyConfig()
    """Who writes the steps."""
    beam: BeamConfig = BeamConfig()
    rule: ResponseRule | None = None
    """Which reading decides the responses; strict where None."""
    part: int = Field(default=16, ge=1)
    """Items per sealed part."""

    @model_validator(mode="after")
    def _one_way(self) -> SearchTask:
        if self.beam.splitting is None and self.policy.splitting is Splitting.AUTO:
            raise ValueError(f"policy.splitting: {NO_AUTO}")
        return self


class Pair(Config):
    """One model as a scorer of steps and of whole responses."""

    steps: ScorerConfig
    response: ScorerConfig


class ConstructTask(Config):
    """``seethink process construct``."""

    pairs: dict[str, Pair] = Field(min_length=1)
    """The models by name; ViLBench takes six."""
    quotas: dict[str, int] = Field(default_factory=lambda: dict(QUOTAS))
    """Items to choose, by source; ViLBench's 600 by default."""
    variant: Variant = Variant.CHOSEN
    """Which indicator of preference; the paper's exact one is not known."""
    ns: tuple[int, ...] = NS
    rule: Rule = Rule.STRICT
    scoring: ScoringConfig = ScoringConfig()


class LabelTask(Config):
    """``seethink process label``."""

    collector: CollectorConfig = BinaryConfig()
    policy: PolicyConfig = PolicyConfig()
    """Who completes started responses."""
    weak: PolicyConfig | None = None
    """The second completer of ``agreement``."""
    judge: ScorerConfig | None = None
    """Who judges steps, for ``judge`` and for a tree with weight below 1."""
    splitting: Splitting = Splitting.AUTO
    rule: ResponseRule | None = None
    """Which reading decides the solutions and their completions: strict (where None) asks for the tags, lenient reads
    answers that stand in none."""
    only_wrong: bool = False
    """Label wrong solutions only."""
    collection: CollectionConfig = CollectionConfig()
