"""One trace diagnosed, and a group of traces in numbers.

What is counted per trace becomes a mean over items with a bootstrap interval, like every other number of a study.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from seethink.analysis.compare import RESAMPLES, Interval, interval
from seethink.analysis.pseudo_reasoning.conclusion import Concluded, asked_options, asked_verifier, conclusions
from seethink.analysis.pseudo_reasoning.read import TraceRow
from seethink.analysis.pseudo_reasoning.reflection import Consequence, Reflection, Turn, reflections
from seethink.analysis.pseudo_reasoning.signs import Sign, SignedStep, signed_steps, trace_steps
from seethink.answers import grade
from seethink.core.cues import ANALYSIS_CUES, CURATION_CUES, count_cues
from seethink.core.item import RULE_VERIFIERS, make_item
from seethink.core.trace import thinking

OVERLONG = 1.5
"""Times the median length from which a trace counts as long. choice."""

BATCH = 500
"""Traces whose answers are compared at once."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One trace.

    Attributes:
        words: length of the think part.
        overlong: longer than ``OVERLONG`` times the median of all traces read together.
        curation_cues, analysis_cues: occurrences of each expression in the whole response.
        right: the file's verdict, else the gold's; None where there is neither.
    """

    row: TraceRow
    steps: tuple[SignedStep, ...]
    words: int
    overlong: bool
    curation_cues: Counter[str]
    analysis_cues: Counter[str]
    reflections: tuple[Reflection, ...]
    concluded: Concluded
    right: bool | None

    def count(self, sign: Sign) -> int:
        return sum(sign in step.signs for step in self.steps)

    @property
    def pseudo(self) -> bool | None:
        """True where it reflects and no reflection has a consequence; None where it does not reflect."""
        return not any(one.native for one in self.reflections) if self.reflections else None


def diagnose(rows: Sequence[TraceRow], *, done: Callable[[int], None] = lambda count: None) -> list[Diagnosis]:
    """Every trace. ``done`` is told how many more are ready."""
    words = [len(thinking(row.response).split()) for row in rows]
    bar = OVERLONG * median(words) if words else 0.0
    found: list[Diagnosis] = []
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        concluded = conclusions([row.asked for row in batch], [row.response for row in batch])
        right = _right(batch, concluded)
        for row, length, ended, known in zip(batch, words[start:], concluded, right, strict=False):
            found.append(_diagnosed(row, length, length > bar, ended, known))
        done(len(batch))
    return found


def _diagnosed(row: TraceRow, words: int, overlong: bool, concluded: Concluded, right: bool | None) -> Diagnosis:
    steps = trace_steps(row.response)
    return Diagnosis(
        row,
        tuple(signed_steps(steps, gold_logprobs=row.gold_logprobs, truth=row.truth)),
        words,
        overlong,
        count_cues(row.response, CURATION_CUES),
        count_cues(row.response, ANALYSIS_CUES),
        tuple(reflections(steps, concluded.answer, truth=row.truth)),
        concluded,
        right,
    )


def _right(rows: Sequence[TraceRow], concluded: Sequence[Concluded]) -> list[bool | None]:
    """The file's verdict, else that of the gold's verifier on the answer."""
    found = [row.right for row in rows]
    places = [
        place
        for place, row in enumerate(rows)
        if row.right is None
        and row.asked.gold
        and concluded[place].answer
        and asked_verifier(row.asked) in RULE_VERIFIERS
    ]
    items = [
        make_item(
            source="file",
            question="",
            gold=rows[place].asked.gold or "",
            verifier=asked_verifier(rows[place].asked),
            options=asked_options(rows[place].asked),
        )
        for place in places
    ]
    verdicts = grade(items, [concluded[place].answer or "" for place in places])
    for place, verdict in zip(places, verdicts, strict=True):
        found[place] = None if verdict.score is None else verdict.score >= 0.5
    return found


Tree = dict[str, Any]

MEASURES: dict[str, str] = {
    "right": "right answers",
    "words": "words of thinking",
    "tokens": "tokens of the response",
    "steps": "steps",
    "curation_cue": "traces with a cue of the curation list",
    "analysis_cue": "traces with a cue of the analysis list",
    "hesitant": "steps that hesitate",
    "repeated": "steps that repeat an earlier one",
    "contradicts": "traces that contradict themselves",
    "miscalculates": "traces that miscalculate",
    "unfollowed": "answers that do not follow from the thinking",
    "reflections": "reflections in a trace",
    "without_consequence": "reflections without consequence",
    "changes": "reflections that change its mind",
    "false_steps": "claiming steps that are false",
    "uninformative": "steps that tell nothing of the gold",
    "gain": "nats gained for the gold in a step",
}
"""What is measured of a group, in the order shown. Shares unless a unit is named."""

UNBOUNDED = ("words", "tokens", "steps", "reflections", "gain")


def summarise(diagnoses: Sequence[Diagnosis], *, seed: int = 0, resamples: int = RESAMPLES) -> Tree:
    """A group of traces as plain JSON: every measure with its interval over items, and what was counted."""
    measures = {}
    for name in MEASURES:
        by_item: defaultdict[str, list[float]] = defaultdict(list)
        for one in diagnoses:
            value = measure(one, name)
            if value is not None:
                by_item[one.row.item].append(value)
        means = [sum(values) / len(values) for values in by_item.values()]
        bounds = None if name in UNBOUNDED else (0.0, 1.0)
        measures[name] = _tree(interval(means, bounds=bounds, seed=seed, resamples=resamples))
    turns = [one.turn for diagnosis in diagnoses for one in diagnosis.reflections if one.turn]
    consequences = Counter(one.consequence for diagnosis in diagnoses for one in diagnosis.reflections)
    return {
        "traces": len(diagnoses),
        "items": len({one.row.item for one in diagnoses}),
        "measures": measures,
        "consequences": {one.value: consequences[one] for one in Consequence},
        "turns": {one.value: turns.count(one) for one in Turn},
        "curation_cues": _counts((one.curation_cues for one in diagnoses), CURATION_CUES),
        "analysis_cues": _counts((one.analysis_cues for one in diagnoses), ANALYSIS_CUES),
        "unread": sum(one.concluded.follows is None for one in diagnoses),
    }


def measure(one: Diagnosis, name: str) -> float | None:
    steps, reflected = len(one.steps), len(one.reflections)
    match name:
        case "right":
            return None if one.right is None else float(one.right)
        case "words":
            return float(one.words)
        case "tokens":
            return None if one.row.tokens is None else float(one.row.tokens)
        case "steps":
            return float(steps)
        case "curation_cue":
            return float(bool(one.curation_cues))
        case "analysis_cue":
            return float(bool(one.analysis_cues))
        case "hesitant":
            return one.count(Sign.HESITANT) / steps if steps else None
        case "repeated":
            return one.count(Sign.REPEATED) / steps if steps else None
        case "contradicts":
            return float(one.count(Sign.CONTRADICTS) > 0) if steps else None
        case "miscalculates":
            return float(one.count(Sign.MISCALCULATES) > 0) if steps else None
        case "unfollowed":
            return None if one.concluded.follows is None else float(not one.concluded.follows)
        case "reflections":
            return float(reflected)
        case "without_consequence":
            return sum(not each.native for each in one.reflections) / reflected if reflected else None
        case "changes":
            changed = sum(each.consequence is Consequence.CHANGES for each in one.reflections)
            return changed / reflected if reflected else None
        case "false_steps":
            claims = [step.truth for step in one.steps if step.truth is not None]
            return claims.count(False) / len(claims) if claims else None
        case "uninformative":
            return one.count(Sign.UNINFORMATIVE) / steps if steps and one.row.gold_logprobs else None
        case "gain":
            gains = [step.gain for step in one.steps if step.gain is not None]
            return sum(gains) / len(gains) if gains else None
    raise KeyError(name)


def _counts(counters: Any, cues: Sequence[str]) -> dict[str, int]:
    total = sum(counters, Counter[str]())
    return {cue: total[cue] for cue in cues}


def _tree(found: Interval) -> Tree:
    return {name: round(value, 6) if isinstance(value, float) else value for name, value in asdict(found).items()}


def by_group(diagnoses: Sequence[Diagnosis]) -> dict[str, list[Diagnosis]]:
    """Traces by group, in the order of the file; groups that are numbers in their order (steps of RL, say)."""
    groups: defaultdict[str, list[Diagnosis]] = defaultdict(list)
    for one in diagnoses:
        groups[one.row.group].append(one)
    try:
        return dict(sorted(groups.items(), key=lambda group: float(group[0])))
    except ValueError:
        return dict(groups)


def trace_record(one: Diagnosis) -> Tree:
    """A trace as a row of the table that ``seethink analyse traces`` writes."""
    return {
        "where": one.row.where,
        "item": one.row.item,
        "group": one.row.group,
        "right": one.right,
        "words": one.words,
        "overlong": one.overlong,
        "steps": len(one.steps),
        **{sign.name.lower(): one.count(sign) for sign in Sign},
        "thinking_concludes": one.concluded.thinking,
        "answer": one.concluded.answer,
        "follows": one.concluded.follows,
        "reflections": len(one.reflections),
        "native_reflections": sum(each.native for each in one.reflections),
        "claiming_steps": sum(step.truth is not None for step in one.steps) if one.row.truth else None,
        "false_steps": [step.truth for step in one.steps].count(False) if one.row.truth else None,
    }


def step_records(one: Diagnosis) -> list[Tree]:
    """Its steps as rows of the table of steps."""
    return [
        {
            "where": one.row.where,
            "item": one.row.item,
            "group": one.row.group,
            "step": number,
            "text": step.text,
            "signs": sorted(sign.name.lower() for sign in step.signs),
            "against": step.against,
            "revises": step.revises,
            "gain": step.gain,
            "truth": step.truth,
        }
        for number, step in enumerate(one.steps)
    ]
