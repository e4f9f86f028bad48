"""The visual-dependence audit: every item asked k times without its picture, by a local model or by a teacher.

What a model answers blind it need not see, and training on it teaches not to look. The measurement
(``data.curation.blind``) is a table that curation can filter by.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import Field
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from seethink.analysis import Interval, interval
from seethink.core.config import Config
from seethink.core.graded import Decoding
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, data_hash, write_json, write_manifest, write_rows
from seethink.core.verdict import is_hit
from seethink.data import DataConfig
from seethink.data.curation import BlindScore, ask_blind, blind_row, blind_scores
from seethink.data.markdown import cell, table
from seethink.evaluation.run import evaluate
from seethink.evaluation.settings import EvaluationConfig
from seethink.models.load import weights_hash
from seethink.study.rewards import evaluation_judges


class BlindConfig(EvaluationConfig):
    """How a local model is asked. A teacher decodes as its role says."""

    draws: int = Field(default=8, ge=1)
    """Answers per item (k)."""


def audit_with_model(
    config: BlindConfig, model: str | Path, items: Sequence[Item], images: ImageStore, out: Path
) -> dict[str, Any]:
    """Ask a local model, under the one system prompt; a killed audit goes on.

    Answers are read leniently: whoever guesses need not keep the tags. Open answers outside the world have no scorer
    here and are left open.
    """
    started = time.time()
    _check(items)
    drawing = EvaluationConfig.model_validate(config.model_dump(include=set(EvaluationConfig.model_fields)))
    unseen = [replace(item, images=()) for item in items]
    responses = evaluate(drawing, "blind", model, unseen, images, evaluation_judges(items), out / "responses")
    hits: defaultdict[str, list[bool]] = defaultdict(list)
    for response in responses:
        if response.decoding is Decoding.SAMPLED and response.lenient.score is not None:
            hits[response.item_id].append(is_hit(response.lenient, response.verifier))
    asked = {"asked": weights_hash(model), "draws": config.draws}
    return _write(config, blind_scores(items, hits), asked, out, started, {"sampling": config.seed}, {})


def audit_with_teacher(
    config: DataConfig,
    draws: int,
    items: Sequence[Item],
    images: ImageStore,
    out: Path,
    *,
    ledger: Path | None = None,
    console: Console | None = None,
) -> dict[str, Any]:
    """Ask the config's reasoner, and its verifier about open answers; nothing is paid twice."""
    started = time.time()
    _check(items)
    found = ask_blind(items, config, draws, images, out, ledger=ledger, console=console)
    asked = {"asked": config.reasoner.model, "draws": draws, "aside": found.aside}
    return _write(config, blind_scores(items, found.hits), asked, out, started, {}, found.paid)


def blind_table(found: Mapping[str, Any]) -> Table:
    """The audit for a terminal, source by source."""
    shown = Table(title=escape(_title(found)), title_justify="left")
    for name in _HEADS:
        shown.add_column(name, justify="left" if name in ("source", "verifier") else "right")
    for line in _lines(found):
        shown.add_row(*map(escape, line))
    return shown


def blind_section(found: Mapping[str, Any]) -> str:
    """The audit for the dataset card."""
    return (
        f"## What can be answered without the picture\n\n{cell(_title(found))}; mean and 95 % interval over items. "
        "Visual dependence is 1 where blind answers are no better than chance, 0 where they are always right.\n\n"
        + table(_HEADS, _lines(found))
    )


_HEADS = ("source", "verifier", "items", "blind accuracy", "chance", "visual dependence", "below one half")


def _title(found: Mapping[str, Any]) -> str:
    aside = "".join(f", {count} set aside: {reason}" for reason, count in found.get("aside", {}).items())
    return f"Asked without the picture: {found['asked']}, {found['draws']} times{aside}"


def _lines(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    for row in found["by_source"]:
        shown = [_cell(row[name]) for name in ("blind_accuracy", "chance", "visual_dependence")]
        yield row["source"], row["verifier"], str(row["items"]), *shown, str(row["below_half"])


def _check(items: Sequence[Item]) -> None:
    if not items:
        raise InputError("the audit has no items: every row was set aside, see the reasons above")


def _write(
    config: Config,
    scores: Sequence[BlindScore],
    asked: Mapping[str, Any],
    out: Path,
    started: float,
    seeds: Mapping[str, int],
    cost: Mapping[str, float],
) -> dict[str, Any]:
    (out / MANIFEST).unlink(missing_ok=True)
    write_rows(out, map(blind_row, scores))
    groups: defaultdict[tuple[str, str], list[BlindScore]] = defaultdict(list)
    for score in scores:
        groups[score.source, score.verifier.value].append(score)
    found = {**asked, "by_source": [_summary(*key, groups[key]) for key in sorted(groups)]}
    write_json(out / "blind.json", found)
    made_from = {"items": data_hash(score.item_id for score in scores), "model": str(asked["asked"])}
    write_manifest(out, config, seeds=seeds, data=made_from, started=started, cost=cost, more={"rows": len(scores)})
    return found


def _summary(source: str, verifier: str, scores: Sequence[BlindScore]) -> dict[str, Any]:
    dependence = [one.visual_dependence for one in scores if one.visual_dependence is not None]
    accuracy = [one.blind_accuracy for one in scores if one.blind_accuracy is not None]
    return {
        "source": source,
        "verifier": verifier,
        "items": len(scores),
        "blind_accuracy": _tree(interval(accuracy)),
        "chance": {"mean": sum(one.chance for one in scores) / len(scores), "low": None, "high": None},
        "visual_dependence": _tree(interval(dependence)),
        "below_half": sum(value < 0.5 for value in dependence),
    }


def _tree(found: Interval) -> dict[str, Any]:
    return {"mean": found.mean, "low": found.low, "high": found.high, "n": found.n}


def _cell(tree: Mapping[str, Any]) -> str:
    if tree["mean"] is None:
        return "-"
    spread = "" if tree["low"] is None else f" [{tree['low']:.2f}, {tree['high']:.2f}]"
    return f"{tree['mean']:.2f}{spread}"
