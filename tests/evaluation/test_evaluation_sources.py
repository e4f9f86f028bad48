import json
import re
from collections import Counter

import pytest
from PIL import Image

from seethink.answers import check_gold
from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.logicvista import LogicVista
from seethink.evaluation.mathvision import MathVision

LOGIC = {"id": "v1", "imagename": "a.png", "question": "Which one?", "answer": "B", "skill": ["deductive"]}
MATHS = {"id": "1", "image": "a.png", "question": "How many?\n<image1>", "options": [], "answer": "10"}


@pytest.fixture
def read(tmp_path):
    """What a reader makes of these rows, where a.png is a picture and broken.png is none."""
    Image.new("RGB", (40, 30)).save(tmp_path / "a.png")
    (tmp_path / "broken.png").write_text("not a picture")

    def from_rows(source, *rows):
        path = tmp_path / "rows.jsonl"
        path.write_text("\n".join(row if isinstance(row, str) else json.dumps(row) for row in rows))
        return list(source(path, tmp_path).items(ImageStore(tmp_path / "store")))

    return from_rows


def split(found):
    found = list(found)
    return [one for one in found if isinstance(one, Item)], [one for one in found if isinstance(one, Rejected)]


def test_the_logicvista_extract_is_read_and_what_no_verifier_decides_is_set_aside(real_data, tmp_path):
    folder = real_data / "logicvista"
    items, rejected = split(LogicVista(folder / "dataset_subset.jsonl", folder / "images").items(ImageStore(tmp_path)))
    assert (len(items), len({item.id for item in items}), len(rejected)) == (87, 87, 5)
    assert all(item.verifier is Verifier.MCQ and check_gold(item) is None for item in items)
    assert Counter("one letter" in one.detail for one in rejected) == {True: 4, False: 1}
    assert [int(one.where.rsplit(":", 1)[1]) for one in rejected] == [1, 2, 4, 5, 60]


def test_the_mathvision_extract_is_read_and_one_damaged_gold_is_found_out(real_data, tmp_path):
    folder = real_data / "mathvision"
    items, rejected = split(MathVision(folder / "test_subset.jsonl", folder / "images").items(ImageStore(tmp_path)))
    assert Counter(item.verifier for item in items) == {Verifier.MATH: 56, Verifier.MCQ: 52}
    assert not any("<image" in item.question for item in items)
    [damaged] = rejected
    assert damaged.reason == "gold its verifier rejects" and "rac{36}{13}" in damaged.detail
    assert damaged.where.startswith("test_subset.jsonl:")


def test_options_are_written_into_the_question_unless_they_are_drawn(read):
    drawn, written = read(
        MathVision,
        MATHS | {"options": ["A", "B"], "answer": "A"},
        MATHS | {"options": ["$4$", "$5$"], "answer": "B"},
    )
    assert drawn.question == "How many?" and drawn.verifier is Verifier.MCQ
    assert written.question == "How many?\nA) $4$\nB) $5$" and written.options == ("$4$", "$5$")


@pytest.mark.parametrize(
    ("source", "row", "said"),
    [
        (LogicVista, LOGIC | {"answer": "A, C"}, "is not one letter"),
        (LogicVista, LOGIC | {"answer": ""}, "field answer: it is missing or empty, fill it in"),
        (LogicVista, LOGIC | {"imagename": "gone.png"}, "gone.png is not in .*: check the path"),
        (LogicVista, LOGIC | {"imagename": "broken.png"}, "broken.png cannot be decoded .* replace the file"),
        (LogicVista, LOGIC | {"imagename": "../../a.png"}, "leaves the image folder"),
        (LogicVista, LOGIC | {"imagename": "a\0.png"}, "null|NUL|cannot"),
        (LogicVista, LOGIC | {"question": "\ud800"}, "surrogate|Unicode|character"),
        (LogicVista, "{not json", "write one record a line"),
        (LogicVista, "[1]", "where a JSON object is needed"),
        (MathVision, MATHS | {"question": None}, "field question: it is missing or empty"),
        (MathVision, MATHS | {"options": 5}, "options"),
        (MathVision, MATHS | {"answer": ["10"]}, "field answer: it holds a list, write it as text"),
    ],
)
def test_a_bad_row_is_set_aside_with_its_line_and_the_others_go_on(read, source, row, said):
    good = LOGIC if source is LogicVista else MATHS
    first, second, third = read(source, good, row, good | {"question": "Another?"})
    assert isinstance(first, Item) and isinstance(third, Item)
    assert isinstance(second, Rejected) and second.where.endswith("rows.jsonl:2")
    assert re.search(said, second.detail)


def test_a_file_that_is_not_there_is_named(tmp_path):
    for source in (LogicVista, MathVision):
        with pytest.raises(InputError, match=r"rows\.jsonl cannot be read .*: check the path"):
            list(source(tmp_path / "rows.jsonl", tmp_path).items(ImageStore(tmp_path)))
