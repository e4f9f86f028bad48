"""Signs of pseudo reasoning, step by step.

A sign is a reason to look, not a verdict: ``against_truth`` says how often each is right where the truth is known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from seethink.analysis.pseudo_reasoning.calculations import miscalculates
from seethink.analysis.pseudo_reasoning.statements import Statement, agree, sentences, statements
from seethink.core.cues import ANALYSIS_CUES, CURATION_CUES, HESITATION_CUES, has_cue
from seethink.core.hesitation import hesitates, repeats
from seethink.core.trace import line_steps, thinking

SLIGHT = 0.1
"""Nats by which a step must change the gold answer's log-probability to count as informative. choice."""


class Sign(StrEnum):
    """Of a step. The first two are the paper's lists (appendix A.2, figure 7), matched as it matches them."""

    CURATION_CUE = "cue (curation list)"
    ANALYSIS_CUE = "cue (analysis list)"
    HESITANT = "hesitant"
    REPEATED = "repeated"
    CONTRADICTS = "contradicts an earlier step"
    MISCALCULATES = "miscalculates"
    UNINFORMATIVE = "tells nothing of the gold"
    MISLEADING = "makes the gold less likely"


@dataclass(frozen=True, slots=True)
class SignedStep:
    """One step.

    Attributes:
        signs: those that it shows.
        against: number of the earlier step that it contradicts, from 0; None where none.
        revises: True where it says otherwise than an earlier step and stopped to think first: no contradiction.
        gain: of the gold answer's log-probability, in nats; None where it was not measured.
        truth: None where the step claims nothing, or nobody knows.
    """

    text: str
    signs: frozenset[Sign]
    against: int | None
    revises: bool
    gain: float | None
    truth: bool | None


def trace_steps(response: str) -> list[str]:
    """The steps of a response, of any form: the non-empty lines of its think part. Columns of truth and of the gold's
    log-probability follow this order."""
    return [step.text for step in line_steps(thinking(response))]


def signed_steps(
    steps: Sequence[str],
    *,
    gold_logprobs: Sequence[float] | None = None,
    truth: Sequence[bool | None] | None = None,
) -> list[SignedStep]:
    """Every step with its signs.

    Args:
        gold_logprobs: log-probability of the gold answer before the first step and after each, one more than steps.
        truth: one per step.

    Raises ValueError where a column has another length.
    """
    if gold_logprobs is not None and len(gold_logprobs) != len(steps) + 1:
        raise ValueError(
            f"{len(gold_logprobs)} log-probabilities of the gold for {len(steps)} steps: one more is needed"
        )
    if truth is not None and len(truth) != len(steps):
        raise ValueError(f"{len(truth)} truths for {len(steps)} steps: one each is needed")
    again, turns = repeats(steps), _turns(steps)
    found = []
    for number, step in enumerate(steps):
        gain = None if gold_logprobs is None else gold_logprobs[number + 1] - gold_logprobs[number]
        against, revises = turns[number]
        shows = {
            Sign.CURATION_CUE: has_cue(step, CURATION_CUES),
            Sign.ANALYSIS_CUE: has_cue(step, ANALYSIS_CUES),
            Sign.HESITANT: hesitates(step),
            Sign.REPEATED: again[number],
            Sign.CONTRADICTS: against is not None and not revises,
            Sign.MISCALCULATES: any(map(miscalculates, sentences(step))),
            Sign.UNINFORMATIVE: gain is not None and abs(gain) < SLIGHT,
            Sign.MISLEADING: gain is not None and gain <= -SLIGHT,
        }
        signs = frozenset(sign for sign, shown in shows.items() if shown)
        found.append(SignedStep(step, signs, against, revises, gain, truth[number] if truth is not None else None))
    return found


_REFLECTS = re.compile(
    rf"\b(?:{'|'.join(map(re.escape, dict.fromkeys(CURATION_CUES + ANALYSIS_CUES + HESITATION_CUES)))})\b",
    re.IGNORECASE,
)


def reflects(sentence: str) -> bool:
    """True for a sentence that stops to think again: a cue of either list or a hedging word, as whole words (choice:
    "against" and "waiter" are no reflection)."""
    return bool(_REFLECTS.search(sentence))


class _Said:
    """What has been stated so far, subject by subject, and in which step."""

    def __init__(self) -> None:
        self._latest: dict[str, tuple[str, int]] = {}

    def differing(self, statement: Statement) -> int | None:
        """The earlier step whose statement about the same subject cannot hold beside this one."""
        value, step = self._latest.get(statement.subject, (statement.value, -1))
        return None if agree(value, statement.value) else step

    def add(self, statement: Statement, step: int) -> None:
        self._latest[statement.subject] = (statement.value, step)


def _turns(steps: Sequence[str]) -> list[tuple[int | None, bool]]:
    """For every step the earlier one that it contradicts, and whether the trace stopped to think in between."""
    said, found, reflected = _Said(), [], -1
    for number, step in enumerate(steps):
        against: int | None = None
        for sentence in sentences(step):
            if reflects(sentence):
                reflected = number
            stated = statements(sentence)
            against = next((at for one in stated if (at := said.differing(one)) not in (None, number)), against)
            for one in stated:
                said.add(one, number)
        found.append((against, against is not None and reflected >= max(against, 0) and reflected >= 0))
    return found
