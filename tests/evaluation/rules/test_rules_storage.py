import math

import pytest

from seethink.evaluation.rules import score
from seethink.evaluation.rules.storage import MISSING, Storage, stored

TEXT = "a text, so that the column is none of numbers"


def through(value, storage=Storage.XLSX, **named):
    return stored([value, TEXT], storage, **named)[0]


@pytest.mark.parametrize("word", ["", "NA", "N/A", "n/a", "None", "null", "NULL", "nan", "NaN", "#N/A", "<NA>", None])
def test_missing_words_come_back_missing_and_print_as_nan(word):
    for storage in (Storage.XLSX, Storage.TSV):
        assert str(through(word, storage)) == "nan"


@pytest.mark.parametrize("word", [" ", "none", "na", "NaN.", "N/a", "nil"])
def test_what_looks_like_them_stays(word):
    assert through(word) == word


def test_a_spreadsheet_cuts_long_texts_and_tab_separated_text_does_not():
    assert through("x" * 40_000) == "x" * 32_767
    assert through("x" * 40_000, Storage.TSV) == "x" * 40_000
    assert len(through("😀" * 20_000)) == 32_767 // 2


def test_control_characters_come_back_as_escapes():
    assert through("a\x0cb") == "a_x000C_b"
    assert through("a\nb\tc") == "a\nb\tc"
    assert through("_x000C_") == "_x000C_"
    assert through("a\r\n") == "a_x000D_\n"


def test_a_leading_equals_sign_is_a_formula_whose_value_is_0():
    assert through("=1+1") == 0 == through("{=x}")
    assert through("=1+1", formulas=False) == "=1+1" == through("=1+1", Storage.TSV)


@pytest.mark.parametrize(
    ("column", "read"),
    [
        (["14", " 15 ", "+7"], [14, 15, 7]),
        (["14", "1.5"], [14.0, 1.5]),
        (["14", None, "15"], [14.0, MISSING, 15.0]),
        (["14", "1e3"], [14.0, 1000.0]),
        (["060", "7"], [60, 7]),
        (["14", "x"], ["14", "x"]),
        (["14", "1,000"], ["14", "1,000"]),
        (["True", "false"], [True, False]),
        (["True", None], [True, MISSING]),
        (["True", "no"], ["True", "no"]),
        (["inf", "-Infinity"], [math.inf, -math.inf]),
        ([None, None], [MISSING, MISSING]),
        ([14, "B"], [14, "B"]),
        ([0.1, "B"], [0.1, "B"]),
    ],
)
def test_a_column_that_looks_like_numbers_comes_back_as_numbers(column, read):
    assert repr(stored(column, Storage.XLSX)) == repr(read)


def test_without_storage_nothing_changes():
    assert stored(["", "NA", "14", "\x0c", "=1"], Storage.NONE) == ["", "NA", "14", "\x0c", "=1"]
    assert math.isnan(stored([None], Storage.NONE)[0])


def test_a_looping_generation_loses_its_final_answer_in_a_spreadsheet_only():
    row = {
        "question": "How many?",
        "question_type": "multi_choice",
        "answer_type": "text",
        "choices": "['red', 'green']",
        "answer": "green",
        "answer_option": "B",
    }
    looping = "again and " * 4_000 + "B"
    assert score("mathvista", [row], [looping], storage="xlsx").hits == (None,)
    assert score("mathvista", [row], [looping], storage="tsv").hits == (True,)
