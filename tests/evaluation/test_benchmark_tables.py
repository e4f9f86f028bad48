"""What a benchmark's file becomes: rows of the harness, prompts, items, and reasons for what cannot be used."""

import base64
import re
from collections import Counter

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation import questions as reading
from seethink.evaluation.benchmark import lettered_options
from seethink.evaluation.catalogue import BENCHMARKS, find_entry
from seethink.evaluation.questions import benchmark_items
from seethink.evaluation.wemath import WEMATH, split_options

LOGIC = {"id": "v1", "imagename": "a.png", "question": "Which one?", "answer": "B", "skill": ["deductive"]}
MATHS = {"id": "1", "image": "images/a.png", "question": "How many?\n<image1>", "options": [], "answer": "10"}
DYNA = {"index": 0, "qid": 0, "varid": 1, "question": "Which?", "answer": "2.5", "image": "a.png"}
DYNA |= {"answer_type": "float", "subject": "algebra", "level": "high school"}
VERSE = {"sample_index": "7", "problem_index": "2", "problem_version": "Vision Only", "question": "", "image": "a.png"}
VERSE |= {"question_for_eval": "Find x.\nChoices:\nA:1\nB:2", "answer": "B", "question_type": "multi-choice"}
VERSE |= {"query_wo": "Answer directly.", "query_cot": "Reason first.", "metadata": {"subject": "Plane Geometry"}}
WE = {"ID": "2steps_1", "key": "2steps_1", "knowledge concept": "Angles", "question": "Which?", "answer": "B"}
WE |= {"option": "A. 3; B. 4 ;C. 5", "image_path": "2steps/image/a.png", "question number": 1}


