"""GradedResponse: one response with its verdicts, as evaluation writes it and analysis reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from seethink.core.item import DIMENSION, Dimension, Verifier
from seethink.core.verdict import Outcome, Verdict


class Decoding(StrEnum):
    GREEDY = "greedy"
    SAMPLED = "sampled"


@dataclass(frozen=True, slots=True)
class GradedResponse:
    """One draw of one model on one item.

    Attributes:
        arm: which model, by its name in the study or the evaluation.
        decoding, draw: greedy has the single draw 0; sampled has draws 0 … n-1.
        group: the question's template, or its source where there are none; the unit of per-template tables.
        prompt_tokens, completion_tokens: None where an endpoint did not count them.
        strict: the verdict under the tag rule (what the reward sees).
        lenient: the verdict on the answer wherever it is stated, so that format and accuracy can be told apart.
        steps_true, steps_false: steps of the think part that state something true or false, where truth is known.
        harness: the verdict of a leaderboard's rules, where the item is a row of one of its benchmarks; its score is
            what the harness counts whatever the outcome, and None where it has no verdict.
    """

    item_id: str
    arm: str
    decoding: Decoding
    draw: int
    source: str
    group: str
    verifier: Verifier
    question: str
    gold: str
    images: tuple[str, ...]
    response: str
    prompt_tokens: int | None
    completion_tokens: int | None
    truncated: bool
    strict: Verdict
    lenient: Verdict
    steps_true: int | None = None
    steps_false: int | None = None
    harness: Verdict | None = None

    @property
    def dimension(self) -> Dimension:
        return DIMENSION[self.verifier]


def graded_row(response: GradedResponse) -> dict[str, Any]:
    return asdict(response)


def graded_from_row(row: Mapping[str, Any]) -> GradedResponse:
    fields = dict(row)
    fields["decoding"] = Decoding(row["decoding"])
    fields["verifier"] = Verifier(row["verifier"])
    fields["images"] = tuple(row["images"] or ())
    for name in ("strict", "lenient"):
        fields[name] = _verdict(row[name])
    # Tables written before there were rules of a harness have no such column.
    fields["harness"] = _verdict(row["harness"]) if row.get("harness") else None
    return GradedResponse(**fields)


def _verdict(row: Mapping[str, Any]) -> Verdict:
    return Verdict(row["score"], Outcome(row["outcome"]), row["extracted"], row["why"])
