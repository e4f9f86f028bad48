"""Card: README.md of an export, with what a stranger must know before training on it.

Everything in it is read from the run's own manifests and tables, not from the package that happens to write it. A table
made of the sets has its section in its manifest; what was measured of them puts one into ``card/*.md`` below the run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest, read_rows
from seethink.data.derived import told_of
from seethink.data.exports.form import Exported, Format
from seethink.data.exports.sample import Kind
from seethink.data.funnel import FunnelRow, by_source, funnel_from_record
from seethink.data.markdown import cell, table
from seethink.data.per_source import SourceSettings
from seethink.data.step_truth import read_step_truth
from seethink.teachers.cost import Cost, read_costs
from seethink.teachers.prices import load_prices

_FIGURE = "![What became of the rows of every source](funnel.svg)\n\n"
_UNSTATED = "not stated: find out before sharing"


def card(run: Path, form: Format, tables: Mapping[str, Kind], exported: Exported, *, with_figure: bool = False) -> str:
    """The card of an export of ``run``. InputError where the run is not finished.

    Args:
        with_figure: ``funnel.svg`` lies beside it.
    """
    manifest = read_manifest(run / "funnel")
    if manifest is None:
        raise InputError(f"{run} holds no finished data run: run seethink data build to its end")
    funnel = [funnel_from_record(record) for record in read_rows(run / "funnel")]
    sections = [
        _front(form, tables),
        "# Visual questions for reasoning, by seethink\n\n" + _told(manifest, exported),
        "## What every source gave\n\n" + _FIGURE * with_figure + _table_one(funnel),
        "## What every step kept\n\n" + _steps(funnel),
        _truth(run),
        *dict.fromkeys(told_of(run / name) for name in tables),
        *(path.read_text(encoding="utf-8").strip() for path in sorted((run / "card").glob("*.md"))),
        "## Teachers\n\n" + _teachers(manifest["asked"]),
        "## What it cost\n\n" + _costs(run, manifest),
        "## Sources and licences\n\n" + _licences(funnel, manifest["config"].get("per_source", {})),
        "## Instructions\n\n" + _prompts(run, manifest["asked"]),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _front(form: Format, tables: Mapping[str, Kind]) -> str:
    """The hub's metadata; for Parquet it also says which files are which table."""
    told: dict[str, Any] = {"license": "other", "task_categories": ["visual-question-answering"], "tags": ["seethink"]}
    if form in (Format.PARQUET, Format.TRL, Format.VERL, Format.EASYR1):
        told["configs"] = [
            {"config_name": name, "data_files": [{"split": "train", "path": f"{name}/*.parquet"}]} for name in tables
        ]
    return f"---\n{yaml.safe_dump(told, sort_keys=False)}---"


def _told(manifest: Mapping[str, Any], exported: Exported) -> str:
    rows = ", ".join(f"{count:,} in `{name}`" for name, count in exported.rows.items())
    lines = [
        f"Made with seethink {manifest['code']} by the six steps of VLAA-Thinking (arXiv 2504.11468): collect, "
        f"caption, distill, rewrite, verify, curate. Rows: {rows}.",
        f"Config {manifest['config_hash']}, seed {manifest['seeds'].get('curate', 0)}.",
    ]
    if exported.aside:
        lines.append("Rows that this form cannot hold: " + _counts(exported.aside) + ".")
    return "\n".join(lines)


def _table_one(funnel: Sequence[FunnelRow]) -> str:
    counts = [(one.original, one.pipeline, one.sft, one.rl) for one in by_source(funnel)]
    rows: list[tuple[str | int, ...]] = [
        (one.source, *found) for one, found in zip(by_source(funnel), counts, strict=True)
    ]
    rows.append(("total", *(map(sum, zip(*counts, strict=True)) if counts else (0, 0, 0, 0))))
    heads = ("source", "original", "after the pipeline", "SFT", "RL")
    return table(heads, rows) + (
        "\n\nIn the shape of the paper's table 1: rows collected, rows whose answer was verified, rows in the two sets."
    )


