"""The harness's result files, written and read, and what hostile text does to them: nothing."""

import csv
import json
import zipfile

import pytest

from seethink.core.graded import Decoding
from seethink.core.rejected import InputError
from seethink.core.tables import read_rows
from seethink.core.verdict import Outcome
from seethink.evaluation.passed_on import PassedOn, passed_on
from seethink.evaluation.respondent import Response
from seethink.evaluation.result_file import read_predictions, result_name, write_predictions
from seethink.evaluation.scoring import ScoringConfig
from seethink.evaluation.sheet import read_sheet, write_sheet
from seethink.study.benchmarks import score_predictions

HOSTILE = [
    "__import__('os').system('touch pwned')",
    '=HYPERLINK("http://x", "y")',
    "@SUM(1+1)",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "\t=1+1",
    "nan",
    "x" * 1_000_000,
    "\ud800B",
    "\x00\x0cB\x1b[31m",
    "_x0041_",
    "<t>]]></t>&amp;",
    "",
]


@pytest.fixture
def many(ask, tsv, vista):
    """One row per hostile text, between rows that a letter answers."""
    return ask("mathvista", tsv(*(vista(index, "AB"[index % 2]) for index in range(2 * len(HOSTILE)))), pictures=False)


def said(text):
    return Response(Decoding.GREEDY, 0, text, None, None, False)


@pytest.mark.parametrize(
    ("how", "response", "prediction"),
    [
        (PassedOn.ANSWER, "<think>B</think><answer> A </answer>", "A"),
        (PassedOn.ANSWER, "<answer>A</answer><answer>B</answer>", "<answer>A</answer><answer>B</answer>"),
        (PassedOn.ANSWER, "<think>A</think>B", "<think>A</think>B"),
        (PassedOn.WHOLE, "<answer>A</answer>", "<answer>A</answer>"),
        (PassedOn.BOXED, r"so \boxed{1} or \boxed{\frac{1}{2}}.", r"\frac{1}{2}"),
        (PassedOn.BOXED, r"no end \boxed{1", "1"),
        (PassedOn.BOXED, "none", "none"),
        (PassedOn.AFTER_THINK, "<think>A</think> B </think> C", "C"),
    ],
)
def test_what_of_a_response_is_scored(how, response, prediction):
    assert passed_on(response, how) == prediction


def test_a_sheet_gives_back_what_was_written_into_it(tmp_path):
    rows = [{"index": 3, "prediction": text} for text in (*HOSTILE[:7], *HOSTILE[9:], "a\nb\r\nc", "1", "√2", None)]
    write_sheet(tmp_path / "x.xlsx", ["index", "prediction"], rows)
    found = list(read_sheet(tmp_path / "x.xlsx"))
    assert found == [row | {"prediction": row["prediction"]} for row in rows]


def test_a_sheet_holds_texts_only_and_no_formula(tmp_path):
    write_sheet(tmp_path / "x.xlsx", ["prediction"], [{"prediction": text} for text in HOSTILE])
    with zipfile.ZipFile(tmp_path / "x.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet and sheet.count('t="s"') == len(HOSTILE) + 1
    lengths = [len(str(row["prediction"])) for row in read_sheet(tmp_path / "x.xlsx")]
    assert max(lengths) == 32_767


def test_a_file_that_is_no_sheet_is_told_so(tmp_path):
    (tmp_path / "x.xlsx").write_text("no zip")
    with pytest.raises(InputError, match=r"x\.xlsx cannot be read as a sheet"):
        list(read_sheet(tmp_path / "x.xlsx"))


def test_our_result_file_has_the_harness_s_columns_and_is_read_back(many, tmp_path):
    answered = [
        (question, said(f"<think>x</think><answer>{number}</answer>")) for number, question in enumerate(many.rows)
    ]
    path = tmp_path / result_name("runs/grpo/model", "MathVista_MINI")
    write_predictions(path, many, answered[:-1], PassedOn.ANSWER)
    assert path.name == "model_MathVista_MINI.xlsx"
    [first, *_] = read_sheet(path)
    assert first["index"] == 0 and list(first)[-1] == "prediction" and "image" not in first
    found, aside = read_predictions(path, many)
    assert aside == [] and [response.text for _, response in found] == [*map(str, range(len(many.rows) - 1)), None]


def test_predictions_are_read_from_any_table_and_what_belongs_to_no_question_is_told(many, tsv, jsonl):
    found, aside = read_predictions(tsv({"index": "1", "prediction": "B"}, {"index": "99", "prediction": "A"}), many)
    assert [response.text for _, response in found][:3] == [None, "B", None] and len(found) == len(many.rows)
    assert [one.detail for one in aside] == ["no question has index '99': give the table that was asked"]
    found, _ = read_predictions(jsonl({"index": 2, "prediction": "A"}, {"index": 2, "prediction": "B"}), many)
    assert found[2][1].text == "A"
    with pytest.raises(InputError, match="has no prediction for MathVista_MINI: the first says"):
        read_predictions(jsonl({"index": "x", "prediction": "A"}), many)


def test_hostile_predictions_change_no_other_row_and_run_nowhere(many, jsonl, tmp_path):
    texts = [text for pair in zip(HOSTILE, "AB" * len(HOSTILE), strict=False) for text in pair]
    quiet = [text if number % 2 else "A" for number, text in enumerate(texts)]
    told = {}
    for name, predictions in (("quiet", quiet), ("hostile", texts)):
        file = jsonl(*({"index": n, "prediction": text} for n, text in enumerate(predictions)), name=f"{name}.jsonl")
        results = score_predictions(ScoringConfig(passed_on="whole"), None, file, name, many, tmp_path / name)
        folder = tmp_path / name / "MathVista_MINI" / "predictions"
        json.dumps(results, allow_nan=False)
        told[name] = list(read_rows(folder / "graded"))
    for number in range(1, len(texts), 2):
        first, second = told["quiet"][number], told["hostile"][number]
        assert [first[rule]["outcome"] for rule in ("harness", "lenient")] == [
            second[rule]["outcome"] for rule in ("harness", "lenient")
        ]
    assert {row["harness"]["outcome"] for row in told["quiet"]} <= {Outcome.CORRECT, Outcome.WRONG}
    with (folder / "differences.tsv").open(newline="") as file:
        cells = [cell for row in csv.reader(file, delimiter="\t") for cell in row]
    assert not any(cell.startswith(("=", "+", "@", "\t", "\r")) for cell in cells)


def test_the_surrogate_half_is_kept_out_of_files_and_the_row_is_still_there(many, jsonl, tmp_path):
    file = jsonl({"index": 0, "prediction": "\ud800A"}, {"index": 1, "prediction": "B"})
    score_predictions(ScoringConfig(passed_on="whole"), None, file, "m", many, tmp_path / "o")
    rows = list(read_rows(tmp_path / "o" / "MathVista_MINI" / "predictions" / "graded"))
    assert rows[0]["response"] == "�A" and rows[1]["harness"]["score"] == 1.0
