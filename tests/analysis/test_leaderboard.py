import csv
import io

import pytest
from rich.console import Console

from seethink.analysis.leaderboard import TITLES, leaderboard_table, own_lines, published, write_leaderboard
from seethink.core.rejected import InputError
from seethink.core.tables import write_json


@pytest.fixture
def run(tmp_path):
    """Write the results.json of a run that is nothing but a headline."""

    def write(benchmark, value, model="mine", caveats=(), **about):
        headline = {"name": "h", "value": value, "bounds": (value, value), "low": 40.0, "high": 60.0, "n": 9}
        tree = {"benchmark": benchmark, "model": model, "prompt": "thinking", "blind": False, "rules": "2026-08"}
        tree |= {"judge": {"judge": "j"}, "headline": headline, "caveats": list(caveats), **about}
        write_json(tmp_path / model / benchmark / str(about.get("prompt", "thinking")) / "results.json", tree)
        return tmp_path

    return write


def test_published_rows_are_those_of_the_paper():
    rows = {line.model: line for line in published()}
    assert len(rows) == 14
    figures = [rows["Qwen2.5-VL-7B"].figures[name].value for name in TITLES]
    assert figures == [68.1, 25.4, 41.1, 21.8, 36.2, 47.9] and rows["Qwen2.5-VL-7B"].average.value == 40.1


def test_published_averages_are_plain_means_but_for_two_that_are_printed_so():
    off = [
        line.model
        for line in published()
        if abs(sum(one.value for one in line.figures.values()) / 6 - line.average.value) > 0.06
    ]
    assert off == ["VLAA-Thinker-Qwen2-2B", "VLAA-Thinker-Qwen2-7B-Zero"]


def test_an_own_row_has_an_average_only_with_all_six_and_is_marked_where_one_is_not_comparable(run):
    for place, name in enumerate(TITLES):
        folder = run(name, 10.0 * place)
        [line] = own_lines([folder])
        assert (line.average is not None) is (place == 5)
    assert line.average.value == 25.0 and line.average.comparable
    run("wemath", 1.0, caveats=["no judge"])
    [line] = own_lines([folder])
    assert not line.average.comparable and line.figures["wemath"].low == 40.0


def test_prompts_rules_and_judges_are_rows_of_their_own(run):
    run("mathvista", 50.0)
    folder = run("mathvista", 60.0, prompt="direct", judge={"judge": "j", "judge prompts": "ab12"})
    assert [line.source for line in own_lines([folder])] == [
        "direct, rules 2026-08, j, prompts ab12",
        "thinking, rules 2026-08, j",
    ]
    write_json(folder / "elsewhere" / "results.json", {"arms": {}})
    assert len(own_lines([folder])) == 2


def test_two_runs_for_one_cell_and_no_run_at_all_are_named(run, tmp_path):
    folder = run("mathvista", 50.0)
    path = folder / "mine" / "mathvista" / "thinking" / "results.json"
    (folder / "again").mkdir()
    (folder / "again" / "results.json").write_bytes(path.read_bytes())
    with pytest.raises(InputError, match="are one model asked in one way"):
        own_lines([folder])
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no finished benchmark run"):
        own_lines([tmp_path / "empty"])


def test_rows_without_a_verdict_widen_the_span_to_all_wrong_and_all_right(run):
    headline = {"name": "h", "value": 80.0, "bounds": (20.0, 95.0), "low": 70.0, "high": 90.0, "n": 9}
    [line] = own_lines([run("mathvista", 80.0, headline=headline)])
    assert line.figures["mathvista"][1:3] == (20.0, 95.0)


def test_the_interval_of_an_average_is_narrower_than_those_it_is_made_of(run):
    for name in TITLES:
        folder = run(name, 50.0)
    [line] = own_lines([folder])
    assert line.average[:3] == (50.0, pytest.approx(50 - 10 / 6**0.5), pytest.approx(50 + 10 / 6**0.5))


def test_80_characters_show_every_figure_with_its_interval_and_the_average(run):
    for name in TITLES:
        folder = run(name, 50.0, model="runs/grpo/model-of-a-long-name", judge={"judge": "gpt-4o-mini-2024-07-18"})
    shown = Console(width=80, file=io.StringIO(), record=True)
    shown.print(leaderboard_table(own_lines([folder])))
    text = shown.export_text()
    assert "…" not in text and "Qwen2.5-VL-7B" in text and "average" in text
    assert next(line.split()[-7:] for line in text.splitlines() if "Qwen2.5-VL-7B" in line) == [
        *("68.1", "25.4", "41.1", "21.8", "36.2", "47.9", "40.1")
    ]
    assert text.count("50.0") == 7 and text.count("40.0–") == text.count("60.0") == 6


def test_the_exported_table_has_bounds_in_columns_and_runs_no_formula(run, tmp_path):
    lines = own_lines([run("mathvista", 50.0, model="=evil()")])
    write_leaderboard(tmp_path / "t.tsv", lines)
    with (tmp_path / "t.tsv").open(newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 15 and rows[-1]["model"] == "'=evil()"
    assert (rows[-1]["mathvista"], rows[-1]["mathvista low"], rows[-1]["average"]) == ("50.00", "40.00", "")
    assert leaderboard_table(lines).row_count == 15