def _steps(funnel: Sequence[FunnelRow]) -> str:
    rows = [(row.source, row.step, row.entered, row.kept, _counts(row.rejected)) for row in funnel]
    return table(("source", "step", "entered", "kept", "set aside"), rows)


def _truth(run: Path) -> str:
    found = read_step_truth(run)
    if not found:
        return ""
    rows = [(one.after, one.traces, one.wrong, f"{one.share:.1%}") for one in found]
    return (
        "## Wrong steps\n\nThe truth of every step is known here, so it was held against each trace that was kept. "
        "Verification sees only the answer: a trace may reach it by a false step.\n\n"
        + table(("kept after", "traces", "with a wrong step", "share"), rows)
    )


def _teachers(asked: Mapping[str, Any]) -> str:
    rows = []
    for step, how in asked.items():
        rows.append((step, "all", _model(how), _sampling(how), how["instructions"], ""))
        for source, own in how.get("sources", {}).items():
            merged = how | own
            spared = f"captions {own['captions']}, reasoning {own['reasoning']}"
            rows.append((step, source, _model(merged), _sampling(merged), merged["instructions"], spared))
    return table(("step", "source", "model", "decoding", "instructions", "brought by the source"), rows)


def _model(how: Mapping[str, Any]) -> str:
    return " ".join(filter(None, (how["model"], how.get("revision"))))


def _sampling(how: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in how["sampling"].items() if value not in (None, {}, ()))


def _costs(run: Path, manifest: Mapping[str, Any]) -> str:
    ledger = run / "ledger"
    prices = load_prices()
    money = {one.model: one for one in read_costs(ledger, prices, datetime.now(UTC).date())} if ledger.is_dir() else {}
    rows = [
        (
            model,
            one["answers"],
            one["prompt_tokens"],
            one["completion_tokens"],
            one["possibly_paid"],
            _paid(money.get(model)),
        )
        for model, one in manifest["cost_by_model"].items()
    ]
    heads = ("model", "answers", "prompt tokens", "completion tokens", "possibly paid", f"paid, {prices.currency}")
    return table(heads, rows) + (
        f"\n\nOver the run's whole ledger. Prices as of {prices.as_of}; a model without one is shown in tokens only."
    )


def _paid(cost: Cost | None) -> str:
    return "unknown" if cost is None or cost.paid is None else f"{cost.paid:,.2f}"


def _licences(funnel: Sequence[FunnelRow], settings: Mapping[str, Any]) -> str:
    sources = sorted({row.source for row in funnel})
    known = {name: SourceSettings.model_validate(one).licence for name, one in settings.items()}
    rows = [(source, known.get(source) or _UNSTATED) for source in sources]
    return table(("source", "licence"), rows) + (
        "\n\nQuestions, pictures and answers keep the licences of their sources, as these state them; what teachers "
        "wrote is subject to the terms of whoever serves them."
    )


def _prompts(run: Path, asked: Mapping[str, Any]) -> str:
    used: dict[str, list[str]] = {}
    for step, how in asked.items():
        for source, own in {"": how, **how.get("sources", {})}.items():
            if "instructions" in own:
                used.setdefault(own["instructions"], []).append(f"{step}, {source}" if source else step)
    shown = []
    for name, where in used.items():
        path = run / "prompts" / f"{name}.txt"
        text = path.read_text(encoding="utf-8").strip() if path.exists() else "(its text was not kept)"
        fence = "`" * max([3, *(len(ticks) + 1 for ticks in re.findall(r"`+", text))])
        shown.append(f"`{name}` ({cell('; '.join(where))})\n\n{fence}text\n{text}\n{fence}")
    return "\n\n".join(shown)


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{reason}: {count:,}" for reason, count in counts.items())
