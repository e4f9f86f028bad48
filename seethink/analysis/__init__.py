"""Reading what an evaluation found: how sure, how different, how it reasons, and a report a stranger can judge.

Reads tables of ``core.graded.GradedResponse``; never runs a model. In the order of the story:

compare           accuracy with its interval, paired differences, a gain split into format and answers
at_k              pass@k and maj@k
two_samples       two sets of different items: how far apart they are
pseudo_reasoning  hesitation, repetition, cues, false steps, length
results           the tree of results.json and its schema
wording           numbers and findings in plain words
palette, figures  one colour per arm; the figures (the only file with matplotlib)
browser, report   the traces a reader may browse; the self-contained report.html
terminal          the comparison for a terminal

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seethink.analysis.at_k import Hits, item_hits, item_pass_at_k, maj_at_k, pass_at_k
    from seethink.analysis.compare import Gain, Interval, Paired, Rule, accuracy, interval, paired_difference
    from seethink.analysis.pseudo_reasoning import Habits, HabitSummary, habits, summarise_habits
    from seethink.analysis.report import write_report
    from seethink.analysis.results import check_results, find_pair, results_schema, study_results
    from seethink.analysis.terminal import comparison_table, print_comparison
    from seethink.analysis.two_samples import Apart, Samples, apart, apart_within
    from seethink.analysis.wording import headline

__all__ = [
    "Apart",
    "Gain",
    "HabitSummary",
    "Habits",
    "Hits",
    "Interval",
    "Paired",
    "Rule",
    "Samples",
    "accuracy",
    "apart",
    "apart_within",
    "check_results",
    "comparison_table",
    "find_pair",
    "habits",
    "headline",
    "interval",
    "item_hits",
    "item_pass_at_k",
    "maj_at_k",
    "paired_difference",
    "pass_at_k",
    "print_comparison",
    "results_schema",
    "study_results",
    "summarise_habits",
    "write_report",
]

_HOMES = {
    "at_k": ("Hits", "item_hits", "item_pass_at_k", "maj_at_k", "pass_at_k"),
    "compare": ("Gain", "Interval", "Paired", "Rule", "accuracy", "interval", "paired_difference"),
    "pseudo_reasoning": ("HabitSummary", "Habits", "habits", "summarise_habits"),
    "report": ("write_report",),
    "results": ("check_results", "find_pair", "results_schema", "study_results"),
    "terminal": ("comparison_table", "print_comparison"),
    "two_samples": ("Apart", "Samples", "apart", "apart_within"),
    "wording": ("headline",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
