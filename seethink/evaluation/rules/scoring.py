"""The public scoring call: rows, predictions, a judge and a dated rule set in; verdicts and figures out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from seethink.evaluation.rules.judge import Judge
from seethink.evaluation.rules.scored import Scored

RULE_SETS = ("2026-08", "2025-04")
"""Newest first: VLMEvalKit of 2026-08-18, and of 2025-04-01, the version that the VLAA-Thinking figures date from."""

STORAGES = ("xlsx", "tsv", "none")
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
            name ("MathVista_MINI", "MathVision", "MathVerse_MINI_Vision_Only", ...); case does not matter.
        rows: the harness's table, one mapping per row with the columns that docs/guide/evaluation.md lists; other
            columns are ignored.
        predictions: one text per row, as the model wrapper passed it on (see ``passed_on``); None for a missing one.
        judge: asked where the rules do not settle a row; None leaves such rows unscored.
        rules: a name of ``RULE_SETS``.
        storage: a name of ``STORAGES``; "none" leaves every text as it is.
        seed: of the option that We-Math draws where the judge fails; None leaves such rows unscored.

    Raises:
        InputError: unknown name, unequal lengths, or a row without a column that its benchmark needs.
    """
    raise NotImplementedError
