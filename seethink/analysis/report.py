"""report.html: a study as one file that opens offline, with nothing to fetch and nothing hostile that could run.

Three walls keep model output inert: Jinja escapes whatever the template prints, traces are embedded as escaped JSON
that the script shows as text only, and the page's content security policy runs no script but the one of the right hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from seethink.analysis import wording
from seethink.analysis.browser import ITEMS, browser_data, script_json
from seethink.analysis.palette import arm_colours
from seethink.core.graded import GradedResponse
from seethink.core.tables import write_text

Tree = Mapping[str, Any]

NO_FIGURES = (
    "The figures are missing because matplotlib is not installed: pip install 'seethink[report]' and report again."
)

_CAPTIONS = {
    "accuracy": "Mean score of every arm. A line is the 95 % interval over questions: another draw of questions of "
    "this kind would move the point about that far.",
    "differences": "Both arms answered the same questions, so their difference is known better than either accuracy. "
    "A filled point is clear of zero.",
    "breakdown": "Perception asks what is in the picture (digit, iou, open), cognition what follows (mcq, math). "
    "Greedy decoding, strict rule.",
    "habits": "Signs of imitated reasoning: length, steps with a hedging word, responses with a reflective expression.",
    "curves": "What the trainer logged while it reinforced: faint as logged, firm as a moving mean.",
}


def write_report(
    path: Path,
    results: Tree,
    responses_by_arm: Mapping[str, Sequence[GradedResponse]],
    images: Callable[[str], bytes],
    curves: Mapping[str, Sequence[Tree]],
    funnel: Sequence[Tree] | None = None,
    *,
    title: str = "Fine-tune, reinforce, or both?",
    items: int = ITEMS,
    seed: int = 0,
) -> None:
    """Write the whole report to ``path``, or nothing.

    Args:
        results: the tree of results.json.
        responses_by_arm: what the browser of traces shows.
        images: encoded bytes of a picture by its hash (``ImageStore.read``).
        curves: per arm the rows of the trainer's log (``step``, ``reward``, ``completions/mean_length``).
        funnel: rows of the data factory; None takes those in ``results``.
        items, seed: how many items the browser holds, and the seed they are drawn with.
    """
    write_text(
        path, render_report(results, responses_by_arm, images, curves, funnel, title=title, items=items, seed=seed)
    )


def render_report(
    results: Tree,
    responses_by_arm: Mapping[str, Sequence[GradedResponse]],
    images: Callable[[str], bytes],
    curves: Mapping[str, Sequence[Tree]],
    funnel: Sequence[Tree] | None = None,
    *,
    title: str,
    items: int = ITEMS,
    seed: int = 0,
) -> str:
    """The report as text; see ``write_report``."""
    arms = list(results["arms"])
    funnel = results["funnel"] if funnel is None else funnel
    ordered = {arm: responses_by_arm[arm] for arm in arms if arm in responses_by_arm}
    traces = browser_data(ordered, images, items, seed)
    script = _part("report.js")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    environment.filters |= {
        "percent": wording.percent,
        "signed": wording.signed,
        "span": wording.span,
        "p": wording.p_text,
        "duration": wording.duration,
        "amount": wording.amount,
        "cell": _cell,
    }
    return environment.from_string(_part("report.html.jinja")).render(
        title=title,
        results=results,
        sentences=wording.headline(results),
        apart=wording.apart,
        colours=arm_colours(arms),
        shown_pairs=[pair for pair in results["pairs"] if (pair["decoding"], pair["rule"]) == ("greedy", "strict")],
        figures=_figures(results, curves, funnel),
        no_figures=NO_FIGURES,
        funnel=_by_source(funnel),
        traces=Markup(script_json(traces)),
        shown=len(traces["items"]),
        total=traces["total"],
        seed=seed,
        css=Markup(_part("report.css")),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
    )


def _part(name: str) -> str:
    return files("seethink.analysis").joinpath(name).read_text(encoding="utf-8")


def _figures(results: Tree, curves: Mapping[str, Sequence[Tree]], funnel: Sequence[Tree]) -> dict[str, Tree]:
    """Figures by name as ``{svg, caption}``; empty without matplotlib."""
    try:
        from seethink.analysis import figures
    except ImportError:
        return {}
    arms = results["arms"]
    drawn = {
        "accuracy": figures.accuracy_figure(arms),
        "differences": figures.differences_figure(results["pairs"], list(arms)) if len(arms) > 1 else None,
        "breakdown": figures.breakdown_figure(arms),
        "habits": figures.habits_figure(arms),
        "curves": figures.curves_figure(curves, list(arms)),
        "funnel": figures.funnel_figure(funnel),
    }
    return {
        name: {"svg": _themed(svg, figures), "caption": _CAPTIONS.get(name, "")}
        for name, svg in drawn.items()
        if svg is not None
    }


def _themed(svg: str, figures: ModuleType) -> Markup:
    """The neutral colours of a figure as the page's variables, so that it turns dark with the page."""
    for colour, variable in (
        (figures.INK, "--ink"),
        (figures.MUTED, "--muted"),
        (figures.RULE, "--rule"),
        (figures.PAPER, "--paper"),
        (figures.SET_ASIDE, "--faint"),
    ):
        svg = svg.replace(colour, f"var({variable})")
    return Markup(svg)


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
    return f"{value:,}" if isinstance(value, int) else f"{value:g}" if isinstance(value, float) else str(value)
