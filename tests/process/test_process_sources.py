from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

import seethink.process
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.data.sources.mapped import MappedConfig, MappedSource

MAPPINGS = Path(seethink.process.__file__).parent / "mappings"


def png():
    buffer = BytesIO()
    Image.new("RGB", (8, 8), "red").save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "row", "verifier"),
    [
        ("mmstar", {"index": 7, "question": "Which?\nOptions: A: a, B: b", "answer": "B", "category": "c"}, "mcq"),
        ("realworldqa", {"question": "Which side?\nA. left\nB. right", "answer": "A"}, "mcq"),
        ("realworldqa", {"question": "How many?", "answer": "3"}, "digit"),
    ],
)
def test_a_table_as_documented_becomes_items(name, row, verifier, tmp_path):
    table = tmp_path / "test.parquet"
    pq.write_table(pa.Table.from_pylist([row | {"image": {"bytes": png(), "path": "a.png"}}]), table)
    source = MappedSource(MappedConfig(mapping=str(MAPPINGS / f"{name}.yaml"), path=table))
    [item] = source.items(ImageStore(tmp_path / "store"))
    assert isinstance(item, Item) and (item.verifier, item.gold, len(item.images)) == (verifier, row["answer"], 1)
