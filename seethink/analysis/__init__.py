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
benchmarks        one model on one of the leaderboard's benchmarks: the harness's figures, and ours beside them
benchmark_terminal the same for a terminal
leaderboard       the leaderboard's table, published rows and one's own
side_by_side      two models on one benchmark, row by row
spreadsheet       tables for people's spreadsheets, in which nothing runs

Names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seethink.analysis.at_k import Hits, item_hits, item_pass_at_k, maj_at_k, pass_at_k
    from seethink.analysis.benchmark_terminal import benchmark_table
    from seethink.analysis.benchmarks import agreement, benchmark_results
    from seethink.analysis.compare import Gain, Interval, Paired, Rule, accuracy, interval, paired_difference
    from seethink.analysis.leaderboard import leaderboard_table, own_lines, write_leaderboard
    from seethink.analysis.pseudo_reasoning import Habits, HabitSummary, habits, summarise_habits
    from seethink.analysis.report import write_report
    from seethink.analysis.results import check_results, find_pair, results_schema, study_results
    from seethink.analysis.side_by_side import BenchmarkRun, compare_runs, comparison_tables, write_side_by_side
    from seethink.analysis.spreadsheet import write_spreadsheet
    from seethink.analysis.terminal import comparison_table, print_comparison
    from seethink.analysis.two_samples import Apart, Samples, apart, apart_within
    from seethink.analysis.wording import headline

__all__ = [
    "Apart",
    "BenchmarkRun",
    "Gain",
    "HabitSummary",
    "Habits",
    "Hits",
    "Interval",
    "Paired",
    "Rule",
    "Samples",
    "accuracy",
    "agreement",
    "apart",
    "apart_within",
    "benchmark_results",
    "benchmark_table",
    "check_results",
    "compare_runs",
    "comparison_table",
    "comparison_tables",
    "find_pair",
    "habits",
    "headline",
    "interval",
    "item_hits",
    "item_pass_at_k",
    "leaderboard_table",
    "maj_at_k",
    "own_lines",
    "paired_difference",
    "pass_at_k",
    "print_comparison",
    "results_schema",
    "study_results",
    "summarise_habits",
    "write_leaderboard",
    "write_report",
    "write_side_by_side",
    "write_spreadsheet",
]

_HOMES = {
    "benchmarks": ("agreement", "benchmark_results"),
    "benchmark_terminal": ("benchmark_table",),
    "leaderboard": ("leaderboard_table", "own_lines", "write_leaderboard"),
    "side_by_side": ("BenchmarkRun", "compare_runs", "comparison_tables", "write_side_by_side"),
    "spreadsheet": ("write_spreadsheet",),
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
