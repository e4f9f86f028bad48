"""Scoring: what the harness counts of a benchmark's responses, beside what our own verifiers decide.

Two truths, on purpose. The rule sets reproduce the leaderboard's figures, down to where they are generous or harsh; our
verifiers are those of rewards and curation. Where the two differ is listed row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from pydantic import Field

from seethink.core.config import Config
from seethink.core.graded import Decoding, GradedResponse
from seethink.core.verdict import Outcome, Verdict, undecided
from seethink.evaluation.benchmark import Figures
from seethink.evaluation.passed_on import PassedOn, passed_on
from seethink.evaluation.questions import Question, Questions
from seethink.evaluation.respondent import Response
from seethink.evaluation.rules import Judge, Scored, score
from seethink.evaluation.run import grade_responses
from seethink.evaluation.settings import EvaluationConfig, Judges

_AT_ONCE = 2_000
"""Responses that our verifiers are handed together. choice."""


class BenchmarkConfig(EvaluationConfig):
    """How a benchmark is asked: as ``EvaluationConfig``, with the leaderboard's habits for defaults."""

    draws: int = Field(default=0, ge=0)
    """Sampled responses per row, beside the greedy one, for pass@k and maj@k."""
    max_tokens: int = Field(default=2048, ge=1)
    """The harness's entry for the released models; the paper says 800."""


class ScoringConfig(Config):
    """How responses are scored."""

    rules: Literal["2026-08", "2025-04"] = "2026-08"
    """The harness of which month: the newest, or that of the paper's figures."""
    storage: Literal["xlsx", "tsv", "none"] = "xlsx"
    """What the harness would keep predictions in, and what that does to them."""
    passed_on: PassedOn = PassedOn.ANSWER
    """What of a response is scored: ``answer``, ``whole``, ``boxed`` or ``after-think``."""
    random_seed: int | None = None
    """Of the option that the harness draws for We-Math where the judge fails; such rows are unscored where None."""


class Draw(NamedTuple):
    """One answer to every question."""

    decoding: Decoding
    number: int


@dataclass(frozen=True, slots=True)
class Scores:
    """What scoring found.

    Attributes:
        graded: every response with its three verdicts, greedy first, then draw by draw, in the order of the questions.
        scored: per draw what the rule set says of all rows.
        figures: per draw every figure as the mean of its units' values.
    """

    graded: Sequence[GradedResponse]
    scored: Mapping[Draw, Scored]
    figures: Mapping[Draw, Figures]

    @property
    def judge_calls(self) -> int:
        return sum(one.judge_calls for one in self.scored.values())


Answered = Sequence[tuple[Question, Response]]


def score_responses(
    config: ScoringConfig, arm: str, questions: Questions, answered: Answered, judges: Judges, judge: Judge | None
) -> Scores:
    """Verdicts and figures of responses that are there.

    Args:
        arm: the name that the rows carry.
        answered: responses with their questions; a question without a response counts as a missing prediction, which
            the harness counts as wrong.
        judges: our own verifiers.
        judge: asked where the rules do not settle a row; None leaves such rows without a verdict.

    Raises:
        Stopped: the judge's budget is spent.
        InputError: the judge cannot be asked.
    """
    rows = [question.row for question in questions.rows]
    own = list(_own_verdicts(arm, answered, judges))
    places = {
        (graded.decoding, graded.draw, question.number): place
        for place, ((question, _), graded) in enumerate(zip(answered, own, strict=True))
    }
    scored: dict[Draw, Scored] = {}
    figures: dict[Draw, Figures] = {}
    graded: list[GradedResponse] = []
    for draw in sorted({Draw(one.decoding, one.draw) for one in own}):
        found = [places.get((*draw, question.number)) for question in questions.rows]
        predictions = [None if place is None else _prediction(answered[place][1], config.passed_on) for place in found]
        one = score(
            questions.entry.benchmark.name,
            rows,
            predictions,
            judge=judge,
            rules=config.rules,
            storage=config.storage,
            seed=config.random_seed,
        )
        scored[draw] = one
        figures[draw] = questions.entry.benchmark.figures(rows, [row.verdict.score for row in one.verdicts])
        graded += [
            replace(own[place], harness=row.verdict)
            for place, row in zip(found, one.verdicts, strict=True)
            if place is not None
        ]
    return Scores(graded, scored, figures)


def caveats(questions: Questions, scored: Scored, unanswered: int) -> list[str]:
    """Why a headline is not the leaderboard's, one line each; none where it is."""
    found = list(scored.caveats)
    if not questions.complete:
        aside = f", {len(questions.aside)} set aside" if questions.aside else ""
        found.append(f"{len(questions.rows)} of the benchmark's {questions.entry.benchmark.size} rows{aside}")
    if unanswered:
        found.append(f"{unanswered} rows without a response, which the harness counts as wrong")
    return found


def _prediction(response: Response, how: PassedOn) -> str | None:
    return None if response.text is None else passed_on(response.text, how)


def _own_verdicts(arm: str, answered: Answered, judges: Judges) -> Iterator[GradedResponse]:
    for start in range(0, len(answered), _AT_ONCE):
        batch = answered[start : start + _AT_ONCE]
        decided = iter(grade_responses(arm, [(q.item, r) for q, r in batch if not q.undecidable], judges))
        for question, response in batch:
            yield next(decided) if not question.undecidable else _left_alone(arm, question, response)


def _left_alone(arm: str, question: Question, response: Response) -> GradedResponse:
    def unscored(items: Sequence[object], responses: Sequence[str]) -> list[Verdict]:
        return [undecided(Outcome.UNSCORED, question.undecidable) for _ in items]

    return grade_responses(arm, [(question.item, response)], Judges(unscored, unscored))[0]
