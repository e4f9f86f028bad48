"""Where a study's data come from: the world, sources and teachers, a finished data run, or files; and how it is read.

Whatever it is, it ends as the folder of a data run: ``sft/``, ``rl/`` and ``funnel/``, each with its manifest.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from seethink.core.config import Config
from seethink.core.images import ImageStore
from seethink.core.item import Item, item_row
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import claim, data_hash, read_rows, write_manifest, write_rows
from seethink.data.brought import REASONING
from seethink.data.config import AnswerBlock
from seethink.data.curation import sft_response
from seethink.data.funnel import funnel_record, funnel_rows
from seethink.data.row import Row, row_record
from seethink.data.sources import SourceConfig, all_items, open_source
from seethink.data.steps import STEPS
from seethink.study.data import read_data, released_demonstrations
from seethink.training.samples import Demonstration


class RunTraces(Config):
    """Traces that our own data factory made."""

    kind: Literal["run"] = "run"
    path: Path
    """Folder of the finished data run."""
    name: str = "sft"
    """Which set below it; curation makes others."""


class FileTraces(Config):
    """Traces in a file: records with ``image``, ``question`` and, in ``answer``, a response in tags, as released."""

    kind: Literal["file"] = "file"
    path: Path
    image_root: Path


TracesConfig = Annotated[RunTraces | FileTraces, Field(discriminator="kind")]


class WorldSourceConfig(Config):
    """The embedded world and its oracle teacher, as ``world``, ``teacher`` and ``data`` say."""

    kind: Literal["world"] = "world"


class FactorySourceConfig(Config):
    """``data.sources``, taught by the teachers of ``data``; see the guide of the data factory."""

    kind: Literal["factory"]


class RunSourceConfig(Config):
    """A finished data run."""

    kind: Literal["run"]
    path: Path


class FileSourceConfig(Config):
    """Traces and items in files."""

    kind: Literal["file"]
    traces: FileTraces | None = None
    """What SFT imitates."""
    items: tuple[SourceConfig, ...] = ()
    """What RL asks. The response that a record brings beside its question (``ds_answer``, as the released RL file has
    it) is the trace of that item, for arms that imitate what RL asks (``traces.rows``)."""
    answer_block: AnswerBlock = AnswerBlock.GOLD
    """What goes between the answer tags of such a trace, which is a think block and prose."""

    @model_validator(mode="after")
    def _has_something(self) -> FileSourceConfig:
        if self.traces is None and not self.items:
            raise ValueError("name traces, items, or both")
        return self


DataSource = Annotated[
    WorldSourceConfig | FactorySourceConfig | RunSourceConfig | FileSourceConfig, Field(discriminator="kind")
]


def source_paths(source: Any) -> list[Path]:
    """Files and folders that a source reads."""
    match source:
        case RunSourceConfig():
            return [source.path]
        case FileSourceConfig():
            traces = [source.traces.path, source.traces.image_root] if source.traces else []
            items = [path for one in source.items for path in (one.path, one.image_root) if path is not None]
            return [*traces, *items]
    return []


def adopt_run(run: Path, images: ImageStore) -> None:
    """Make the pictures of a finished data run known to a study's store. InputError where the run is not finished."""
    read_data(run)
    for path in sorted((run / "images").glob("*/*.img")):
        here = images.root / path.parent.name / path.name
        if not here.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            fresh = here.with_suffix(f".{os.getpid()}")
            shutil.copyfile(path, fresh)
            fresh.replace(here)


def read_files(source: FileSourceConfig, images: ImageStore, out: Path) -> None:
    """Traces and items of files, as a data run of one step below ``out``; a finished one is left as it is."""
    started, made_of = time.time(), {"files": data_hash(map(_seen, source_paths(source)))}
    if claim(out / "funnel", source, made_of):
        return
    traces: Iterable[Demonstration | Rejected] = ()
    if source.traces is not None:
        traces = released_demonstrations(source.traces.path, source.traces.image_root, images)
    shown, aside = _sorted(traces)
    items, more = _sorted(all_items(map(open_source, source.items), images)) if source.items else ([], [])
    if not shown and not items:
        raise InputError(f"no row of the files can be read: {(aside + more)[0].detail if aside + more else 'no rows'}")
    traced = (Row(item, trace=str(item.meta.get(REASONING) or "")) for item in items)
    (out / STEPS[-1].name / "rows").mkdir(parents=True, exist_ok=True)
    write_rows(out / STEPS[-1].name / "rows", (row_record(row) for row in traced if row.trace))
    for name, rows in (
        ("sft", [item_row(one.item) | {"response": one.response} for one in shown]),
        ("rl", [item_row(item) for item in items]),
    ):
        (out / name).mkdir(parents=True, exist_ok=True)
        write_rows(out / name, rows)
        data = made_of | {"verified": made_of["files"], "table": data_hash(read_rows(out / name))}
        write_manifest(out / name, source, seeds={}, data=data, started=started, more={"rows": len(rows)})
    sources = [one.item.source for one in shown] + [item.source for item in items]
    reasons = [("set aside", row.reason) for row in aside + more]
    write_rows(out / "funnel", map(funnel_record, funnel_rows("read", sources, reasons)))
    write_manifest(out / "funnel", source, seeds={}, data=made_of, started=started)


def brought_response(item: Item, answer_block: AnswerBlock) -> str | Rejected | None:
    """The trace that an item's record brought, as SFT learns it; None where it brought none."""
    trace = str(item.meta.get(REASONING) or "")
    return sft_response(Row(item, reasoning=trace, trace=trace), answer_block) if trace else None


def _seen(path: Path) -> list[Any]:
    """What tells a file or folder from another version of itself, without reading it all."""
    if not path.exists():
        raise InputError(f"{path} does not exist: fetch it, or correct the path")
    stat = path.stat()
    return [str(path), stat.st_size, stat.st_mtime_ns] if path.is_file() else [str(path)]


def _sorted(found: Iterable[Any]) -> tuple[list[Any], list[Rejected]]:
    good: dict[str, Any] = {}
    aside: list[Rejected] = []
    for one in found:
        if isinstance(one, Rejected):
            aside.append(one)
            continue
        known = one.id if isinstance(one, Item) else one.item.id
        if known in good:
            aside.append(Rejected("twice", "the same item again", known))
        good.setdefault(known, one)
    return list(good.values()), aside
