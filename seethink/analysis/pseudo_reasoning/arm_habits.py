"""Signs of pseudo reasoning: imitated, hesitant, repetitive or wrong steps (VLAA-Thinking section 1 and figures 1, 7).

The paper shows examples and one count of reflective expressions; the measures here make its description countable.
Steps are the non-empty lines of the think part (``core.trace.line_steps``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from seethink.analysis.compare import RESAMPLES, Interval, interval, item_means
from seethink.core.cues import ANALYSIS_CUES, count_cues
from seethink.core.graded import GradedResponse
from seethink.core.hesitation import hesitates, repeats
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


class StepCounts(NamedTuple):
    """Steps over all responses of an arm that state something true or false."""

    true: int
    false: int


@dataclass(frozen=True, slots=True)
class HabitSummary:
    """The habits of an arm; intervals are over items.

    Attributes:
        response_tokens: mean length in tokens.
        cue_rate: share of responses with at least one reflective expression.
        hesitation_rate, repetition_rate: mean share of steps that hesitate, or repeat.
        false_step_rate: of the steps that state something, the share that is false.
        cue_counts: occurrences of each expression over all responses, as figure 7 counts them.
        steps: None where no step's truth is known.
    """

    response_tokens: Interval
    cue_rate: Interval
    hesitation_rate: Interval
    repetition_rate: Interval
    false_step_rate: Interval
    cue_counts: dict[str, int]
    steps: StepCounts | None


def habits(response: GradedResponse) -> Habits:
    steps = [step.text for step in line_steps(thinking(response.response))]
    return Habits(
        tokens=response.completion_tokens,
        cues=count_cues(response.response, ANALYSIS_CUES),
        steps=len(steps),
        hesitant=sum(map(hesitates, steps)) / len(steps) if steps else None,
        repeated=sum(repeats(steps)) / len(steps) if steps else None,
        steps_true=response.steps_true,
        steps_false=response.steps_false,
    )


def summarise_habits(responses: Sequence[GradedResponse], *, seed: int = 0, resamples: int = RESAMPLES) -> HabitSummary:
    """The habits of one arm under one decoding."""
    found = {id(response): habits(response) for response in responses}

    def rate(name: str) -> Interval:
        means = item_means(responses, lambda response: getattr(found[id(response)], name))
        return interval(means.values(), seed=seed, resamples=resamples)

    tokens = item_means(responses, lambda response: response.completion_tokens)
    cued = item_means(responses, lambda response: float(bool(found[id(response)].cues)))
    false = item_means(responses, _false_share)
    counts = sum((one.cues for one in found.values()), Counter[str]())
    known = [one for one in found.values() if one.steps_true is not None and one.steps_false is not None]
    return HabitSummary(
        response_tokens=interval(tokens.values(), bounds=None, seed=seed, resamples=resamples),
        cue_rate=interval(cued.values(), seed=seed, resamples=resamples),
        hesitation_rate=rate("hesitant"),
        repetition_rate=rate("repeated"),
        false_step_rate=interval(false.values(), seed=seed, resamples=resamples),
        cue_counts={cue: counts[cue] for cue in ANALYSIS_CUES},
        steps=StepCounts(sum(one.steps_true or 0 for one in known), sum(one.steps_false or 0 for one in known))
        if known
        else None,
    )


def _false_share(response: GradedResponse) -> float | None:
    true, false = response.steps_true, response.steps_false
    if true is None or false is None or true + false == 0:
        return None
    return false / (true + false)
