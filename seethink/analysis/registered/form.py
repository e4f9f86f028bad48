"""A registration: the claims of a study as data, written and committed before its runs.

A claim names a quantity, the arms or the dose it is read from, the direction that is predicted, and the smallest effect
that would matter. Everything else about its verdict follows from rules that are the same for all (``judge``).
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from seethink.core.config import Config, load_config
from seethink.core.graded import Decoding


class Quantity(StrEnum):
    """What is measured of every item; the mean over items is the quantity of a run."""

    ACCURACY = "accuracy"
    """Score under the strict tag rule."""
    LENIENT_ACCURACY = "lenient_accuracy"
    """Score of the answer wherever it is stated."""
    HESITATION = "hesitation_rate"
    """Share of steps with a hedging word."""
    REPETITION = "repetition_rate"
    """Share of steps that repeat an earlier one."""
    FALSE_STEPS = "false_step_rate"
    """Of the steps that state something, the share that is false."""
    CUES = "cue_rate"
    """Share of responses with a reflective expression."""
    UNPARSEABLE = "unparseable_rate"
    """Share of responses without a readable answer."""
    LENGTH = "response_tokens"
    """Tokens of a response."""


class Direction(StrEnum):
    RISES = "rises"
    FALLS = "falls"


class Dose(Config):
    """One dial of the teacher, everything else held at the centre point."""

    name: str
    dial: str
    """Dotted path of the setting that the arms change."""
    series: dict[str, dict[float, str]]
    """By the name of a series (sft, sft+rl) the arm at every level of the dial."""

    @model_validator(mode="after")
    def _has_levels(self) -> Self:
        for name, levels in self.series.items():
            if len(levels) < 2:
                raise ValueError(f"series {name} of dose {self.name} needs two levels or more")
        return self


class _Claim(Config):
    name: str
    statement: str
    """The claim in one sentence, as it is printed beside its verdict."""
    family: str
    """Claims of one family have their p-values corrected together."""
    quantity: Quantity
    decoding: Decoding = Decoding.GREEDY
    direction: Direction
    smallest: float = Field(gt=0)
    """The smallest effect of interest, in the unit of the quantity; of a survival a share of what was planted."""


class DifferenceClaim(_Claim):
    """Arm ``a`` minus arm ``b``."""

    kind: Literal["difference"] = "difference"
    a: str
    b: str


class SlopeClaim(_Claim):
    """How the quantity changes over a dose: the least-squares line over its levels, from the lowest to the highest."""

    kind: Literal["slope"] = "slope"
    dose: str
    series: str


class SurvivalClaim(_Claim):
    """How much of what a dose plants in one series is still there in a later one: slope there over slope here."""

    kind: Literal["survival"] = "survival"
    dose: str
    planted: str
    """The series right after imitation."""
    later: str
    """The series after reinforcement."""


AnyClaim = Annotated[DifferenceClaim | SlopeClaim | SurvivalClaim, Field(discriminator="kind")]


class Registration(Config):
    """All claims of a study."""

    title: str
    primary: str
    """Name of the claim that decides the headline."""
    least_runs: int = Field(default=3, ge=2)
    """Training runs of every arm below which a claim stays open, whatever the numbers say."""
    headline_runs: int = Field(default=5, ge=2)
    """Training runs of every arm that a headline asks for."""
    level: float = Field(default=0.05, gt=0, lt=1)
    """Of a corrected p-value."""
    doses: tuple[Dose, ...] = ()
    claims: tuple[AnyClaim, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        names = [claim.name for claim in self.claims]
        if doubled := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"claims {', '.join(sorted(doubled))} are registered twice")
        if self.primary not in names:
            raise ValueError(f"the primary claim {self.primary} is not among the claims")
        doses = {dose.name: dose for dose in self.doses}
        for claim in self.claims:
            if isinstance(claim, DifferenceClaim):
                continue
            wanted = (claim.series,) if isinstance(claim, SlopeClaim) else (claim.planted, claim.later)
            if claim.dose not in doses:
                raise ValueError(f"claim {claim.name}: there is no dose {claim.dose}")
            if missing := [name for name in wanted if name not in doses[claim.dose].series]:
                raise ValueError(f"claim {claim.name}: dose {claim.dose} has no series {', '.join(missing)}")
        return self

    def dose(self, name: str) -> Dose:
        return next(dose for dose in self.doses if dose.name == name)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The arms that its claims compare on greedy accuracy, in order."""
        return [
            (claim.a, claim.b)
            for claim in self.claims
            if isinstance(claim, DifferenceClaim)
            and (claim.quantity, claim.decoding) == (Quantity.ACCURACY, Decoding.GREEDY)
        ]


def load_registration(path: Path) -> Registration:
    """A registration from its YAML file. InputError names field and remedy."""
    return load_config(Registration, path)
