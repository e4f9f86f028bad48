"""Reading what an evaluation found: how sure, how different, how it reasons, and a report a stranger can judge.

Reads tables of ``core.graded.GradedResponse``; never runs a model. In the order of the story:

compare           accuracy with its interval, paired differences, a gain split into format and answers
at_k              pass@k and maj@k
two_samples       two sets of items, which may share some: how far apart they are
score_matrix      the training runs of an arm on the same items
recipe            this recipe: a difference over training runs and items
family            Holm's correction over a family of comparisons
detectable        the difference that a comparison could have found
budgets           equal RL, equal training tokens
claims            what a study may say of two arms: these checkpoints, this recipe; claims_told in words
variance          what verdicts vary by: fitted to tables, and simulated
contrast          any weighted sum of arms, training runs and items drawn
study_data        a study in small tables that a repository keeps and later work adds to
registered        claims written down before the runs, and their verdicts
pseudo_reasoning  how traces reason: habits of an arm, diagnosis of any file of responses
looking           what can be answered blind, and what an arm owes to its pictures
subsets           the family's comparisons on every part of the items
arm_results, results  the tree of results.json and its schema
numbers, wording  numbers, and findings in plain words
palette, figures  one colour per arm; the figures (``figures.canvas`` is the only file with matplotlib)
ablations         which arms belong together
drawings          which figures a study has, and their files
browser, report   the traces a reader may browse; the self-contained report.html (pages: how templates are escaped)
study_page        the same as a page of Markdown
tell              all of it at once
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
    from seethink.analysis.at_k import Hits, chance_at_k, item_hits, item_pass_at_k, maj_at_k, pass_at_k
    from seethink.analysis.benchmark_terminal import benchmark_table
    from seethink.analysis.benchmarks import agreement, benchmark_results
    from seethink.analysis.browser import Traces
    from seethink.analysis.budgets import Budget, Budgets, Spent, shared_budgets
    from seethink.analysis.claims import Claim, Finding, compare_arms
    from seethink.analysis.claims_told import claims_table, sentences
    from seethink.analysis.compare import Gain, Interval, Paired, Rule, accuracy, interval, paired_difference
    from seethink.analysis.leaderboard import leaderboard_table, own_lines, write_leaderboard
    from seethink.analysis.pseudo_reasoning import Habits, habits
    from seethink.analysis.recipe import RecipeDifference, recipe_difference
    from seethink.analysis.registered import Registration, judge_claims, load_registration
    from seethink.analysis.report import write_report
    from seethink.analysis.results import check_results, find_pair, results_of, results_schema, study_results
    from seethink.analysis.score_matrix import ArmRuns, ItemScores, Scores, item_scores, matched_scores
    from seethink.analysis.side_by_side import BenchmarkRun, compare_runs, comparison_tables, write_side_by_side
    from seethink.analysis.spreadsheet import write_spreadsheet
    from seethink.analysis.study_data import (
        ArmRecord,
        Run,
        Study,
        find_study_data,
        read_study_data,
        study_of,
        write_study_data,
    )
    from seethink.analysis.tell import tell_study
    from seethink.analysis.terminal import comparison_table, print_comparison
    from seethink.analysis.two_samples import Apart, Samples, apart, apart_within, overlapping
    from seethink.analysis.wording import headline

__all__ = [
    "Apart",
    "ArmRecord",
    "ArmRuns",
    "BenchmarkRun",
    "Budget",
    "Budgets",
    "Claim",
    "Finding",
    "Gain",
    "Habits",
    "Hits",
    "Interval",
    "ItemScores",
    "Paired",
    "RecipeDifference",
    "Registration",
    "Rule",
    "Run",
    "Samples",
    "Scores",
    "Spent",
    "Study",
    "Traces",
    "accuracy",
    "agreement",
    "apart",
    "apart_within",
    "benchmark_results",
    "benchmark_table",
    "chance_at_k",
    "check_results",
    "claims_table",
    "compare_arms",
    "compare_runs",
    "comparison_table",
    "comparison_tables",
    "find_pair",
    "find_study_data",
    "habits",
    "headline",
    "interval",
    "item_hits",
    "item_pass_at_k",
    "item_scores",
    "judge_claims",
    "leaderboard_table",
    "load_registration",
    "maj_at_k",
    "matched_scores",
    "overlapping",
    "own_lines",
    "paired_difference",
    "pass_at_k",
    "print_comparison",
    "read_study_data",
    "recipe_difference",
    "results_of",
    "results_schema",
    "sentences",
    "shared_budgets",
    "study_of",
    "study_results",
    "tell_study",
    "write_leaderboard",
    "write_report",
    "write_side_by_side",
    "write_spreadsheet",
    "write_study_data",
]

_HOMES = {
    "benchmarks": ("agreement", "benchmark_results"),
    "benchmark_terminal": ("benchmark_table",),
    "leaderboard": ("leaderboard_table", "own_lines", "write_leaderboard"),
    "side_by_side": ("BenchmarkRun", "compare_runs", "comparison_tables", "write_side_by_side"),
    "spreadsheet": ("write_spreadsheet",),
    "browser": ("Traces",),
    "at_k": ("Hits", "chance_at_k", "item_hits", "item_pass_at_k", "maj_at_k", "pass_at_k"),
    "budgets": ("Budget", "Budgets", "Spent", "shared_budgets"),
    "claims": ("Claim", "Finding", "compare_arms"),
    "claims_told": ("claims_table", "sentences"),
    "compare": ("Gain", "Interval", "Paired", "Rule", "accuracy", "interval", "paired_difference"),
    "pseudo_reasoning": ("Habits", "habits"),
    "recipe": ("RecipeDifference", "recipe_difference"),
    "registered": ("Registration", "judge_claims", "load_registration"),
    "report": ("write_report",),
    "results": ("check_results", "find_pair", "results_of", "results_schema", "study_results"),
    "score_matrix": ("ArmRuns", "ItemScores", "Scores", "item_scores", "matched_scores"),
    "study_data": ("ArmRecord", "Run", "Study", "find_study_data", "read_study_data", "study_of", "write_study_data"),
    "tell": ("tell_study",),
    "terminal": ("comparison_table", "print_comparison"),
    "two_samples": ("Apart", "Samples", "apart", "apart_within", "overlapping"),
    "wording": ("headline",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{home}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
