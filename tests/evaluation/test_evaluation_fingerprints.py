import io
import itertools
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from seethink.core.records import read_records
from seethink.core.rejected import InputError
from seethink.core.tables import read_manifest
from seethink.data.curation.leakage import read_fingerprints
from seethink.evaluation.fingerprints import FingerprintConfig, write_fingerprints


@pytest.fixture
def records(tmp_path):
    """Write records as JSON Lines beside one good picture."""
    Image.effect_mandelbrot((60, 60), (-2, -1, 1, 1), 40).convert("RGB").save(tmp_path / "good.png")

    def write(*rows):
        (tmp_path / "test.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return read_records(tmp_path / "test.jsonl")

    return write


def test_records_that_no_verifier_accepts_are_recognised_all_the_same(records, tmp_path):
    found = records(
        {"id": 1, "question": "Which two?", "image": "good.png", "answer": "A, C"},
        {"id": 2, "question": "", "image": "good.png"},
    )
    unread = write_fingerprints(found, tmp_path, FingerprintConfig(benchmark="b"), tmp_path / "out")
    first, second = read_fingerprints(tmp_path / "out")
    assert unread == [] and (first.benchmark, first.item_id, first.words) == ("b", "1", 2)
    assert second.questions == () and second.pictures == first.pictures


def test_a_record_that_cannot_be_read_is_told_and_counted(records, tmp_path):
    found = records(
        {"question": "Fine?", "image": "good.png"},
        {"question": "Gone?", "image": "gone.png"},
        {"question": "Outside?", "image": "../../etc/passwd"},
        {"question": "Which field?", "picture": "good.png"},
        {"question": None, "image": None},
    )
    unread = write_fingerprints(found, tmp_path, FingerprintConfig(benchmark="b"), tmp_path / "out")
    told = [one.detail for one in unread]
    assert "gone.png is not in" in told[0] and "leaves the image folder" in told[1]
    assert "no field image or images" in told[2] and "neither question nor picture" in told[3]
    assert unread[0].where == "test.jsonl:2"
    manifest = read_manifest(tmp_path / "out")
    assert (manifest["rows"], manifest["unread"]) == (1, 4)


def test_fields_by_other_names_and_pictures_within_a_table(records, tmp_path):
    buffer = io.BytesIO()
    Image.open(tmp_path / "good.png").save(buffer, "PNG")
    table = pa.Table.from_pylist([{"query": "How many?", "decoded": {"bytes": buffer.getvalue(), "path": "x.png"}}])
    pq.write_table(table, tmp_path / "test.parquet")
    config = FingerprintConfig(benchmark="b", question="query", image=("decoded",))
    write_fingerprints(read_records(tmp_path / "test.parquet"), tmp_path, config, tmp_path / "out")
    [one] = read_fingerprints(tmp_path / "out")
    assert len(one.pictures) == 1 and one.item_id == "test.parquet:1"


def test_a_file_of_which_nothing_can_be_read_leaves_no_table(records, tmp_path):
    with pytest.raises(InputError, match="no field question"):
        write_fingerprints(records({"q": "?"}), tmp_path, FingerprintConfig(benchmark="b"), tmp_path / "out")
    assert read_manifest(tmp_path / "out") is None


def test_a_real_benchmark_is_read_whole(real_data, tmp_path):
    """Also the records whose question stands in the picture alone, or whose answer is several letters."""
    folder = real_data / "logicvista"
    found = itertools.islice(read_records(folder / "dataset_subset.jsonl"), 50, 70)
    config = FingerprintConfig(benchmark="logicvista", image=("imagename",))
    assert write_fingerprints(found, folder / "images", config, tmp_path / "out") == []
    assert len(read_fingerprints(tmp_path / "out")) == 20