@pytest.fixture
def pictures(tmp_path, png):
    """A folder where a.png is a picture and broken.png is none."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "a.png").write_bytes(png("blue"))
    (folder / "broken.png").write_text("not a picture")
    return folder


def test_a_picture_may_be_that_of_another_row_even_of_a_later_one(ask, tsv, vista):
    table = tsv(vista(1, image="3"), vista(2, image="3"), vista(3))
    shown = [question.item.images for question in ask("mathvista", table).rows]
    assert len(shown[0]) == 1 and shown[0] == shown[1] == shown[2]


def test_tsv_parquet_and_printed_lists_of_pictures_are_one(ask, tsv, vista, png, tmp_path):
    first = ask("mathvista", tsv(vista(1), vista(2, image="1"))).rows
    rows = [vista(1), vista(2)]
    for row in rows:
        row["image"] = {"bytes": png("red"), "path": "x.png"}
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "table.parquet")
    assert ask("mathvista", tmp_path / "table.parquet").rows[0].item.images == first[0].item.images
    several = [base64.b64encode(png(colour)).decode() for colour in ("red", "green")]
    [two] = ask("mathvista", tsv(vista(1, image=str(several)))).rows
    assert len(two.item.images) == 2 and two.item.images[0] == first[0].item.images[0]


def test_a_table_is_read_once_and_goes_on_from_what_is_sealed(ask, tsv, vista, monkeypatch):
    table = tsv(vista(1), vista(2))
    whole = ask("mathvista", table)
    monkeypatch.setattr(reading, "read_table", lambda path: pytest.fail("read again"))
    assert ask("mathvista", table) == whole
    monkeypatch.undo()
    assert ask("mathvista", tsv(vista(1), vista(3))).table != whole.table
    assert [question.number for question in ask("mathvista", table, first=1).rows] == [0]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"image": "9"}, "no index of a row that shows one"),
        ({"image": "A" * 99}, "no base64|cannot be decoded"),
        ({"image": base64.b64encode(b"no picture " * 9).decode()}, "cannot be decoded .* replace the file"),
        ({"image": ""}, "column image: it is empty"),
        ({"question": ""}, "column question: it is missing or empty"),
        ({"question": "NA"}, "column question: it is missing or empty"),
        ({"index": "1"}, "column index: 1 stands earlier in the file"),
    ],
)
def test_a_bad_row_of_the_harness_is_set_aside_and_the_others_go_on(ask, tsv, vista, row, said):
    found = ask("mathvista", tsv(vista(1), vista(2) | row, vista(3)))
    assert [question.item.meta["id"] for question in found.rows] == ["1", "3"]
    [aside] = found.aside
    assert re.search(said, aside.detail) and aside.where.startswith("table.tsv:")
    assert not found.complete


@pytest.mark.parametrize(
    ("name", "row", "change", "said"),
    [
        ("logicvista", LOGIC, {"imagename": "gone.png"}, "picture 'gone.png': no file below"),
        ("logicvista", LOGIC, {"imagename": "broken.png"}, "broken.png cannot be decoded .* replace the file"),
        ("logicvista", LOGIC, {"imagename": "../../a.png"}, "leaves the image folder"),
        ("logicvista", LOGIC, {"imagename": "a\0.png"}, "no file below"),
        ("logicvista", LOGIC, {"question": "\ud800"}, "surrogate|Unicode|character"),
        ("logicvista", LOGIC, "{not json", "write one record a line"),
        ("logicvista", LOGIC, "[1]", "where a JSON object is needed"),
        ("mathvision", MATHS, {"question": None}, "field question: it is missing or empty"),
        ("mathvision", MATHS, {"options": 5}, "options"),
        ("mathvision", MATHS, {"answer": ["10"]}, "field answer: it holds a list, write it as text"),
        ("mathverse", VERSE, {"question_for_eval": ""}, "a judge would not know what was asked"),
        ("dynamath", DYNA, {"qid": None}, "column qid: it is missing"),
        ("wemath", WE, {"option": "3 or 4"}, "does not list options"),
    ],
)
def test_a_bad_record_of_its_own_is_set_aside_with_its_line(ask, jsonl, pictures, name, row, change, said):
    bad = change if isinstance(change, str) else row | change
    for place in ("id", "sample_index", "index", "question number"):
        if place in row and isinstance(bad, dict):
            bad[place] = 99
    found = ask(name, jsonl(row, bad), pictures)
    assert len(found.rows) == 1
    [aside] = found.aside
    assert re.search(said, aside.detail) and aside.where == "rows.jsonl:2"


def test_a_missing_picture_that_has_come_is_seen_by_the_next_run(ask, jsonl, pictures, png):
    table = jsonl(LOGIC, LOGIC | {"id": "v2", "imagename": "later.png"})
    assert len(ask("logicvista", table, pictures).rows) == 1
    (pictures / "later.png").write_bytes(png("green"))
    found = ask("logicvista", table, pictures)
    assert len(found.rows) == 2 and not found.aside


def test_a_file_of_no_use_is_named_with_what_its_first_row_lacks(ask, tsv, jsonl, vista, tmp_path):
    with pytest.raises(InputError, match=r"gone\.tsv cannot be read"):
        ask("mathvista", tmp_path / "gone.tsv")
    with pytest.raises(InputError, match=r"no row of .* can be asked as MathVista_MINI: the first says"):
        ask("mathvista", jsonl({"a": 1}))
    with pytest.raises(InputError, match="no benchmark 'gqa': choose among mathvista"):
        find_entry("gqa")


def test_what_the_harness_reads_as_empty_is_not_asked(ask, tsv, vista):
    """pandas takes an option "None" for a missing one, so the harness's prompt has no such option."""
    row = {"index": 1, "ID": "2steps_1", "key": "2steps_1", "knowledge concept": "x", "question": "Which?"}
    row |= {"answer": "A", "A": "3", "B": "None", "C": "NA", "D": "5", "image": vista(1)["image"]}
    [question] = ask("wemath", tsv(row)).rows
    assert question.prompt == "Question: Which?\nOptions:\nA. 3\nD. 5"


