"""Step-level beam search: the scorer chooses among next steps while the response is written."""

from __future__ import annotations

import math
from typing import NamedTuple

from pydantic import Field, field_validator

from seethink.core.config import Config
from seethink.core.item import Item
from seethink.core.protocols import StepScorer
from seethink.core.rejected import InputError
from seethink.process.aggregate import MEAN, aggregate
from seethink.process.collect.completer import Completer, Cost, Start, cost_of, next_steps, seed_of
from seethink.process.missing import missing_of
from seethink.process.score import score_priced
from seethink.process.steps import Splitting, split

NO_AUTO = (
    "auto cuts beams of different depth in different ways, so that their scores cannot be compared; name how the "
    "policy writes its steps (numbered, paragraphs, sentences, lines)"
)


class BeamConfig(Config):
    """All choice."""

    beams: int = Field(default=2, ge=1)
    """Started responses kept after every step."""
    branch: int = Field(default=4, ge=1)
    """Next steps proposed for each."""
    depth: int = Field(default=16, ge=1)
    """Steps after which what is left is completed as it comes."""
    aggregation: str = MEAN
    splitting: Splitting | None = None
    """How a started response is cut for the scorer, at every depth alike; as ``policy.splitting`` where None."""
    seed: int = 0

    @field_validator("splitting")
    @classmethod
    def _one_way(cls, how: Splitting | None) -> Splitting | None:
        if how is Splitting.AUTO:
            raise ValueError(NO_AUTO)
        return how


class Found(NamedTuple):
    """A response with its score, whether its answer is right (None: undecided), and what the search paid."""

    text: str
    score: float
    right: bool | None
    cost: Cost


class _Beam(NamedTuple):
    text: str
    score: float
    ends: bool
    right: bool | None


def beam_search(item: Item, completer: Completer, scorer: StepScorer, config: BeamConfig) -> Found:
    """The best-scored response; of equal ones the first.

    Raises:
        InputError: the config does not say how responses are cut.
    """
    if config.splitting is None:
        raise InputError(f"splitting: {NO_AUTO}")
    beams, cost = [_Beam("", 0.0, False, None)], Cost()
    for _ in range(config.depth):
        grown = [beam for beam in beams if beam.ends]
        starts = [Start(item, beam.text) for beam in beams if not beam.ends]
        fresh: list[_Beam] = []
        for start, told in zip(starts, next_steps(completer, starts, config.branch, config.seed), strict=True):
            cost += told.cost
            fresh += [_Beam(start.text + one.text, math.nan, one.ends, one.right) for one in told.proposals]
        # Two ways to the same text are one.
        different = list({beam.text: beam for beam in fresh}.values())
        if not different:
            break
        traces = [[step.text for step in split(beam.text, config.splitting, answer=False)] for beam in different]
        for beam, priced in zip(different, score_priced(scorer, [item] * len(traces), traces), strict=True):
            cost += priced.cost
            grown.append(beam._replace(score=aggregate(priced.scores, config.aggregation, missing_of(scorer))))
        beams = sorted(grown, key=lambda beam: _rank(beam.score))[: config.beams]
        if all(beam.ends for beam in beams):
            break
    best = beams[0]
    if not best.ends:
        [[rest]] = completer.complete([Start(item, best.text)], 1, seed_of(config.seed, item.id, best.text, "end"))
        cost += cost_of(completer, item, best.text, [rest.tokens])
        best = _Beam(best.text + rest.text, best.score, True, rest.right)
    return Found(best.text, best.score, best.right, cost)


def _rank(score: float) -> float:
    """Highest first; what nobody scored is last."""
    return math.inf if math.isnan(score) else -score
