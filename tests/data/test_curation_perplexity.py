"""Subsets of highest perplexity under the random tiny model."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_row
from seethink.core.rejected import InputError
from seethink.core.tables import MANIFEST, parts, read_manifest, read_rows, write_manifest, write_rows
from seethink.core.trace import write_tags
from seethink.data.config import Quota
from seethink.data.curation.perplexity import PerplexityConfig, Subset, perplexity_subsets

SIZES = (2, 4)


@pytest.fixture
def ranked(tiny: Path, world_items: list[Item], world_images: ImageStore, tmp_path: Path) -> Callable[..., Any]:
    """Rank six demonstrations of the world; the second is like the first in all but its item."""
    rows = [
        item_row(item) | {"response": write_tags(f"So {'very ' * n}", "3")} for n, item in enumerate(world_items[:6])
    ]
    write_rows(tmp_path / "sft", rows)
    write_manifest(tmp_path / "sft", Quota(), seeds={}, data={}, started=0.0)

    def rank(*models: Path, **fields: Any) -> list[Subset]:
        config = PerplexityConfig.model_validate({"sizes": SIZES, "batch": 4, "part": 4, **fields})
        return perplexity_subsets(config, models or (tiny,), tmp_path, world_images)

    return rank


def test_the_highest_are_kept_and_the_smaller_set_lies_in_the_larger(ranked: Any, tmp_path: Path) -> None:
    subsets = ranked()
    measured = {row["item_id"]: row["perplexity"] for row in read_rows(tmp_path / "perplexity" / "sft")}
    best = sorted(measured, key=lambda item: -measured[item])
    kept = [[row["id"] for row in read_rows(subset.folder)] for subset in subsets]
    assert [set(ids) for ids in kept] == [set(best[:size]) for size in SIZES] and subsets[0].lowest == measured[best[1]]
    in_set = [row["id"] for row in read_rows(tmp_path / "sft")]
    assert all(ids == [one for one in in_set if one in ids] for ids in kept)
    assert (read_manifest(tmp_path / "sft_top_2") or {})["rows"] == 2


def test_perplexity_is_exp_of_the_mean_and_is_averaged_over_models(ranked: Any, tiny: Path, tmp_path: Path) -> None:
    ranked(tiny, "base")
    for row in read_rows(tmp_path / "perplexity" / "sft"):
        assert row["perplexity"] == pytest.approx(sum(row["by_model"]) / 2)
    folders = [folder for folder in (tmp_path / "perplexity").iterdir() if folder.name.startswith("sft-")]
    scored = [[math.exp(row["nll"]) for row in read_rows(folder)] for folder in folders]
    told = [row["by_model"] for row in read_rows(tmp_path / "perplexity" / "sft")]
    assert sorted(zip(*scored, strict=True)) in (sorted(map(tuple, told)), sorted((b, a) for a, b in told))


def test_ties_go_by_id(ranked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from seethink.models import logprobs

    monkeypatch.setattr(logprobs, "likelihoods", lambda *a, **k: [logprobs.Likelihood(1.0, 5)] * len(a[2]))
    ids = sorted(row["id"] for row in read_rows(tmp_path / "sft"))
    assert {row["id"] for row in read_rows(ranked()[0].folder)} == set(ids[:2])


def test_a_killed_ranking_goes_on_and_another_size_asks_no_model(
    ranked: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked()
    [scored] = [folder for folder in (tmp_path / "perplexity").iterdir() if folder.name.startswith("sft-")]
    whole = list(read_rows(scored))
    (scored / MANIFEST).unlink()
    parts(scored)[-1].unlink()
    ranked()
    again = list(read_rows(scored))
    assert [row["item_id"] for row in again] == [row["item_id"] for row in whole]
    assert [row["nll"] for row in again] == pytest.approx([row["nll"] for row in whole])
    assert (read_manifest(scored) or {})["resumed_parts"] == 1
    monkeypatch.setattr("seethink.models.load.load_checkpoint", lambda *a, **k: pytest.fail("loaded a model"))
    assert [subset.rows for subset in ranked(sizes=(3,))] == [3]


def test_a_size_that_is_no_subset_is_refused_before_a_model_is_loaded(ranked: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"sizes \[5000, 10000, 25000\]: .*sft has 6 rows"):
        ranked(sizes=(5_000, 10_000, 25_000))
    assert not (tmp_path / "perplexity").exists()
