"""Which step scorer a config means: the one place where they are built from their kind."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.rejected import InputError
from seethink.process.judged import HIGHEST, LOWEST, JudgedSteps, Rated, StepJudgeConfig, instructions_hash
from seethink.process.trained import TrainedConfig, TrainedSteps
from seethink.process.truth import TruthScorer


class TruthConfig(Config):
    """Exact truth; for items of the world."""

    kind: Literal["truth"] = "truth"


class UntrainedConfig(Config):
    """A checkpoint with a head that has learnt nothing: what a trained one is to be compared with."""

    kind: Literal["untrained"] = "untrained"
    model: str = "base"
    head: Literal["linear", "tokens"] = "tokens"
    max_pixels: int | None = Field(default=None, ge=1)
    """Larger pictures are shrunk to this area; the checkpoint's own bound where None."""
    seed: int = 0


ScorerConfig = Annotated[TrainedConfig | StepJudgeConfig | TruthConfig | UntrainedConfig, Field(discriminator="kind")]
"""A step scorer in a config file; ``kind`` says which."""


def step_scorer(config: ScorerConfig, images: ImageStore, ledger: Path) -> StepScorer:
    """Args: ``images`` hold the items' pictures; ``ledger`` is for a judge whose config names none."""
    match config:
        case TrainedConfig():
            return TrainedSteps(config, images)
        case StepJudgeConfig():
            return JudgedSteps(config, images, ledger)
        case TruthConfig():
            return TruthScorer(_Truth())
        case UntrainedConfig():
            from seethink.process.prm_config import HeadConfig, HeadKind
            from seethink.process.step_head import new_step_head

            head = HeadConfig(kind=HeadKind(config.head))
            made = new_step_head(config.model, head, seed=config.seed, max_pixels=config.max_pixels)
            return TrainedSteps(TrainedConfig(model=config.model), images, checkpoint=made)


@contextmanager
def opened_scorer(config: ScorerConfig, images: ImageStore, ledger: Path) -> Iterator[StepScorer]:
    """A scorer for as long as it is needed; a judge's calls in flight are waited for at the end, whatever ends it."""
    scorer = step_scorer(config, images, ledger)
    try:
        yield scorer
    finally:
        if isinstance(scorer, JudgedSteps):
            scorer.close()


def scale(config: ScorerConfig) -> tuple[float, float]:
    """The lowest and the highest score it gives."""
    return (float(LOWEST), float(HIGHEST)) if isinstance(config, StepJudgeConfig) else (0.0, 1.0)


def is_outcome(config: ScorerConfig) -> bool:
    """Whether it gives one score per response (an ORM)."""
    if isinstance(config, TrainedConfig):
        return config.outcome
    return isinstance(config, StepJudgeConfig) and config.rated is Rated.RESPONSE


def require_steps(config: ScorerConfig, name: str) -> None:
    """Refuse a scorer that has no score of its own for every step; ``name`` is its place in the settings.

    Raises:
        InputError: it rates whole responses.
    """
    if isinstance(config, StepJudgeConfig) and is_outcome(config):
        raise InputError(
            f"{name} rates whole responses (rated: response), and every step needs a score here: set {name}.rated=steps"
        )


def made_of(config: ScorerConfig) -> dict[str, str]:
    """Hashes of what the scores depend on, beside the config."""
    from seethink.core.config import config_hash

    told = {"scorer config": config_hash(config)}
    if isinstance(config, TrainedConfig | UntrainedConfig):
        from seethink.models.load import weights_hash

        told["scorer"] = weights_hash(config.model)
    if isinstance(config, StepJudgeConfig):
        told["prompt"] = instructions_hash(config.rated)
    return told


class _Truth:
    """StepTruth of any item of the world."""

    def step_truth(self, item: Item, steps: Sequence[str]) -> list[bool | None]:
        from seethink.world.chains import ChainTruth
        from seethink.world.truth import WorldTruth

        truth = ChainTruth() if item.source == "world-chains" else WorldTruth()
        return truth.step_truth(item, steps)