def test_a_choice_whose_text_the_harness_reads_as_empty_is_asked_all_the_same(ask, tsv, vista):
    [question] = ask("mathvista", tsv(vista(1, answer="A") | {"answer": "None", "choices": "['None', 'two']"})).rows
    assert (question.row["answer"], question.item.gold, question.undecidable) == (None, "A", "")


def test_records_of_their_own_become_the_harness_s_rows(ask, jsonl, pictures):
    [maths] = ask("mathvision", jsonl(MATHS | {"options": ["$4$", "$5$"], "answer": "B"}), pictures).rows
    assert maths.prompt.endswith("Question: How many?\nChoices:\n(A) $4$\n(B) $5$")
    assert (maths.item.verifier, maths.item.options) == (Verifier.MCQ, ("$4$", "$5$"))
    [drawn] = ask("mathvision", jsonl(MATHS | {"options": ["A", "B"], "answer": "A"}), pictures).rows
    assert drawn.prompt.endswith("Question: How many?") and drawn.row["choices"] == "['A', 'B']"
    [dyna] = ask("dynamath", jsonl(DYNA), pictures).rows
    assert (dyna.row["knowledge_level"], dyna.item.tolerance) == ("high school", "0.001")
    assert '"short answer"' in dyna.prompt and "floating-point" in dyna.prompt
    [bare] = ask("DynaMath_noprompt", jsonl(DYNA), pictures).rows
    assert bare.prompt == "## Question\nWhich?"
    [we] = ask("wemath", jsonl(WE), pictures).rows
    assert [we.row[letter] for letter in "ABC"] == ["3", "4", "5"] and we.prompt.endswith("A. 3\nB. 4\nC. 5")
    [cot] = ask("WeMath_COT", jsonl(WE), pictures).rows
    assert cot.prompt.startswith(we.prompt) and "<Answer>" in cot.prompt


def test_an_entry_of_mathverse_asks_its_version_in_its_words(ask, jsonl, pictures):
    rows = [VERSE, VERSE | {"sample_index": "6", "problem_version": "Text Lite", "question": "Find x."}]
    only, cot, every = (
        ask(entry, jsonl(*rows), pictures).rows
        for entry in ("mathverse", "MathVerse_MINI_Vision_Only_cot", "MathVerse_MINI")
    )
    assert [one.prompt for one in (*only, *cot)] == ["Answer directly.", "Reason first."] and len(every) == 2
    assert only[0].item.options == ("1", "2") and only[0].item.gold == "B"
    [blind] = ask("MathVerse_MINI_Text_Only", jsonl(VERSE | {"problem_version": "Text Only", "image": ""})).rows
    assert blind.item.images == ()


@pytest.mark.parametrize(
    ("told", "options"),
    [
        ("A. 3; B. 4", {"A": "3", "B": "4"}),
        ("A. B; B. C; C. D", {"A": "B", "B": "C", "C": "D"}),
        ("A. 6cm, 2cm B. 1cm ;C. 1cm; D. No", {"A": "6cm, 2cm", "B": "1cm", "C": "1cm", "D": "No"}),
        ("A. x.;    B. y.", {"A": "x.", "B": "y."}),
    ],
)
def test_options_of_one_text_are_told_apart(told, options):
    assert split_options(told) == options


def test_options_of_a_question_are_read_in_order_or_not_at_all():
    assert lettered_options("A:80°\nB:65°") == ("80°", "65°")
    assert lettered_options("B:80°\nA:65°") == () == lettered_options("no options")


# The extracts


