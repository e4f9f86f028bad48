import csv
import json
from dataclasses import replace

import pytest

from seethink.analysis import BenchmarkRun, benchmark_results, compare_runs, comparison_tables, write_side_by_side
from seethink.core.rejected import InputError
from seethink.core.verdict import Outcome, Verdict, correct, undecided, wrong

ABOUT = {"benchmark": "mathvista", "entry": "E", "prompt": "thinking", "blind": False, "table": "t", "rules": "r"}
ABOUT |= {"storage": "xlsx", "judge": None}


@pytest.fixture
def run(respond):
    """A run in which the harness finds these rows right (1), wrong (0), or leaves them open (None)."""

    def made(hits, model="a", **changes):
        verdicts = {1: correct("x"), 0: wrong("y"), None: undecided(Outcome.UNSCORED, "no judge")}
        graded = [
            replace(respond(f"i{number}", arm=model, text="=1"), harness=verdicts[hit])
            for number, hit in enumerate(hits)
        ]
        figures = [
            {"decoding": "greedy", "draw": 0, "figure": "overall", "unit": str(number), "value": float(hit)}
            for number, hit in enumerate(hits)
            if hit is not None
        ]
        about = ABOUT | {"model": model} | changes
        return BenchmarkRun(benchmark_results(about, graded, figures, resamples=500), graded, figures)

    return made


def test_rows_are_paired_and_open_ones_left_out(run):
    found = compare_runs(run([1, 1, 1, 1, 0, None]), run([0, 0, 0, 1, 0, 1], "b"), resamples=500)
    row = found["rows"]["greedy"]["harness"]
    assert (row["a_better"], row["b_better"], row["equal"], row["left_out"]) == (3, 0, 2, 1)
    figure = found["figures"]["greedy"]["overall"]
    assert figure["difference"]["mean"] == 0.6 and figure["p"] == 0.25 and figure["left_out"] == 1
    assert (figure["a"], figure["b"]) == (0.8, 0.2)
    json.dumps(found, allow_nan=False)
    assert [table.row_count for table in comparison_tables(found)] == [1, 3]


@pytest.mark.parametrize("name", ["table", "rules", "judge", "benchmark"])
def test_runs_that_differ_in_more_than_the_model_are_not_compared(run, name):
    with pytest.raises(InputError, match=f"differ in their {name}"):
        compare_runs(run([1, 0]), run([1, 0], "b", **{name: "other"}))


def test_every_row_stands_in_the_table_with_both_responses_and_no_formula(run, tmp_path):
    write_side_by_side(tmp_path / "rows.tsv", run([1, 0, None]), run([0, 0, 1], "b"))
    with (tmp_path / "rows.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert [row["better"] for row in rows] == ["a", "equal", "open"]
    assert {row["a response"] for row in rows} == {"'=1"} and rows[0]["b extracted"] == "y"


def test_a_row_that_the_judge_failed_on_counts_as_the_harness_counts_it(run, respond):
    failed = replace(respond("i0"), harness=Verdict(0.0, Outcome.ERROR, None, "judge failed"))
    tree = benchmark_results(ABOUT | {"model": "a"}, [failed], (), resamples=100)
    assert tree["accuracy"]["greedy"]["harness"]["mean"] == 0.0
    assert tree["rates"]["greedy"]["judge failed"]["mean"] == 1.0
