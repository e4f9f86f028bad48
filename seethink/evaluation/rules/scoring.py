"""The public scoring call: rows, predictions, a judge and a dated rule set in; verdicts and figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome
from seethink.evaluation.rules.case import Case, Scorer, make_case
from seethink.evaluation.rules.dynamath import DYNAMATH
from seethink.evaluation.rules.judge import Judge
from seethink.evaluation.rules.logicvista import LOGICVISTA
from seethink.evaluation.rules.mathverse import MATHVERSE
from seethink.evaluation.rules.mathvision import MATHVISION
from seethink.evaluation.rules.mathvista import MATHVISTA
from seethink.evaluation.rules.rules_2025_04 import RULES_2025_04
from seethink.evaluation.rules.rules_2026_08 import RULES_2026_08
from seethink.evaluation.rules.scored import RowVerdict, Scored
from seethink.evaluation.rules.storage import Storage, unwritable
from seethink.evaluation.rules.wemath import WEMATH
from seethink.evaluation.rules.wording import judge_prompt_hash

_SCORERS = (MATHVISTA, MATHVISION, MATHVERSE, DYNAMATH, WEMATH, LOGICVISTA)
_RULES = {rules.name: rules for rules in (RULES_2026_08, RULES_2025_04)}

RULE_SETS = tuple(_RULES)
"""Newest first: VLMEvalKit of 2026-08-18, and of 2025-04-01, the version that the VLAA-Thinking figures date from."""

STORAGES = tuple(storage.value for storage in Storage)
"""What the harness writes predictions and extractions to and reads them back from; xlsx is its default."""


def score(
    benchmark: str,
    rows: Sequence[Mapping[str, object]],
    predictions: Sequence[str | None],
    *,
    judge: Judge | None = None,
    rules: str = "2026-08",
    storage: str = "xlsx",
    seed: int | None = None,
) -> Scored:
    """Score ``predictions`` as the leaderboard's harness does, and never evaluate any of them as code.

    Args:
        benchmark: ours ("mathvista", "mathvision", "mathverse", "dynamath", "wemath", "logicvista") or the harness's
            name of an entry ("MathVista_MINI", "MathVision", "MathVerse_MINI_Vision_Only", ...), in any case.
        rows: the harness's table, one mapping per row with the columns that docs/guide/evaluation.md lists; other
            columns are ignored.
        predictions: one text per row, as the model wrapper passed it on (see ``evaluation.passed_on``); None for a
            missing one.
        judge: asked where the rules do not settle a row; None leaves such rows without a verdict.
        rules: a name of ``RULE_SETS``.
        storage: a name of ``STORAGES``; "none" leaves every text as it is.
        seed: of the option that We-Math draws where the judge chooses none; None leaves such rows without a verdict.

    Raises:
        InputError: unknown name, unequal lengths, a row without a column that its benchmark needs, or a judge that does
            not keep to its protocol. What a judge raises itself passes through, but for ``JudgeFailed`` and
            ``OSError``, which are failed attempts.
    """
    scorer = find_scorer(benchmark)
    if rules not in _RULES:
        raise InputError(f"no rule set {rules[:60]!r}: choose among {', '.join(RULE_SETS)}")
    if storage not in STORAGES:
        raise InputError(f"no storage {storage[:60]!r}: choose among {', '.join(STORAGES)}")
    if len(rows) != len(predictions):
        raise InputError(f"{len(predictions)} predictions for {len(rows)} rows: give one each, None for a missing one")
    case = make_case(scorer, rows, predictions, _RULES[rules], Storage(storage), judge, seed)
    verdicts = tuple(scorer.decide(case))
    hits = [verdict.hit for verdict in verdicts]
    found = scorer.figures(case, hits, verdicts)
    return Scored(
        benchmark=scorer.name,
        rules=rules,
        verdicts=verdicts,
        metrics=found.lines,
        headline=found.headline,
        headline_name=scorer.headline,
        bounds=_bounds(case, verdicts),
        caveats=_caveats(case, verdicts, found.stopped, predictions),
        prompts=judge_prompt_hash(),
    )


def find_scorer(benchmark: str) -> Scorer:
    """By our name or by that of any of the harness's entries, in any case. InputError otherwise."""
    wanted = benchmark.casefold()
    for scorer in _SCORERS:
        stem = scorer.harness_name.casefold().removesuffix("_vision_only")
        if wanted == scorer.name or wanted == stem or wanted.startswith(f"{stem}_"):
            return scorer
    known = ", ".join(f"{scorer.name} ({scorer.harness_name})" for scorer in _SCORERS)
    raise InputError(f"no rules for benchmark {benchmark[:60]!r}: choose among {known}")


def _bounds(case: Case, verdicts: Sequence[RowVerdict]) -> tuple[float, float] | None:
    """The headline with every row that has no verdict wrong, and with every such row right."""
    both = [
        case.scorer.figures(case, [otherwise if one.hit is None else one.hit for one in verdicts], verdicts).headline
        for otherwise in (False, True)
    ]
    low, high = both
    return None if low is None or high is None else (low, high)


def _caveats(
    case: Case, verdicts: Sequence[RowVerdict], stopped: str, predictions: Sequence[str | None]
) -> tuple[str, ...]:
    outcomes = [one.verdict for one in verdicts if one.verdict.score is None]
    unscored = sum(verdict.outcome is Outcome.UNSCORED for verdict in outcomes)
    stops = [verdict.why for verdict in outcomes if verdict.outcome is Outcome.ERROR]
    lost = [number for number, text in enumerate(predictions) if unwritable(text)]
    found = list[str]()
    if unscored:
        why = "there is no judge" if case.judge is None else "there is no seed"
        found.append(f"{unscored} of {len(verdicts)} rows have no verdict, since {why}; the figures are of the others")
    if stops:
        found.append(f"the harness would end at {len(stops)} rows and print no figures; the first: {stops[0]}")
    if stopped:
        found.append(f"the harness would print no figures: {stopped}")
    if lost and case.storage is not Storage.NONE:
        found.append(
            f"the harness could not write {len(lost)} predictions with half a surrogate pair; the first: row {lost[0]}"
        )
    return tuple(found)
