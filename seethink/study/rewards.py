"""Which reward judges which data: the one place where rewards, scorers and terms are built from their kind."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from seethink.analysis.compare import Rule
from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.protocols import AnswerScorer, Reward
from seethink.core.rejected import InputError, Stopped
from seethink.evaluation.purse import EndpointConfig
from seethink.evaluation.settings import EvaluationConfig, Judges
from seethink.process.claims import fillers_hash
from seethink.process.drop import DropPenalty
from seethink.process.scorers import ScorerConfig, is_outcome, opened_scorer
from seethink.process.scorers import made_of as scorer_made_of
from seethink.process.scorers import scale as scorer_scale
from seethink.rewards import (
    JudgedConfig,
    JudgedScorer,
    MixedReward,
    ModelScorer,
    OpenReward,
    ScoredConfig,
    Shaping,
    Term,
    lenient,
    strict,
)
from seethink.rewards.coverage import CoverageReward
from seethink.rewards.judged import instructions_hash
from seethink.rewards.shaping import in_format, overlong, repetition
from seethink.training.grpo import GRPOConfig
from seethink.training.imitation import ImitationConfig
from seethink.world.truth import WorldTruth

OpenConfig = Annotated[JudgedConfig | ScoredConfig, Field(discriminator="kind")]
"""A scorer of open answers in a config file; ``kind`` says which."""


class FormatTerm(Config):
    """1 for a response in the tag format."""

    kind: Literal["format"] = "format"
    weight: float


class LengthTerm(Config):
    """0 to -1 for a response that is too long."""

    kind: Literal["length"] = "length"
    weight: float
    longest: int = Field(ge=1)
    """Characters from which on the term is -1."""
    soft: int = Field(ge=1)
    """Characters before ``longest`` over which it falls there."""

    @model_validator(mode="after")
    def _falls_from_zero(self) -> LengthTerm:
        if self.soft > self.longest:
            raise ValueError(f"soft must be at most longest={self.longest}")
        return self


class RepetitionTerm(Config):
    """0 to -1 for a response that repeats itself."""

    kind: Literal["repetition"] = "repetition"
    weight: float
    words: int = Field(default=8, ge=1)
    """Length of the runs of words that are looked for. choice."""


class ProcessPenalty(Config):
    """A right response whose step scores fall is worth less; no step adds to it (``process.drop``)."""

    scorer: ScorerConfig
    weight: float = Field(default=0.5, gt=0, le=1)
    """Share of the score that a fall costs."""
    allowed: float = Field(default=0.5, ge=0, lt=1)
    """The largest fall that costs nothing, as a share of the scorer's scale. choice."""

    @model_validator(mode="after")
    def _scores_steps(self) -> ProcessPenalty:
        if is_outcome(self.scorer):
            raise ValueError("scorer rates whole responses, and steps fall: name one that scores steps")
        return self


TermConfig = Annotated[FormatTerm | LengthTerm | RepetitionTerm, Field(discriminator="kind")]


class WithScorer(Config):
    """What ``seethink eval`` and ``seethink train grpo`` take beside their own settings."""

    open: OpenConfig | None = None
    """Who scores open answers. Where None, exact truth does in the embedded world, and nobody does elsewhere."""


class EvaluationTask(EvaluationConfig, WithScorer):
    """``seethink eval``."""

    endpoint: EndpointConfig | None = None
    """Where the model answers; on this machine where None."""


class GRPOTask(GRPOConfig, WithScorer):
    """``seethink train grpo``."""

    weights: dict[Verifier, float] = Field(default_factory=dict)
    """What a verifier's scores are multiplied by, 1 where it is not named; none in the paper."""
    terms: tuple[TermConfig, ...] = ()
    """Extra terms, each a reward column of its own; none in the paper."""
    process: ProcessPenalty | None = None
    """Who looks at the steps of right responses; nobody in the paper."""


class ImitatingTask(GRPOTask):
    """GRPO with a term that imitates, in a study."""

    imitation: ImitationConfig


def of_world(items: Sequence[Item]) -> bool:
    return bool(items) and all(item.source.startswith("world-") for item in items)


