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
from seethink.study.benchmarks import score_again, score_predictions

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


HARNESS = {
    "[Content_Types].xml": "<Types/>",
    "xl/sharedStrings.xml": '<?xml version="1.0"?>\n<sst xmlns="{0}" count="6" uniqueCount="5"><si><t>index</t></si>'
    '<si><t>prediction</t></si><si><r><t>The answer </t></r><r><t xml:space="preserve">is B </t></r></si>'
    "<si><t>_x000C_A</t></si><si><t>http://a.b</t></si></sst>",
    "xl/worksheets/sheet1.xml": '<?xml version="1.0"?>\n<worksheet xmlns="{0}"><dimension ref="A1:B7"/><sheetData>'
    '<row r="1" spans="1:2"><c r="A1" s="1" t="s"><v>0</v></c><c r="B1" s="1" t="s"><v>1</v></c></row>'
    '<row r="2" spans="1:2"><c r="A2"><v>0</v></c><c r="B2" t="s"><v>2</v></c></row>'
    '<row r="3" spans="1:2"><c r="A3"><v>1</v></c></row>'
    '<row r="4" spans="1:2"><c r="A4"><v>2</v></c><c r="B4"><f>1+1</f><v>0</v></c></row>'
    '<row r="5" spans="1:2"><c r="A5"><v>3</v></c><c r="B5" t="s"><v>3</v></c></row>'
    '<row r="6" spans="1:2"><c r="A6"><v>4</v></c><c r="B6"><v>14.5</v></c></row>'
    '<row r="7" spans="1:2"><c r="A7"><v>5</v></c><c r="B7" t="inlineStr"><is><t>B</t></is></c></row></sheetData>'
    '<hyperlinks><hyperlink ref="B2"/></hyperlinks></worksheet>',
}
"""A result file as the harness's writer (XlsxWriter) and others make it: places named, empty cells left out, a text
that began with "=" as a formula with the value 0, control characters escaped."""


def test_a_result_file_of_the_harness_itself_is_read(many, tmp_path):
    path = tmp_path / "model_MathVista_MINI.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in HARNESS.items():
            archive.writestr(name, content.format("http://schemas.openxmlformats.org/spreadsheetml/2006/main"))
    found, aside = read_predictions(path, many)
    assert aside == []
    assert [response.text for _, response in found][:7] == ["The answer is B ", None, "0", "\fA", "14.5", "B", None]


def test_given_predictions_are_scored_again_without_their_file(many, jsonl, tmp_path):
    file = jsonl(*({"index": n, "prediction": "B because of one two three four"} for n in range(len(many.rows))))
    first = score_predictions(ScoringConfig(passed_on="whole"), None, file, "m", many, tmp_path / "out")
    file.unlink()
    folder = tmp_path / "out" / "MathVista_MINI" / "predictions"
    again = score_again(ScoringConfig(passed_on="whole", rules="2025-04"), None, folder, tmp_path / "ledger")
    assert (first["headline"]["value"], again["headline"]["value"]) == (None, 50.0)
    assert again["predictions"] == first["predictions"] and again["model"] == "m"


def test_another_model_s_answers_are_not_written_over(many, jsonl, tmp_path):
    file = jsonl({"index": 1, "prediction": "B"})
    first = score_predictions(ScoringConfig(), None, file, "first", many, tmp_path / "o")
    with pytest.raises(InputError, match=r"holds the answers of first: give second another --out, or --name first"):
        score_predictions(ScoringConfig(), None, file, "second", many, tmp_path / "o")
    told = json.loads((tmp_path / "o" / "MathVista_MINI" / "predictions" / "results.json").read_text())
    assert told == json.loads(json.dumps(first))


def test_answers_are_not_scored_again_against_other_questions(many, ask, tsv, vista, jsonl, tmp_path):
    folder = tmp_path / "out" / "MathVista_MINI" / "predictions"
    with pytest.raises(InputError, match="holds no answered questions"):
        score_again(ScoringConfig(), None, folder, tmp_path / "ledger")
    score_predictions(ScoringConfig(), None, jsonl({"index": 1, "prediction": "B"}), "m", many, tmp_path / "out")
    ask("mathvista", tsv(vista(1)), pictures=False)
    with pytest.raises(InputError, match=r"answers other questions than those in .*questions"):
        score_again(ScoringConfig(), None, folder, tmp_path / "ledger")


def test_a_part_of_we_math_says_what_its_own_units_give(ask, tsv, jsonl, tmp_path):
    """The harness divides by 525 problems however few there are; the interval is of the one that is there."""
    row = {"ID": "2steps_1", "knowledge concept": "Angles", "question": "?", "answer": "A", "A": "one", "B": "two"}
    table = tsv(*(row | {"index": n, "key": f"2steps_{part}"} for n, part in enumerate(("1", "2", "multi"))))
    questions = ask("wemath", table, pictures=False)
    file = jsonl(*({"index": n, "prediction": "AAB"[n]} for n in range(3)))
    headline = score_predictions(ScoringConfig(), None, file, "m", questions, tmp_path / "o")
    assert headline["headline"]["value"] == pytest.approx(99.9) and headline["headline"]["n"] == 1
    assert "over the 1 units that are decided the figure is 50.0 %" in headline["caveats"][-1]
    steps = jsonl(*({"index": n, "prediction": "A"} for n in range(2)))
    alone = ask("wemath", tsv(*(row | {"index": n, "key": f"2steps_{n + 1}"} for n in range(2))), pictures=False)
    headline = score_predictions(ScoringConfig(), None, steps, "m", alone, tmp_path / "p")["headline"]
    assert (headline["value"], headline["low"], headline["n"]) == (None, None, 0)


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
