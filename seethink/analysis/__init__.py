"""Reading what an evaluation found: how sure, how different, how it reasons, and a report a stranger can judge.

Reads tables of ``core.graded.GradedResponse``; never runs a model. In the order of the story:

compare           accuracy with its interval, paired differences, a gain split into format and answers
at_k              pass@k and maj@k
two_samples       two sets of different items: how far apart they are
score_matrix      the training runs of an arm on the same items
recipe            this recipe: a difference over training runs and items
family            Holm's correction over a family of comparisons
detectable        the difference that a comparison could have found
budgets           equal RL, equal training tokens
claims            what a study may say of two arms: these checkpoints, this recipe; claims_told in words
variance          what verdicts vary by: fitted to tables, and simulated
pseudo_reasoning  how traces reason: habits of an arm, diagnosis of any file of responses
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
    from seethink.analysis.budgets import Budget, Budgets, Spent, shared_budgets
    from seethink.analysis.claims import Claim, Finding, compare_arms
    from seethink.analysis.claims_told import claims_table, sentences
    from seethink.analysis.compare import Gain, Interval, Paired, Rule, accuracy, interval, paired_difference
    from seethink.analysis.leaderboard import leaderboard_table, own_lines, write_leaderboard
    from seethink.analysis.pseudo_reasoning import Habits, HabitSummary, habits, summarise_habits
    from seethink.analysis.recipe import RecipeDifference, recipe_difference
    from seethink.analysis.report import write_report
    from seethink.analysis.results import check_results, find_pair, results_schema, study_results
    from seethink.analysis.score_matrix import ArmRuns, Scores, paired_scores
    from seethink.analysis.side_by_side import BenchmarkRun, compare_runs, comparison_tables, write_side_by_side
    from seethink.analysis.spreadsheet import write_spreadsheet
    from seethink.analysis.terminal import comparison_table, print_comparison
    from seethink.analysis.two_samples import Apart, Samples, apart, apart_within
    from seethink.analysis.wording import headline

__all__ = [
    "Apart",
    "ArmRuns",
    "BenchmarkRun",
    "Budget",
    "Budgets",
    "Claim",
    "Finding",
    "Gain",
    "HabitSummary",
    "Habits",
    "Hits",
    "Interval",
    "Paired",
    "RecipeDifference",
    "Rule",
    "Samples",
    "Scores",
    "Spent",
    "accuracy",
    "agreement",
    "apart",
    "apart_within",
    "benchmark_results",
    "benchmark_table",
    "check_results",
    "claims_table",
    "compare_arms",
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
    "paired_scores",
    "pass_at_k",
    "print_comparison",
    "recipe_difference",
    "results_schema",
    "sentences",
    "shared_budgets",
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
    "budgets": ("Budget", "Budgets", "Spent", "shared_budgets"),
    "claims": ("Claim", "Finding", "compare_arms"),
    "claims_told": ("claims_table", "sentences"),
    "compare": ("Gain", "Interval", "Paired", "Rule", "accuracy", "interval", "paired_difference"),
    "pseudo_reasoning": ("HabitSummary", "Habits", "habits", "summarise_habits"),
    "recipe": ("RecipeDifference", "recipe_difference"),
    "report": ("write_report",),
    "results": ("check_results", "find_pair", "results_schema", "study_results"),
    "score_matrix": ("ArmRuns", "Scores", "paired_scores"),
    "terminal": ("comparison_table", "print_comparison"),
    "two_samples": ("Apart", "Samples", "apart", "apart_within"),
    "wording": ("headline",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
