"""report.html: a study as one file that opens offline, with nothing to fetch and nothing hostile that could run.

Three walls keep model output inert: Jinja escapes whatever the template prints, traces are embedded as escaped JSON
that the script shows as text only, and the page's content security policy runs no script but the one of the right hash.
A section is there where the study has something to show in it.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from markupsafe import Markup

from seethink.analysis import controls_told, numbers, wording
from seethink.analysis.ablations import ablations, main_arms
from seethink.analysis.arm_results import DIFFICULTIES
from seethink.analysis.browser import ITEMS, Traces, browser_data, script_json
from seethink.analysis.claims_told import sentence
from seethink.analysis.drawings import CAPTIONS, NO_FIGURES, draw_study, themed
from seethink.analysis.looking import SIGHT
from seethink.analysis.pages import templates
from seethink.analysis.palette import arm_colours
from seethink.analysis.registered import told as verdicts_told
from seethink.analysis.study_data import Study
from seethink.core.tables import write_text

Tree = Mapping[str, Any]

TITLE = "Fine-tune, reinforce, or both?"

SPLITS = {
    "source": "source: a domain of the world, a benchmark",
    "verifier": "verifier",
    "dimension": "dimension",
    "difficulty": "difficulty",
    "sight": "what can be answered blind",
    "group": "template",
}
"""Kinds of parts, and how their tables are headed."""

_FAMILY_HEADS = {
    "gap": "The gap after matching",
    "planted": "What SFT plants",
    "survives": "What of it RL leaves",
    "outcome": "What it costs",
}


def write_report(
    path: Path,
    results: Tree,
    study: Study,
    traces: Traces | None = None,
    *,
    title: str | None = None,
    items: int = ITEMS,
    seed: int = 0,
) -> None:
    """Write the whole report to ``path``, or nothing; see ``render_report``."""
    write_text(path, render_report(results, study, traces, title=title, items=items, seed=seed))


def render_report(
    results: Tree,
    study: Study,
    traces: Traces | None = None,
    *,
    title: str | None = None,
    items: int = ITEMS,
    seed: int = 0,
) -> str:
    """The report as text.

    Args:
        results: the tree of results.json.
        study: its tables, for learning curves.
        traces: what the browser of traces shows; the section is left out where None.
        title: that of the study, else of the registration, else a general one, where None.
        items, seed: how many items the browser holds, and the seed they are drawn with.
    """
    arms = list(results["arms"])
    main = main_arms(results)
    browsed = None
    if traces is not None and any(traces.responses.values()):
        ordered = {arm: traces.responses[arm] for arm in arms if traces.responses.get(arm)}
        told = Traces(ordered, traces.images, traces.truth, traces.terms)
        browsed = browser_data(told, items, seed, arms=arms, shown=main)
    script = _part("report.js")
    environment = templates()
    environment.filters |= {
        "percent": numbers.percent,
        "signed": numbers.signed,
        "span": numbers.span,
        "p": numbers.p_text,
        "duration": numbers.duration,
        "amount": numbers.amount,
        "cell": _cell,
    }
    drawn = {name: Markup(themed(drawing.svg)) for name, drawing in draw_study(results, study).items()}
    return environment.get_template("report.html.jinja").render(
        title=title or wording.title(results) or TITLE,
        results=results,
        sentences=wording.headline(results),
        primary=next((row for row in results["verdicts"] if row["primary"]), None),
        families=_families(results["verdicts"]),
        told=verdicts_told,
        claim_sentence=sentence,
        apart=wording.apart,
        without_open=wording.WITHOUT_OPEN,
        colours=arm_colours(arms),
        agreement=controls_told.agreement,
        marks=controls_told.MARKS,
        several_runs=any(len(arm["seeds"]) > 1 for arm in results["arms"].values()),
        shown_pairs=[pair for pair in results["pairs"] if (pair["decoding"], pair["rule"]) == ("greedy", "strict")],
        ablations=ablations(results),
        splits=_splits(results),
        split_names=SPLITS,
        figures=drawn,
        captions=CAPTIONS,
        no_figures=NO_FIGURES,
        funnel=_by_source(results["funnel"]),
        traces=None if browsed is None else Markup(script_json(browsed)),
        shown=len(browsed["items"]) if browsed else 0,
        total=browsed["total"] if browsed else 0,
        run_shown=_run_shown(study, browsed),
        seed=seed,
        css=Markup(_part("report.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _part(name: str) -> str:
    return files("seethink.analysis").joinpath(name).read_text(encoding="utf-8")


def _families(verdicts: Sequence[Tree]) -> dict[str, list[Tree]]:
    found: dict[str, list[Tree]] = {}
    for row in verdicts:
        found.setdefault(_FAMILY_HEADS.get(row["family"], str(row["family"])), []).append(row)
    return found


def _splits(results: Tree) -> dict[str, list[str]]:
    """Parts of every kind of split that a study has, hardest or first in the alphabet first."""
    found = {}
    for kind in SPLITS:
        parts = {part for arm in results["arms"].values() for part in arm[f"by_{kind}"]}
        order = {part: number for number, part in enumerate(DIFFICULTIES if kind == "difficulty" else SIGHT)}
        # One source is the whole.
        if len(parts) > (kind == "source"):
            found[kind] = sorted(parts, key=lambda part: (order.get(part, 0), part))
    return found


def _run_shown(study: Study, browsed: Mapping[str, Any] | None) -> bool:
    """True where the browser shows one of several training runs, which the page then says."""
    return browsed is not None and any(len(study.runs[arm["name"]]) > 1 for arm in browsed["arms"])


def _by_source(funnel: Sequence[Tree]) -> dict[str, list[Tree]]:
    tables: dict[str, list[Tree]] = {}
    for row in funnel:
        tables.setdefault(str(row.get("source", "all sources")), []).append(row)
    return tables


def _cell(value: Any) -> str:
    """A control's value as a person writes it."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(_cell, value))
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
