"""Signs of pseudo reasoning: imitated, hesitant, repetitive or wrong steps (VLAA-Thinking section 1 and figures 1, 7).

The paper shows examples and one count of reflective expressions; the measures here make its description countable.
Steps are the non-empty lines of the think part (``core.trace.line_steps``).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from seethink.core.cues import ANALYSIS_CUES, count_cues
from seethink.core.graded import GradedResponse
from seethink.core.hesitation import shares
from seethink.core.trace import line_steps, thinking


@dataclass(frozen=True, slots=True)
class Habits:
    """How one response reasons.

    Attributes:
        tokens: length of the response in tokens; None where nobody counted them.
        cues: occurrences of each reflective expression, absent ones left out.
        steps: number of steps; the shares below are None without any.
        hesitant: share of steps with a hedging word, in [0, 1].
        repeated: share of steps that say, up to case and spacing, what an earlier step said, in [0, 1].
        steps_true, steps_false: steps that state something true or false; None where truth is not known.
    """

    tokens: int | None
    cues: Counter[str]
    steps: int
    hesitant: float | None
    repeated: float | None
    steps_true: int | None
    steps_false: int | None


def habits(response: GradedResponse) -> Habits:
    steps = [step.text for step in line_steps(thinking(response.response))]
    told = shares(steps)
    return Habits(
        tokens=response.completion_tokens,
        cues=count_cues(response.response, ANALYSIS_CUES),
        steps=len(steps),
        hesitant=told and told.hesitant,
        repeated=told and told.repeated,
        steps_true=response.steps_true,
        steps_false=response.steps_false,
    )


def false_share(response: GradedResponse) -> float | None:
    """Of the steps that state something, the share that is false; None where none does, or nobody knows."""
    true, false = response.steps_true, response.steps_false
    if true is None or false is None or true + false == 0:
        return None
    return false / (true + false)