@pytest.mark.parametrize(
    ("name", "file", "folder", "verifiers", "aside", "undecidable"),
    [
        ("mathvista", "testmini_subset.jsonl", "images", {"digit": 2, "math": 2, "mcq": 1}, 110, 0),
        ("mathvision", "test_subset.jsonl", "images", {"math": 57, "mcq": 52}, 0, 1),
        ("MathVerse_MINI_Text_Only", "testmini_text_only_subset.jsonl", ".", {"math": 42, "mcq": 31}, 0, 3),
        ("dynamath", "variants_subset.jsonl", ".", {"math": 90, "mcq": 40}, 0, 0),
        ("wemath", "testmini_subset.jsonl", "images", {"mcq": 74}, 0, 0),
        ("logicvista", "dataset_subset.jsonl", "images", {"mcq": 91}, 1, 1),
    ],
)
def test_the_extracts_are_read_whole(ask, real_data, name, file, folder, verifiers, aside, undecidable):
    """MathVista's repository holds no pictures, and all but five rows are set aside for that."""
    base = real_data / find_entry(name).benchmark.name
    found = ask(name, base / file, base / folder)
    assert Counter(question.item.verifier.value for question in found.rows) == verifiers
    assert len(found.aside) == aside and sum(bool(question.undecidable) for question in found.rows) == undecidable
    assert all(question.prompt and "<image" not in question.prompt for question in found.rows)
    assert len({question.item.id for question in found.rows}) == len(found.rows)
    without = ask(name, base / file, pictures=False)
    assert len(without.rows) >= len(found.rows) and not any(question.item.images for question in without.rows)


@pytest.mark.parametrize(
    ("name", "file", "keys"),
    [
        ("mathvista", "testmini_subset.jsonl", {"question_type", "answer_type", "task", "skills"}),
        ("mathvision", "test_subset.jsonl", {"category", "level"}),
        (
            "MathVerse_MINI_Text_Only",
            "testmini_text_only_subset.jsonl",
            {"problem_version", "problem_index", "question_type", "subject", "subfield"},
        ),
        ("dynamath", "variants_subset.jsonl", {"qid", "varid", "subject", "knowledge_level", "answer_type"}),
        ("wemath", "testmini_subset.jsonl", {"ID", "key", "knowledge concept"}),
        ("logicvista", "dataset_subset.jsonl", {"skill"}),
    ],
)
def test_an_item_keeps_what_its_benchmark_tells(ask, real_data, name, file, keys):
    found = ask(name, real_data / find_entry(name).benchmark.name / file, pictures=False)
    told = [question.item.meta for question in found.rows if not question.undecidable]
    assert told and all(meta.keys() == keys | {"id", "where"} for meta in told)
    assert all(value and isinstance(value, str | list) for meta in told for value in meta.values())


def test_as_items_the_extracts_have_content_ids_and_only_golds_that_are_decided(real_data, tmp_path):
    """LogicVista's golds of several letters are decided as sets; an empty one and the number 3 are not."""
    folder, images = real_data / "logicvista", ImageStore(tmp_path)
    logic = find_entry("logicvista").benchmark
    found = list(benchmark_items(logic, folder / "dataset_subset.jsonl", folder / "images", images))
    items = [one for one in found if isinstance(one, Item)]
    assert (len(items), len({item.id for item in items}), len(found) - len(items)) == (90, 90, 2)
    assert {item.gold for item in items} >= {"A, C", "B, D", "G", "F"}
    folder = real_data / "mathvision"
    maths = find_entry("mathvision").benchmark
    [damaged] = [
        one
        for one in benchmark_items(maths, folder / "test_subset.jsonl", folder / "images", images)
        if isinstance(one, Rejected)
    ]
    assert damaged.reason == "gold its verifier rejects" and "rac{36}{13}" in damaged.detail
    assert damaged.where.startswith("test_subset.jsonl:")


def test_every_benchmark_knows_its_leaderboard_entry():
    assert [one.entries[0] for one in BENCHMARKS] == [
        *("MathVista_MINI", "MathVision", "MathVerse_MINI_Vision_Only", "DynaMath", "WeMath", "LogicVista")
    ]
    assert find_entry("wemath_cot").benchmark is WEMATH
