import json

import pytest

from seethink.core.item import item_from_row, item_row, make_item, read_tolerance
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows, write_rows

FIELDS = {"source": "test", "question": "How long?", "gold": "3.14", "verifier": "math"}


def test_ids_made_before_there_were_tolerances_stay():
    assert make_item(**FIELDS).id == make_item(**FIELDS, tolerance="").id == "test-1629ec620a33d3af"
    assert make_item(**FIELDS, tolerance="5%").id != make_item(**FIELDS).id


def test_an_item_comes_back_from_a_table(tmp_path):
    items = [make_item(**FIELDS), make_item(**FIELDS, tolerance="0.01", meta={"a": 1})]
    write_rows(tmp_path, map(item_row, items))
    assert [item_from_row(row) for row in read_rows(tmp_path)] == items


def test_a_table_without_the_column_is_read():
    row = item_row(make_item(**FIELDS))
    del row["tolerance"]
    assert item_from_row(json.loads(json.dumps(row))) == make_item(**FIELDS)


@pytest.mark.parametrize(
    ("text", "amount", "relative"),
    [("0.01", 0.01, False), ("5%", 0.05, True), (" 5 % ", 0.05, True), (".5", 0.5, False), ("1e-05", 1e-5, False)],
)
def test_a_tolerance_is_an_amount_or_a_share(text, amount, relative):
    assert read_tolerance(text) == (pytest.approx(amount), relative)


@pytest.mark.parametrize(
    "text", ["", "0", "0%", "-1", "100%", "5 percent", "nan", "inf", "1e999", "0.01 cm", "True", "٣"]
)
def test_what_is_no_tolerance_is_said(text):
    with pytest.raises(InputError, match="write a number above 0"):
        read_tolerance(text)


def test_a_tolerance_has_no_use_but_for_mathematics():
    with pytest.raises(InputError, match="only math items take one"):
        make_item(**FIELDS | {"verifier": "digit"}, tolerance="5%")
