"""What the commands of process rewards take as settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from seethink.analysis.compare import Rule
from seethink.core.config import Config
from seethink.process.aggregate import AGGREGATIONS, check_aggregation
from seethink.process.best_of_n import NS
from seethink.process.collect.collect import CollectionConfig
from seethink.process.collect.judged import JudgeOnlyConfig
from seethink.process.collect.monte_carlo import AgreementConfig, BinaryConfig, ExhaustiveConfig
from seethink.process.collect.policy import PolicyConfig
from seethink.process.collect.tree import TreeConfig
from seethink.process.score import ScoringConfig
from seethink.process.scorers import ScorerConfig
from seethink.process.steps import Splitting

CollectorConfig = Annotated[
    ExhaustiveConfig | BinaryConfig | TreeConfig | JudgeOnlyConfig | AgreementConfig, Field(discriminator="kind")
]
"""A collector in a config file; ``kind`` says which."""


class BenchTask(Config):
    """``seethink process bench``."""

    scorers: dict[str, ScorerConfig] = Field(min_length=1)
    """Scorers by the name they have in the results."""
    own: dict[str, float] = Field(default_factory=dict)
    """Accuracy of the scorers' own answers, by name, for the comparison with their worth as scorers."""
    aggregations: tuple[str, ...] = AGGREGATIONS
    ns: tuple[int, ...] = NS
    rule: Rule = Rule.STRICT
    """Which of a response's verdicts counts."""
    average_ties: bool = False
    split_by: str = ""
    """Key of the items' meta whose values are reported apart, ``problem_version`` of MathVerse say."""
    scoring: ScoringConfig = ScoringConfig()
    seed: int = 0
    """Of the intervals."""

    @field_validator("aggregations")
    @classmethod
    def _known(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            check_aggregation(name)
        return names


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
    only_wrong: bool = False
    """Label wrong solutions only."""
    collection: CollectionConfig = CollectionConfig()
