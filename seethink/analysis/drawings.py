"""The figures of a study: which there are, what stands below them, and their files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from seethink.analysis.ablations import main_arms
from seethink.analysis.study_data import Study
from seethink.core.tables import whole, write_text

if TYPE_CHECKING:
    from seethink.analysis.figures import Drawing

Tree = Mapping[str, Any]

NO_FIGURES = (
    "The figures are missing because matplotlib is not installed: pip install 'seethink[report]' and report again."
)

CAPTIONS = {
    "claims": "Every claim on one scale: its effect over the smallest one that would matter. Right of the solid line "
    "it matters, left of the dotted one it goes the other way. Long intervals are cut.",
    "doses": "One fault of the teacher at a time, everything else the same. Small hollow marks are training runs, "
    "lines their means with the 95 % interval of the recipe.",
    "doses-unregistered": "The same of the other decoding, on the same scales. No claim rests on it.",
    "accuracy": "Mean score of every arm. A line is the 95 % interval over questions: another draw of questions of "
    "this kind would move the point about that far. Small hollow marks are training runs.",
    "differences": "Both arms answered the same questions, so their difference is known better than either accuracy. "
    "A filled point is clear of zero. These p-values are not corrected for the number of comparisons.",
    "breakdown": "Perception asks what is in the picture (digit, iou, open), cognition what follows (mcq, math). "
    "Greedy decoding, strict rule.",
    "difficulty": "Questions by how often the sampled draws of the first arm hit. Its own columns follow from that; "
    "the others show where an arm gains.",
    "habits": "Signs of imitated reasoning: length, steps with a hedging word, responses with a reflective expression.",
    "curves": "What the trainer logged while it reinforced: faint the training runs, firm their moving mean.",
    "verifier-curves": "The same, for the reward of every verifier.",
    "funnel": "Rows kept and set aside by every step of the data factory.",
}

_NEUTRAL = (
    ("#1f2328", "--ink"),
    ("#646c76", "--muted"),
    ("#e3e6ea", "--rule"),
    ("#ffffff", "--paper"),
    ("#c9ced5", "--faint"),
    ("#0f7a52", "--good"),
    ("#b4441c", "--bad"),
)
"""Colours of a figure that turn with the page."""


def draw_study(results: Tree, study: Study) -> dict[str, Drawing]:
    """Figures by name, those a study has something to show in; empty without matplotlib."""
    try:
        from seethink.analysis import figures
    except ImportError:
        return {}
    every, main = results["arms"], main_arms(results)
    arms = {arm: every[arm] for arm in main}
    pairs = [pair for pair in results["pairs"] if {pair["a"], pair["b"]} <= set(main)]
    curves = {arm: _reinforced(study, arm) for arm in main if arm in study.runs}
    drawn = {
        "claims": figures.claims_figure(results["verdicts"]),
        "doses": figures.doses_figure(results["doses"]),
        "doses-unregistered": figures.doses_figure(results["doses"], registered=False),
        "accuracy": figures.accuracy_figure(arms, list(every)),
        "differences": figures.differences_figure(pairs, list(every)) if pairs else None,
        "breakdown": figures.breakdown_figure(arms, list(every)),
        "difficulty": figures.difficulty_figure(arms, list(every)),
        "habits": figures.habits_figure(arms, list(every)),
        "curves": figures.curves_figure(curves, list(every)),
        "verifier-curves": figures.verifier_curves_figure(curves, list(every)),
        "funnel": figures.funnel_figure(results["funnel"]),
    }
    return {name: drawing for name, drawing in drawn.items() if drawing is not None}


def write_drawings(folder: Path, drawings: Mapping[str, Drawing]) -> None:
    """Every figure as SVG and as PNG below ``folder``."""
    for name, drawing in drawings.items():
        write_text(folder / f"{name}.svg", drawing.svg + "\n")
        with whole(folder / f"{name}.png") as fresh:
            fresh.write_bytes(drawing.png)


def themed(svg: str) -> str:
    """The neutral colours of a figure as the page's variables, so that it turns dark with the page."""
    for colour, variable in _NEUTRAL:
        svg = svg.replace(colour, f"var({variable})")
    return svg


def _reinforced(study: Study, arm: str) -> dict[int, Any]:
    """By seed the rows of the last stage that logged a reward."""
    found = {}
    for seed, run in study.runs[arm].items():
        logged = [rows for rows in run.curves.values() if any(row.get("reward") is not None for row in rows)]
        if logged:
            found[seed] = logged[-1]
    return found