def open_scorer(
    items: Sequence[Item],
    config: OpenConfig | None = None,
    images: ImageStore | None = None,
    ledger: Path | None = None,
) -> AnswerScorer | None:
    """S of open answers, by ``config``; without one exact truth in the world, and nobody elsewhere.

    Args:
        images: holds the pictures of ``items``; a scorer that looks at them needs it.
        ledger: folder of paid judgements, for a judge whose config names none.
    """
    if config is None:
        return WorldTruth() if of_world(items) else None
    if images is None:
        raise ValueError(f"a scorer of kind {config.kind} looks at pictures: hand in their store")
    match config:
        case ScoredConfig():
            return ModelScorer(config, images)
        case JudgedConfig():
            return JudgedScorer(config, images, ledger or Path("ledger"))


@contextmanager
def scored_by(
    config: OpenConfig | None, items: Sequence[Item], images: ImageStore, ledger: Path
) -> Iterator[OpenReward | None]:
    """The open-ended reward of a config, None where it names no scorer; a judge's calls in flight are waited for at the
    end, whatever ends it.

    The scorer is asked about one gold first. Later failures leave answers undecided, so a run with a wrong address or a
    missing folder would go to its end without anybody having decided: here that is an InputError.
    """
    scorer = open_scorer(items, config, images, ledger) if config else None
    if config is None or scorer is None:
        yield None
        return
    reward = OpenReward(scorer, config.beta)
    try:
        _try_out(reward, scorer, items, f"the open scorer (kind {config.kind}, model {config.model!r})")
        yield reward
    finally:
        if isinstance(scorer, JudgedScorer):
            scorer.close()


def _try_out(reward: OpenReward, scorer: AnswerScorer, items: Sequence[Item], who: str) -> None:
    first = next((item for item in items if item.verifier is Verifier.OPEN), None)
    if first is None:
        return
    try:
        [tried] = scorer.score([first], [first.gold])
    except (InputError, Stopped):
        raise
    except Exception as error:
        raise InputError(f"{who} fails on the gold of {first.id}: {error!r}") from error
    if not math.isfinite(tried):
        raise InputError(f"{who} gives no number for the gold of {first.id}: see the warning above, or name another")
    reward.references.keep({first.id: tried})


def training_reward(items: Sequence[Item], decides: OpenReward | None = None, rule: Rule = Rule.STRICT) -> MixedReward:
    """The mixed reward, under the tag rule unless ``rule`` is lenient; where there is no scorer open answers are
    unscored and leave their group."""
    return MixedReward(decides or OpenReward(open_scorer(items)), strict if rule is Rule.STRICT else lenient)


def evaluation_judges(items: Sequence[Item], decides: OpenReward | None = None) -> Judges:
    """The same verifiers, read strictly and leniently. In the world an open answer is worth the share of the picture's
    facts it states unless a scorer is named, since the reward formula depends on how terse the reference is."""
    if decides is None and of_world(items):
        coverage = CoverageReward(WorldTruth().share)
        return Judges(MixedReward(coverage, strict), MixedReward(coverage, lenient))
    decides = decides or OpenReward(open_scorer(items))
    return Judges(MixedReward(decides, strict), MixedReward(decides, lenient))


def made_of(config: OpenConfig | None, process: ProcessPenalty | None = None) -> dict[str, str]:
    """Hashes of what scorers' numbers depend on beside their settings, for the manifest of what they went into."""
    from seethink.models.load import weights_hash

    if process is not None:
        steps = {f"process {name}": value for name, value in scorer_made_of(process.scorer).items()}
        return made_of(config) | steps | {"process fillers": fillers_hash()}
    match config:
        case ScoredConfig():
            return {"scorer": weights_hash(config.model)}
        case JudgedConfig():
            return {"judge prompt": instructions_hash()}
        case None:
            return {}


@contextmanager
def penalised(config: ProcessPenalty | None, outcome: Reward, images: ImageStore, ledger: Path) -> Iterator[Reward]:
    """``outcome`` itself where there is no config, or with its penalty for steps that spoil what was sound."""
    if config is None:
        yield outcome
        return
    with opened_scorer(config.scorer, images, ledger) as scorer:
        yield DropPenalty(outcome, scorer, config.weight, config.allowed, scorer_scale(config.scorer))


def shaping(task: GRPOTask) -> Shaping:
    return Shaping(task.weights, tuple(map(_term, task.terms)))


def _term(config: TermConfig) -> Term:
    match config:
        case FormatTerm():
            return Term(config.kind, in_format, config.weight)
        case LengthTerm():
            return Term(config.kind, partial(overlong, longest=config.longest, soft=config.soft), config.weight)
        case RepetitionTerm():
            return Term(config.kind, partial(repetition, words=config.words), config.weight)
