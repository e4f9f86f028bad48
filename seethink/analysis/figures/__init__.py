"""The figures of a report, each a function from plain results to a ``Drawing``, which is SVG text or PNG bytes.

Input is the tree of results.json, or a study's tables, so that a figure can be drawn again from files alone.

arms      accuracy, its parts, paired differences, habits
claims    effects of registered claims beside the smallest that matters
doses     dose and response
curves    what the trainer logged
data      what the data factory kept
speed     what a shared prompt saves
process   process rewards
reliability  whether scores of steps mean what they say
canvas    what all of them are drawn on (the only file with matplotlib)
"""

from seethink.analysis.figures.arms import (
    accuracy_figure,
    breakdown_figure,
    differences_figure,
    difficulty_figure,
    habits_figure,
)
from seethink.analysis.figures.canvas import Drawing
from seethink.analysis.figures.claims import claims_figure
from seethink.analysis.figures.curves import curves_figure, verifier_curves_figure
from seethink.analysis.figures.data import funnel_figure, sources_figure
from seethink.analysis.figures.doses import doses_figure
from seethink.analysis.figures.process import (
    best_of_n_figure,
    last_n_figure,
    own_against_value_figure,
    prm_orm_figure,
    splits_figure,
    step_labels_figure,
)
from seethink.analysis.figures.reliability import reliability_figure
from seethink.analysis.figures.speed import sharing_figure

__all__ = [
    "Drawing",
    "accuracy_figure",
    "best_of_n_figure",
    "breakdown_figure",
    "claims_figure",
    "curves_figure",
    "differences_figure",
    "difficulty_figure",
    "doses_figure",
    "funnel_figure",
    "habits_figure",
    "last_n_figure",
    "own_against_value_figure",
    "prm_orm_figure",
    "reliability_figure",
    "sharing_figure",
    "sources_figure",
    "splits_figure",
    "step_labels_figure",
    "verifier_curves_figure",
]
