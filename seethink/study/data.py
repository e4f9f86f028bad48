"""The study's data: the six steps over the embedded world, against the oracle teacher on a loopback port."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_from_row
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.core.trace import THINK_CLOSE, THINK_OPEN, write_tags
from seethink.data import DataConfig, funnel_from_record, run_pipeline, write_step_truth
from seethink.data.brought import REASONING
from seethink.data.sources import VlaaThinkingConfig, all_items, open_source
from seethink.data.sources.vlaa_thinking import VlaaThinkingSource
from seethink.training.samples import Demonstration
from seethink.world.oracle import CAPTIONER, REASONER, REWRITER, VERIFIER, Dials, serving
from seethink.world.source import WorldConfig, WorldSource
from seethink.world.truth import WorldTruth


@dataclass(frozen=True, slots=True)
class DataSets:
    """What training takes from a data run, and the funnel that led there (rows as ``analysis`` reads them)."""

    sft: list[Demonstration]
    rl: list[Item]
    funnel: list[dict[str, Any]]


def build_world_data(
    world: WorldConfig,
    teacher: Dials,
    config: DataConfig,
    images: ImageStore,
    out: Path,
    console: Console | None = None,
) -> DataSets:
    """Run the data factory; a finished run is read, a killed one goes on and pays for no answer twice."""
    with serving(teacher) as url:
        asked = config.model_copy(
            update={
                "base_url": url,
                "captioner": config.captioner.model_copy(update={"model": CAPTIONER}),
                "reasoner": config.reasoner.model_copy(update={"model": REASONER}),
                "rewriter": config.rewriter.model_copy(update={"model": REWRITER}),
                "verifier": config.verifier.model_copy(update={"model": VERIFIER}),
            }
        )
        run_pipeline(WorldSource(world).items(images), images, asked, out, console=console)
    truth = WorldTruth()
    write_step_truth(out, truth, truth.knows)
    return read_data(out)


def build_data(config: DataConfig, images: ImageStore, out: Path, console: Console | None = None) -> None:
    """Run the data factory over the config's own sources and teachers; as ``build_world_data``."""
    if not config.sources:
        raise InputError("data.sources names no source: name one, or choose another source of the study's data")
    asked = config.with_sources()
    run_pipeline(all_items(map(open_source, asked.sources), images), images, asked, out, console=console)


def read_collected(out: Path) -> list[Item]:
    """Every item that a data run collected, whatever became of it. InputError where it collected none."""
    items = [item_from_row(row) for row in read_rows(out / "collect" / "rows")]
    if not items:
        raise InputError(f"{out} holds no collected items: run seethink data build --out {out} first")
    return items


def read_demonstrations(out: Path, name: str = "sft") -> list[Demonstration]:
    """The SFT set of a data run, or what curation made of it (``sft_top_5000``, ``sft_stripped``). InputError where
    there is none, it is not finished, or it holds no responses."""
    _check_finished(out)
    folder = out / name
    if read_manifest(folder) is None:
        finished = sorted(path.parent.name for path in out.glob("*/manifest.json"))
        raise InputError(f"{out} holds no finished set {name}: choose among {', '.join(finished)}")
    rows = list(read_rows(folder))
    if rows and "response" not in rows[0]:
        raise InputError(f"{folder} holds no responses to imitate: choose an SFT set")
    return [Demonstration(item_from_row(row), row["response"]) for row in rows]


def released_demonstrations(path: Path, image_root: Path, images: ImageStore) -> Iterator[Demonstration | Rejected]:
    """The rows of the released SFT file, as they are; its answer block is all the gold there is."""
    source = VlaaThinkingSource(VlaaThinkingConfig(path=path, image_root=image_root))
    for item in source.items(images):
        if isinstance(item, Rejected):
            yield item
            continue
        think = str(item.meta[REASONING]).removeprefix(THINK_OPEN).split(THINK_CLOSE)[0]
        yield Demonstration(item, write_tags(think, item.gold))


def read_data(out: Path) -> DataSets:
    """The finished sets of a data run. InputError where there is none, or it is not finished."""
    _check_finished(out)
    return DataSets(
        sft=read_demonstrations(out),
        rl=[item_from_row(row) for row in read_rows(out / "rl")],
        funnel=[
            {"source": row.source, "step": row.step, "kept": row.kept, "reasons": dict(row.rejected)}
            for row in map(funnel_from_record, read_rows(out / "funnel"))
        ],
    )


def _check_finished(out: Path) -> None:
    if read_manifest(out / "funnel") is None:
        raise InputError(f"{out} holds no finished data run: run seethink data build --out {out} to its end")
