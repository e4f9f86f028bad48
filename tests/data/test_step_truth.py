"""Wrong steps of kept traces: what verification cannot see, and the world can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from seethink.core.images import ImageStore
from seethink.data.config import DataConfig
from seethink.data.exports import Format, export_sets
from seethink.data.pipeline import Summary, run_pipeline
from seethink.data.step_truth import WrongSteps, read_step_truth, write_step_truth
from seethink.world.oracle import CAPTIONER, REASONER, REWRITER, VERIFIER, Dials, serving
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.truth import WorldTruth


@pytest.fixture
def factory(tmp_path: Path) -> Any:
    def go(count: int = 24, **dials: float) -> Summary:
        images = ImageStore(tmp_path / "images")
        models = {"captioner": CAPTIONER, "reasoner": REASONER, "rewriter": REWRITER, "verifier": VERIFIER}
        with serving(Dials(**{"caption_errors": 0.0, "hesitation": 0.5, **dials})) as base_url:  # type: ignore[arg-type]
            tree = {role: {"model": model} for role, model in models.items()}
            config = DataConfig.model_validate({"base_url": base_url, "width": 8, **tree})
            return run_pipeline(WorldSource(WorldConfig(count=count)).items(images), images, config, tmp_path / "out")

    return go


def counted(summary: Summary) -> dict[str, WrongSteps]:
    return {one.after: one for one in write_step_truth(summary.out, WorldTruth(), WorldTruth().knows)}


def test_verification_lets_wrong_steps_through_and_the_card_says_how_many(factory: Any, tmp_path: Path) -> None:
    summary = factory(wrong_steps=1.0)
    found = counted(summary)
    assert list(found) == ["distill", "rewrite", "verify", "SFT set", "RL set"]
    # A false step in place of a true one is now and then true of the picture as well.
    assert found["distill"].traces == 24 and found["distill"].wrong >= 20 and found["verify"].traces < 24
    assert 0 < found["verify"].wrong == found["SFT set"].wrong + found["RL set"].wrong
    export_sets(summary.out, tmp_path / "export", Format.PARQUET, ImageStore(tmp_path / "images"))
    card = (tmp_path / "export" / "README.md").read_text()
    assert "## Wrong steps" in card and f"| distill | 24 | {found['distill'].wrong} | " in card


def test_true_traces_hold_no_wrong_step_and_hesitation_states_nothing(factory: Any) -> None:
    found = counted(factory(wrong_steps=0.0, hesitation=1.0))
    assert {one.wrong for one in found.values()} == {0} and found["verify"].traces == 24


def test_counts_of_an_earlier_run_are_not_shown(factory: Any) -> None:
    summary = factory(count=4)
    counted(summary)
    assert len(read_step_truth(summary.out)) == 5
    assert read_step_truth(factory(count=6).out) == []


def test_items_of_other_sources_are_not_counted(run: Any, items: Any) -> None:
    assert {one.traces for one in counted(run(items(2))).values()} == {0}
