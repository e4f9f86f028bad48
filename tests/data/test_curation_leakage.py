"""Rows that a benchmark knows, and rows that ask the same of a copy of a picture."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import make_item
from seethink.core.records import read_records
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.data.config import AnswerBlock
from seethink.data.curate import curate
from seethink.data.curation.leakage import Benchmarks, LeakageConfig
from seethink.data.row import Row
from seethink.evaluation.fingerprints import FingerprintConfig, write_fingerprints

LONG = "In the figure the triangle ABC has a right angle at C and two sides of length five; how long is the third side?"
TRACE = "<think>I look.</think> It is blue."


def picture(seed: int) -> Image.Image:
    """Coarse noise: like no other seed's."""
    cells = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((96, 96), Image.Resampling.BICUBIC)


def encoded(seed: int, *, copied: bool = False) -> bytes:
    buffer = io.BytesIO()
    if copied:
        picture(seed).resize((61, 61), Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=80)
    else:
        picture(seed).save(buffer, "PNG")
    return buffer.getvalue()


def row(
    images: ImageStore, question: str, seed: int, *, copied: bool = False, gold: str = "blue", trace: str = TRACE
) -> Row:
    shown = (images.add(encoded(seed, copied=copied)),)
    return Row(make_item(source="s", question=question, gold=gold, verifier="open", images=shown), trace=trace)


@pytest.fixture
def benchmark(tmp_path: Path) -> Path:
    """Two questions of a benchmark, a short one on picture 0 and a long one on picture 1, as its fingerprints."""
    folder = tmp_path / "benchmark"
    folder.mkdir()
    for seed in range(2):
        (folder / f"{seed}.png").write_bytes(encoded(seed))
    lines = [{"id": seed, "question": text, "image": f"{seed}.png"} for seed, text in enumerate(["How many?", LONG])]
    (folder / "test.jsonl").write_text("\n".join(map(json.dumps, lines)))
    records = read_records(folder / "test.jsonl")
    assert write_fingerprints(records, folder, FingerprintConfig(benchmark="exam"), folder / "prints") == []
    return folder / "prints"


def fates(rows: list[Row], images: ImageStore, *against: Path, **how: Any) -> list[str]:
    benchmarks = Benchmarks(LeakageConfig(against=against, **how), images) if against else None
    fate = curate(rows, quotas={}, seed=0, answer_block=AnswerBlock.GOLD, benchmarks=benchmarks, images=images).values()
    return [one.reason if isinstance(one, Rejected) else one.value for one in fate]


def test_a_benchmarks_picture_is_found_in_a_copy_whatever_is_asked(benchmark: Path, images: ImageStore) -> None:
    rows = [row(images, "What colour?", 0), row(images, "What shape?", 0, copied=True), row(images, "What colour?", 7)]
    assert fates(rows, images, benchmark) == ["picture of a benchmark"] * 2 + ["sft"]


def test_a_long_question_is_found_over_another_picture_and_a_short_one_is_not(
    benchmark: Path, images: ImageStore
) -> None:
    rows = [row(images, LONG.upper(), 7), row(images, "How many?", 8), row(images, f"{LONG}\nA) 1\nB) 2", 9)]
    assert fates(rows, images, benchmark) == ["question of a benchmark", "sft", "question of a benchmark"]
    assert fates(rows, images, benchmark, question_words=2) == ["question of a benchmark"] * 3


def test_where_both_are_asked_for_neither_is_enough(benchmark: Path, images: ImageStore) -> None:
    rows = [row(images, "How many?", 0, copied=True), row(images, "What colour?", 0), row(images, LONG, 7)]
    found = fates(rows, images, benchmark, by="both")
    assert found == ["question and picture of a benchmark", "sft", "sft"]


def test_the_reason_names_the_benchmarks_item(benchmark: Path, images: ImageStore) -> None:
    found = Benchmarks(LeakageConfig(against=(benchmark,)), images).find(row(images, "What?", 1).item)
    assert found is not None and found.detail == "exam 1"


def test_a_question_of_a_copied_picture_comes_into_one_set_only(images: ImageStore) -> None:
    rows = [
        row(images, "What colour?", 0),
        row(images, "what colour", 0, copied=True, trace="<think>wait</think> blue"),
        row(images, "What shape?", 0, copied=True),
        row(images, "What colour?", 1),
        row(images, "What colour?", 0, copied=True, gold="red"),
    ]
    assert fates(rows[:4], images) == ["sft", "copy of a picture with the same question", "sft", "sft"]
    # Two plots on the same axes look alike; another gold says that they are not the same.
    assert fates([rows[0], rows[4]], images) == ["sft", "sft"]


def test_items_with_several_pictures_are_twins_where_all_of_them_are(images: ImageStore) -> None:
    def pair(first: int, second: int, *, copied: bool = False) -> Row:
        shown = tuple(images.add(encoded(seed, copied=copied)) for seed in (first, second))
        item = make_item(source="s", question="Which?", gold="blue", verifier="open", images=shown)
        return Row(item, trace=TRACE)

    found = fates([pair(0, 1), pair(0, 2), pair(0, 1, copied=True)], images)
    assert found == ["sft", "sft", "copy of a picture with the same question"]


def test_a_pipeline_run_sets_leaks_aside_and_counts_them(run: Any, items: Any, tmp_path: Path) -> None:
    made = items(3)
    (tmp_path / "heldout.jsonl").write_text(json.dumps({"id": "h", "question": made[1].question, "image": None}))
    config = FingerprintConfig(benchmark="heldout")
    write_fingerprints(read_records(tmp_path / "heldout.jsonl"), tmp_path, config, tmp_path / "prints")
    summary = run(made, leakage={"against": [str(tmp_path / "prints")], "question_words": 1})
    [counted] = [one for one in summary.funnel if one.step == "curate"]
    assert counted.rejected == {"question of a benchmark": 1} and summary.sft == 2
    assert [record["item_id"] for record in read_rows(summary.out / "curate" / "rejected")] == [made[1].id]
    manifest = read_manifest(summary.out / "sft") or {}
    assert list(manifest["held_against"]) == [str(tmp_path / "prints")]


def test_a_folder_without_fingerprints_is_named(images: ImageStore, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no finished fingerprints: make them with seethink data fingerprint"):
        Benchmarks(LeakageConfig(against=(tmp_path,)), images)
