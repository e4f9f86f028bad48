import csv

import pytest

from seethink.analysis.spreadsheet import harmless, write_spreadsheet


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@x", " =1", "\t=1", "＝1", "|calc", "%x", "\r1"])
def test_what_a_spreadsheet_would_run_it_shows(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-5", "+5", "-1.5e3", "a=b", "", "A", "3"])
def test_plain_text_and_numbers_stay_as_they_are(text):
    assert harmless(text) == text


def test_a_table_is_read_back_cell_by_cell(tmp_path):
    rows = [{"a": 'x\ny\t"z"', "b": None, "c": 0.5}, {"a": "\ud800", "b": "=1"}]
    write_spreadsheet(tmp_path / "t.tsv", ["a", "b", "c"], rows)
    with (tmp_path / "t.tsv").open(newline="") as file:
        found = list(csv.reader(file, delimiter="\t"))
    assert found == [["a", "b", "c"], ['x\ny\t"z"', "", "0.5"], ["?", "'=1", ""]]
