"""The visual-dependence audit, with a local model and with the oracle of the world."""

import pytest
from rich.console import Console

from seethink.core.rejected import InputError
from seethink.core.tables import read_json, read_manifest, read_rows
from seethink.data import DataConfig
from seethink.study.blindness import BlindConfig, audit_with_model, audit_with_teacher, blind_table
from seethink.world.oracle import CAPTIONER, REASONER, REWRITER, VERIFIER, Dials, serving


def test_a_local_model_never_sees_a_picture(tiny, world_items, world_images, tmp_path):
    found = audit_with_model(BlindConfig(draws=2, max_tokens=6), tiny, world_items[:4], world_images, tmp_path)
    rows = list(read_rows(tmp_path))
    assert [row["item_id"] for row in rows] == [item.id for item in world_items[:4]]
    assert all(row["draws"] == 2 and 0 <= row["visual_dependence"] <= 1 for row in rows)
    assert all(row["images"] == [] for row in read_rows(tmp_path / "responses"))
    assert read_json(tmp_path / "blind.json") == found and sum(row["items"] for row in found["by_source"]) == 4


def test_a_teacher_is_asked_and_the_table_says_what_it_cost(world_items, world_images, tmp_path):
    roles = {"captioner": CAPTIONER, "reasoner": REASONER, "rewriter": REWRITER, "verifier": VERIFIER}
    with serving(Dials()) as url:
        tree = {"base_url": url, "width": 4, **{role: {"model": model} for role, model in roles.items()}}
        config = DataConfig.model_validate(tree)
        found = audit_with_teacher(config, 2, world_items[:6], world_images, tmp_path)
    assert (read_manifest(tmp_path) or {})["cost"]["answers"] >= 12 and len(list(read_rows(tmp_path))) == 6
    console = Console(record=True, width=200)
    console.print(blind_table(found))
    assert REASONER in console.export_text()


def test_an_audit_of_nothing_is_refused(world_images, tmp_path):
    with pytest.raises(InputError, match="the audit has no items"):
        audit_with_model(BlindConfig(), "base", [], world_images, tmp_path)
