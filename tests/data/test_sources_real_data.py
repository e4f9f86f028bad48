"""The sources on extracts of the public data sets."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from seethink.core.images import ImageStore
from seethink.core.item import Item, Verifier
from seethink.core.rejected import Rejected
from seethink.data.sources import Geometry3kConfig, MappedConfig, VlaaThinkingConfig, open_source

REAL_DATA = Path(__file__).resolve().parents[2].parent / "shared" / "real_data"

pytestmark = pytest.mark.skipif(not REAL_DATA.is_dir(), reason="no ../shared/real_data beside this checkout")


def test_geometry3k_gives_its_training_problems_with_options_and_facts(images: ImageStore) -> None:
    config = Geometry3kConfig(path=REAL_DATA / "geometry3k" / "problems_subset.jsonl")
    found = list(open_source(config).items(images))
    items = [one for one in found if isinstance(one, Item)]
    assert Counter(one.reason for one in found if isinstance(one, Rejected)) == {"not a training problem": 2}
    assert len(items) == 55 and {item.verifier for item in items} == {Verifier.MCQ}
    first = items[0]
    assert first.question.endswith("Find m \\widehat A B.\nA) 30\nB) 40\nC) 60\nD) 80")
    assert (first.gold, first.meta["id"]) == ("D", "11") and "PointLiesOnCircle" in first.context
    redrawn = [item for item in items if item.meta["image_kind"] == "redrawn"]
    assert len(redrawn) == 45 and all("\nA) " in item.question and not item.context for item in redrawn)
    # One redrawn problem has no facts to tell: its regular polygon can be counted.
    assert sum("\nGiven: " in item.question for item in redrawn) == 44
    assert all(images.open(item.images[0]).size[0] > 10 for item in items)


def test_vizwiz_records_are_read_by_their_mapping(images: ImageStore, tmp_path: Path) -> None:
    path = REAL_DATA / "vizwiz_text" / "val_subset.jsonl"
    for line in path.read_text().splitlines():
        # The extract has no photos.
        Image.new("RGB", (4, 4)).save(tmp_path / json.loads(line)["image"])
    found = list(open_source(MappedConfig(mapping="vizwiz", path=path, image_root=tmp_path)).items(images))
    assert len(found) == 120 and all(isinstance(one, Item) and one.verifier is Verifier.OPEN for one in found)
    assert [one.gold for one in found[:3] if isinstance(one, Item)] == ["orange", "white", "nothing"]


def test_the_published_vlaa_thinking_records_become_items(images: ImageStore) -> None:
    folder = REAL_DATA / "vlaa_thinking"
    config = VlaaThinkingConfig(path=folder / "examples.jsonl", image_root=folder, image_field="image_file")
    items = {item.source: item for item in open_source(config).items(images) if isinstance(item, Item)}
    assert {source: item.verifier.value for source, item in items.items()} == {
        "clevr_math": "digit",
        "geoqa170k": "mcq",
        "math_puma": "math",
        "arxivqa": "mcq",
        "allava_laion": "open",
    }
    assert items["math_puma"].gold == "y = -5 * sin(-5 * x)"
    assert items["math_puma"].context.startswith("The function y = a * sin")
    assert items["clevr_math"].context.startswith("There are a large blue metal sphere")
    assert items["geoqa170k"].context == items["arxivqa"].context == ""
    assert items["arxivqa"].meta["ds_answer"].startswith("<think>")
