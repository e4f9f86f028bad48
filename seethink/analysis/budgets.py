"""Two ways to spend alike: the budget of reinforcement, and all tokens trained on.

The paper gives every arm with RL the same RL, so that SFT then RL is trained longer in all. A fair reading needs both:
equal RL (the paper's), and equal training in all, where RL alone gets the SFT share as more RL.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

TOLERANCE = 0.05
"""How far two amounts may lie apart and still count as equal. Sampled responses differ in length: choice."""


class Budget(StrEnum):
    RL = "equal RL budget"
    TOKENS = "equal training tokens"


@dataclass(frozen=True, slots=True)
class Spent:
    """What training one run of an arm took, mean over its runs.

    Attributes:
        completions: sampled in RL; 0 for an arm without.
        tokens: trained on in all stages.
    """

    completions: float
    tokens: float


@dataclass(frozen=True, slots=True)
class Budgets:
    """How arm a's spending compares with arm b's.

    Attributes:
        completions, tokens: a's amount over b's; None where b spent none.
        equal: the budgets that the two have in common.
    """

    completions: float | None
    tokens: float | None
    equal: tuple[Budget, ...]


def shared_budgets(a: Spent, b: Spent, *, tolerance: float = TOLERANCE) -> Budgets:
    """Which budgets two arms share. Arms without RL share no RL budget, for there is none."""
    completions, tokens = _ratio(a.completions, b.completions), _ratio(a.tokens, b.tokens)
    shared = ((Budget.RL, completions), (Budget.TOKENS, tokens))
    return Budgets(
        completions, tokens, tuple(budget for budget, ratio in shared if ratio and abs(ratio - 1) <= tolerance)
    )


def _ratio(a: float, b: float) -> float | None:
    return a / b if b else None
