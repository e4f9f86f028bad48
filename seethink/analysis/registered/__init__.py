"""Claims that were written down before the runs, and what became of them.

form      a registration: doses, claims, what supports, refutes or leaves open
quantity  what a claim is about, read off per-item tables
judge     the verdict of every claim, computed from the tables
told      verdicts in words and as a table
"""

from seethink.analysis.registered.form import (
    AnyClaim,
    DifferenceClaim,
    Direction,
    Dose,
    Quantity,
    Registration,
    SlopeClaim,
    SurvivalClaim,
    load_registration,
)
from seethink.analysis.registered.judge import Verdict, judge_claims

__all__ = [
    "AnyClaim",
    "DifferenceClaim",
    "Direction",
    "Dose",
    "Quantity",
    "Registration",
    "SlopeClaim",
    "SurvivalClaim",
    "Verdict",
    "judge_claims",
    "load_registration",
]
