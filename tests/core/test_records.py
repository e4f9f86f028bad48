"""Strangers' files of records: arrays that are never held whole, lines, tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from seethink.core import json_array, records
from seethink.core.records import Record, read_records
from seethink.core.rejected import InputError, Rejected


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows of a few characters, so that every record crosses their edges."""
    monkeypatch.setattr(json_array, "_CHUNK", 7)
    monkeypatch.setattr(records, "MAX_RECORD", 200)


def read(path: Path, content: str | bytes, below: str = "") -> list[Any]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [one.fields if isinstance(one, Record) else one for one in read_records(path, below)]


ROWS: list[dict[str, Any]] = [
    {"a": 1},
    {"b": ["]", "\\", '"', "é\u2028"], "c": {"d": 12345678}},
    {"e": "\\\\" * 9 + '"'},
]


@pytest.mark.parametrize("indent", [None, 0, 4])
def test_an_array_is_read_through_a_small_window(short: None, tmp_path: Path, indent: int | None) -> None:
    for ascii_only in (True, False):
        text = json.dumps(ROWS, indent=indent, ensure_ascii=ascii_only)
        assert read(tmp_path / "x.json", text) == ROWS
        wrapped = f'{{"info": {{"n": [1, {text}]}}, "data": {text}, "more": 1}}'
        assert read(tmp_path / "x.json", wrapped, below="data") == ROWS


def test_an_element_knows_its_line(short: None, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(json.dumps(ROWS, indent=1))
    lines = path.read_text().splitlines()
    for record in read_records(path):
        assert isinstance(record, Record)
        assert lines[int(record.where.split(":")[1]) - 1].strip() == "{"


@pytest.mark.parametrize("long", ["x" * 5_000, '\\"]}' * 900, "\\\\" * 1_500])
def test_a_record_that_is_too_long_is_passed_over(short: None, tmp_path: Path, long: str) -> None:
    text = f'[{{"a": 1}}, {{"b": "{long}", "c": [{{}}]}}, {{"d": 2}}]'
    first, bad, last = read(tmp_path / "x.json", text)
    assert (first, last) == ({"a": 1}, {"d": 2}) and bad.reason == "record too long"
    lines = text[1:-1].replace("}, {", "}\n{")
    first, bad, last = read(tmp_path / "x.jsonl", lines)
    assert (first, last) == ({"a": 1}, {"d": 2})
    assert (bad.reason, bad.where) == ("record too long", "x.jsonl:2")


@pytest.mark.parametrize("bad", [b'{"q": "\xff\xfe"}', b'{"q": ' + b"9" * 5_000 + b"}", b'{"q": ' + b"[" * 5_000])
def test_a_bad_element_is_set_aside_and_the_next_goes_on(tmp_path: Path, bad: bytes) -> None:
    bad += b"]" * bad.count(b"[") + b"}" * (bad.count(b"{") - bad.count(b"}"))
    found = read(tmp_path / "x.json", b'[{"a": 1},' + bad + b',{"b": 2}]')
    assert (found[0], found[2]) == ({"a": 1}, {"b": 2}) and found[1].reason == "not JSON"


@pytest.mark.parametrize(
    ("text", "below", "told"),
    [
        ('[{"a": 1},\n{"b": 2', "", "x.json:2: the JSON array breaks off"),
        ('[{"a": 1}\n{"b": 2}]', "", "x.json:2: the JSON array breaks off"),
        ('[{"a": 1,,}]', "", "breaks off or is damaged here"),
        ('{"other": []}', "data", "there is no field data"),
        ('{"data": {}}', "data", "an array is needed"),
        ("[1, 2]", "data", "an object with the field data is needed"),
    ],
)
def test_a_damaged_array_stops_with_its_line(tmp_path: Path, text: str, below: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(tmp_path / "x.json", text, below)


def table(**columns: Any) -> pa.Table:
    return pa.table(columns)


def test_parquet_and_arrow_shards_are_one_table(tmp_path: Path) -> None:
    rows = table(id=["1", "2"], image=[{"bytes": b"x", "path": None}] * 2)
    for number in range(2):
        pq.write_table(rows, tmp_path / f"train-{number:05d}-of-00002.parquet")
    found = list(read_records(tmp_path))
    assert [one.where for one in found if isinstance(one, Record)][1:3] == [
        "train-00000-of-00002.parquet:2",
        "train-00001-of-00002.parquet:1",
    ]
    with pa.OSFile(str(tmp_path / "data.arrow"), "wb") as sink, pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    [first, _] = read_records(tmp_path / "data.arrow")
    assert isinstance(first, Record) and first.fields == {"id": "1", "image": {"bytes": b"x", "path": None}}


def test_two_splits_are_not_mixed(tmp_path: Path) -> None:
    for split in ("train", "test"):
        pq.write_table(table(a=[1]), tmp_path / f"{split}-00000-of-00001.parquet")
    with pytest.raises(InputError, match=r"several tables .*test, .*train"):
        list(read_records(tmp_path))
    assert len(list(read_records(tmp_path / "train-*.parquet"))) == 1


def test_a_broken_table_is_named_and_a_row_that_is_no_text_set_aside(tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really PAR1")
    with pytest.raises(InputError, match=r"x\.parquet cannot be read as a table"):
        list(read_records(tmp_path / "x.parquet"))
    bad = pa.array([b"good", b"\xff\xfe"]).view(pa.string())
    pq.write_table(pa.table({"q": bad}), tmp_path / "y.parquet")
    first, second = read_records(tmp_path / "y.parquet")
    assert isinstance(first, Record) and isinstance(second, Rejected) and second.where == "y.parquet:2"
