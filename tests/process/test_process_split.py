import json

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError, Rejected
from seethink.evaluation.catalogue import find_entry
from seethink.evaluation.questions import benchmark_items
from seethink.process.best_of_n import best_of_n_results
from seethink.process.pool import Candidate, Pool
from seethink.process.score import Scored

VERSIONS = ("Text Dominant", "Text Lite", "Vision Intensive", "Vision Dominant", "Vision Only")


def mathverse(path):
    """Items of a file of MathVerse's own records, with a picture where each of them names one."""
    for number, line in enumerate(path.read_text().splitlines()):
        picture = json.loads(line)["image"]
        if picture:
            (path.parent / picture).parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (8, 8), (number, 0, 0)).save(path.parent / picture)
    benchmark = find_entry("mathverse").benchmark
    return list(benchmark_items(benchmark, path, path.parent, ImageStore(path.parent / "store")))


def results(items, **settings):
    """A scorer that is right where the text says more."""
    found = [Pool(item, "g", (Candidate("w", 0.0, "1"), Candidate("r", 1.0, "2"))) for item in items]
    scores = {}
    for pool in found:
        sees = "Text" in str(pool.item.meta["problem_version"])
        scores |= {("g", pool.item.id, 0): (0.5,), ("g", pool.item.id, 1): (0.9 if sees else 0.1,)}
    return best_of_n_results(found, [Scored("prm", scores)], ns=(2,), resamples=100, **settings)


@pytest.fixture
def made_up(tmp_path):
    records = [
        {
            "sample_index": str(number),
            "problem_index": "1",
            "problem_version": version,
            "question": "" if version == "Vision Only" else f"How long is the side? ({version})",
            "question_for_eval": "How long is the side?",
            "query_wo": f"Answer directly.\nQuestion: {version}",
            "image": f"pictures/{number}.png",
            "answer": "7",
            "question_type": "free-form",
            "metadata": {"subject": "Plane Geometry", "subfield": "Length"},
        }
        for number, version in enumerate(VERSIONS)
    ]
    (tmp_path / "mine.jsonl").write_text("\n".join(map(json.dumps, records)))
    return mathverse(tmp_path / "mine.jsonl")


def test_a_benchmark_s_item_keeps_what_results_are_split_by(made_up):
    assert [item.meta["problem_version"] for item in made_up] == list(VERSIONS)
    assert made_up[0].meta == {
        "id": "0",
        "problem_index": "1",
        "problem_version": "Text Dominant",
        "question_type": "free-form",
        "subject": "Plane Geometry",
        "subfield": "Length",
    }


def test_best_of_n_is_told_for_each_version(made_up):
    splits = results(made_up, split_by="problem_version")["splits"]
    worth = {version: part["rows"][0]["accuracy"]["mean"] for version, part in splits.items()}
    assert worth == {version: float(version.startswith("Text")) for version in VERSIONS}


def test_the_items_sources_split_too_and_a_key_that_no_item_has_is_refused(made_up):
    assert set(results(made_up, split_by="source")["splits"]) == {"mathverse"}
    with pytest.raises(InputError, match=r"no item has 'version'; the items tell id, problem_index, problem_version"):
        results(made_up, split_by="version")


def test_real_records_of_mathverse_keep_their_version(real_data, tmp_path):
    """Text Lite and Vision Intensive ask the same of this problem: one item that is in both. The record of Vision Only
    does not tell a judge what was asked, and is set aside."""
    text = "".join(path.read_text() for path in sorted((real_data / "mathverse").glob("*.jsonl")))
    (tmp_path / "real.jsonl").write_text(text)
    items = [one for one in mathverse(tmp_path / "real.jsonl") if not isinstance(one, Rejected)]
    splits = results(items, split_by="problem_version")["splits"]
    assert splits.keys() == {*VERSIONS[:-1], "Text Only"} and splits["Text Only"]["items"] > 60
    assert all(splits[version]["items"] == 1 for version in VERSIONS[:-1])
