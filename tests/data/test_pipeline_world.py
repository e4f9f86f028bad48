"""The whole factory over the embedded world and its oracle teacher, whose every answer is known."""

from __future__ import annotations

from pathlib import Path

from seethink.core.cues import has_cue
from seethink.core.images import ImageStore
from seethink.core.tables import read_rows
from seethink.core.trace import read_tags
from seethink.data.config import DataConfig
from seethink.data.pipeline import run_pipeline
from seethink.world.oracle import CAPTIONER, REASONER, REWRITER, VERIFIER, Dials, serving
from seethink.world.source import WorldConfig, WorldSource


def test_world_items_become_both_sets(tmp_path: Path) -> None:
    images = ImageStore(tmp_path / "images")
    items = WorldSource(WorldConfig(count=40)).items(images)
    models = {"captioner": CAPTIONER, "reasoner": REASONER, "rewriter": REWRITER, "verifier": VERIFIER}
    with serving(Dials(caption_errors=0.0, wrong_steps=0.2)) as base_url:
        tree = {role: {"model": model} for role, model in models.items()}
        config = DataConfig.model_validate({"base_url": base_url, "width": 8, **tree})
        summary = run_pipeline(items, images, config, tmp_path / "out")
    assert summary.sft + summary.rl + summary.rejected == 40 and summary.sft > 5 and summary.rl > 5
    assert {reason for row in summary.funnel for reason in row.rejected} <= {"wrong answer"}
    rows = list(read_rows(summary.out / "sft"))
    assert all((tagged := read_tags(row["response"])) and tagged.answer == row["gold"] for row in rows)
    assert not any(has_cue(row["response"].split("</think>")[0]) for row in rows)
