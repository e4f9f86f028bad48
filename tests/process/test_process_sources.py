from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.data.sources.mapped import MappedConfig, MappedSource
from seethink.data.sources.mapping import PAPER, VILBENCH, load_mapping
from seethink.data.sources.vilreward import VILREWARD
from seethink.process.construct import QUOTAS

ASKED = "<image>\nChoices:\nA: a\nB: b\nQuestion: Which side?"


def png():
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return {"bytes": buffer.getvalue(), "path": "a.png"}


def talk(question, answer):
    return [{"from": "human", "value": question}, {"from": "gpt", "value": answer}]


TABLES = [
    ("mmstar", {"index": 7, "question": "Which?\nOptions: A: a, B: b", "answer": "B", "image": png()}, "mcq", "B"),
    ("realworldqa", {"question": "Which side?\nA. left\nB. right", "answer": "A", "image": png()}, "mcq", "A"),
    ("realworldqa", {"question": "How many?", "answer": "3", "image": png()}, "digit", "3"),
    (
        "mathvista",
        {"pid": "1", "question": "Fewer?", "choices": ["Yes", "No"], "answer": "No", "decoded_image": png()},
        "mcq",
        "B",
    ),
    ("mathvista", {"pid": "2", "question": "How long?", "answer": "1.2", "decoded_image": png()}, "math", "1.2"),
    ("mathverse", {"sample_index": "3", "query_wo": "x", "answer": "14", "image": png()}, "digit", "14"),
    (
        "mmmu_pro",
        {"id": "a", "question": "In <image 1>?", "options": "['x', \"y's\"]", "answer": "B", "image_1": png()},
        "mcq",
        "B",
    ),
    ("vilbench", {"image_path": png(), "question": "Which?", "options": ["red", "blue"], "answer": "blue"}, "mcq", "B"),
    ("mavis_geo", {"id": "a", "image": png(), "conversations": talk(ASKED, "It falls.\nAnswer:B")}, "mcq", "B"),
    ("aokvqa", {"image": png(), "question": "Why?", "choices": ["x", "y"], "correct_choice_idx": 1}, "mcq", "B"),
    ("scienceqa", {"image": png(), "question": "Why?", "choices": ["x", "y"], "answer": 1, "hint": "So."}, "mcq", "B"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "row", "verifier", "gold"), TABLES, ids=[row[0] for row in TABLES])
def test_a_table_as_documented_becomes_items(name, row, verifier, gold, tmp_path):
    table = tmp_path / "test.parquet"
    pq.write_table(pa.Table.from_pylist([row]), table)
    [item] = MappedSource(MappedConfig(mapping=name, path=table)).items(ImageStore(tmp_path / "store"))
    assert isinstance(item, Item) and (item.verifier, item.gold, len(item.images)) == (verifier, gold, 1)


def test_every_source_of_the_benchmark_and_of_the_labels_has_a_mapping():
    assert set(QUOTAS) <= {load_mapping(name).source for name in VILBENCH}
    assert VILREWARD.keys() <= {*PAPER, *VILBENCH} and len(VILREWARD) == 5


def test_the_sources_of_the_labels_sum_to_what_was_released():
    assert sum(one.questions for one in VILREWARD.values()) == 16_926
    assert sum(one.processes for one in VILREWARD.values()) == 73_560
    math = sum(VILREWARD[name].processes for name in ("mavis_geo", "geoqa170k", "clevr_math"))
    assert (math, round(math / 73_560, 1)) == (58_660, 0.8)


def test_a_photo_named_by_number_is_found(tmp_path):
    (tmp_path / "train2017").mkdir()
    (tmp_path / "train2017" / "000000000042.jpg").write_bytes(png()["bytes"])
    file = tmp_path / "train.json"
    file.write_text(
        '[{"question_id": "q", "image_id": 42, "question": "Why?", "choices": ["x"], "correct_choice_idx": 0}]'
    )
    [item] = MappedSource(MappedConfig(mapping="aokvqa", path=file, image_root=tmp_path)).items(
        ImageStore(tmp_path / "s")
    )
    assert isinstance(item, Item) and item.gold == "A"
