"""shaping: what a trainer may be given besides the verdict, nothing by default.

The paper has neither mixing weights nor extra terms (VLAA-Thinking section 4.1). Here they are options that stay
visible: a term is a reward column of its own under its own name, and a weight changes what the trainer is given and
never a verdict.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError
from seethink.core.trace import read_tags
from seethink.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Term:
    """An extra term of the reward: ``weight * of(response)``.

    Attributes:
        name: of its column in the trainer's log.
        of: reads the response alone.
    """

    name: str
    of: Callable[[str], float]
    weight: float


@dataclass(frozen=True, slots=True)
class Shaping:
    """Weights and terms.

    Attributes:
        weights: what a verifier's scores are multiplied by, 1 where it is not named. A group has one item and hence
            one verifier: where advantages are divided by their group's deviation (``GRPOConfig.normalise``), a weight
            tells only against the terms.
        terms: extra terms; where nobody decided on a response, they are left out with it.
    """

    weights: Mapping[Verifier, float] = field(default_factory=lambda: MappingProxyType({}))
    terms: tuple[Term, ...] = ()

    def __post_init__(self) -> None:
        for name, weight in [*self.weights.items(), *((term.name, term.weight) for term in self.terms)]:
            if not math.isfinite(weight):
                raise InputError(f"the weight of {name} is {weight}: give a finite number")
        names = [term.name for term in self.terms]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise InputError(f"reward terms {twice} are there twice: give each kind once")


def weighted(
    items: Sequence[Item], verdicts: Sequence[Verdict], weights: Mapping[Verifier, float]
) -> list[float | None]:
    """Scores times their verifier's weight, None where nobody decided."""
    return [
        None if verdict.score is None else verdict.score * weights.get(item.verifier, 1.0)
        for item, verdict in zip(items, verdicts, strict=True)
    ]


def in_format(response: str) -> float:
    """1 where the tags are as they should be, else 0. It pays for tags around a wrong answer: use it knowingly."""
    return float(read_tags(response) is not None)


def overlong(response: str, longest: int, soft: int) -> float:
    """The soft punishment of length (DAPO, section 3.4, equation 13), counted in characters.

    Returns:
        0 up to ``longest - soft`` characters, then falling evenly to -1 at ``longest``, -1 beyond.
    """
    return -min(1.0, max(0.0, (len(response) - (longest - soft)) / soft))


def repetition(response: str, words: int) -> float:
    """Minus the share of runs of ``words`` words that stand earlier in the response, in (-1, 0]; 0 for a short one."""
    said = response.split()
    runs = [tuple(said[start : start + words]) for start in range(len(said) - words + 1)]
    return len(set(runs)) / len(runs) - 1.0 if runs else 0.0
