"""The finished sets: SFT and RL tables with their manifests, what was left over, and the funnel of the whole run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from seethink.core.images import ImageStore
from seethink.core.item import item_row
from seethink.core.rejected import Rejected
from seethink.core.tables import MANIFEST, data_hash, parts, read_manifest, read_rows, write_manifest, write_rows
from seethink.data.config import DataConfig
from seethink.data.curate import curate
from seethink.data.curation.leakage import Benchmarks
from seethink.data.curation.pool import Pool
from seethink.data.curation.response import sft_response
from seethink.data.curation.split import BandSplit
from seethink.data.derived import remove_outdated
from seethink.data.engines.parts import Counts, Progress
from seethink.data.funnel import FunnelRow, funnel_record, funnel_rows
from seethink.data.roles import asked_how
from seethink.data.row import Row, rejection_record, row_from_record
from seethink.data.stage import Stage, table_column
from seethink.data.steps import STEPS
from seethink.teachers.ledger import Spent

_WRITTEN = (*Pool, "funnel")


@dataclass(frozen=True, slots=True)
class Sets:
    """How many rows each set holds, and the funnel that led there.

    Attributes:
        outdated: tables that were made of earlier sets, and were removed.
    """

    sft: int
    rl: int
    funnel: tuple[FunnelRow, ...]
    outdated: tuple[str, ...]


def write_sets(
    verified: Path,
    images: ImageStore,
    config: DataConfig,
    out: Path,
    made_by: str,
    spent: Mapping[str, Spent],
    started: float,
    progress: Progress,
) -> Sets:
    """Divide the verified rows and write ``sft``, ``rl``, ``curate/rejected`` and ``funnel`` below ``out``.

    What was made of other sets before is removed.

    Args:
        verified: the rows of the last step.
        images: holds their pictures.
        made_by: hash of the recipe of ``verified``, for the manifests.
        progress: told how far the step "curate" is.
    """
    total = sum(pq.read_metadata(path).num_rows for path in parts(verified))
    before = _tables(out)
    for name in _WRITTEN:
        (out / name / MANIFEST).unlink(missing_ok=True)
    fate = curate(
        _counted(_rows(verified), total, progress),
        quotas=config.quotas,
        seed=config.seed,
        answer_block=config.answer_block,
        split=config.split,
        bands=config.bands,
        benchmarks=Benchmarks(config.leakage, images) if config.leakage.against else None,
        images=images,
    )
    manifest = _Manifest(config, made_by, spent, started, _held_against(config))
    sft = write_rows(out / Pool.SFT, _sft_records(verified, fate, config))
    manifest.write(out / Pool.SFT, {"rows": sft})
    rl = write_rows(out / Pool.RL, _rl_records(verified, fate))
    manifest.write(out / Pool.RL, {"rows": rl})
    write_rows(out / "curate" / "rejected", _left_over(verified, fate))
    funnel = tuple(_funnel(out))
    write_rows(out / "funnel", map(funnel_record, funnel))
    manifest.write(out / "funnel", {"rows": len(funnel)})
    progress("curate", Counts(total, sft + rl, total - sft - rl))
    outdated = remove_outdated(out, changed=before != _tables(out))
    return Sets(sft, rl, funnel, tuple(outdated))


def withdraw_sets(out: Path, made_by: str | None) -> None:
    """Sets of rows that ``verify`` no longer holds, or not all of them, are finished no more.

    Args:
        made_by: as in ``write_sets``; None while rows are missing.
    """
    for name in _WRITTEN:
        manifest = read_manifest(out / name)
        if manifest is not None and manifest["data"].get("verified") != made_by:
            (out / name / MANIFEST).unlink()


def spent_record(spent: Mapping[str, Spent]) -> dict[str, float]:
    """All models' payments summed, as a manifest's cost."""
    total: Counter[str] = Counter()
    for one in spent.values():
        total.update(asdict(one))
    return {name: float(total[name]) for name in ("answers", "prompt_tokens", "completion_tokens", "possibly_paid")}


def _tables(out: Path) -> list[str | None]:
    """Hashes of the two sets, None for one that is not finished."""
    manifests = (read_manifest(out / pool) for pool in Pool)
    return [manifest["data"].get("table") if manifest else None for manifest in manifests]


@dataclass(frozen=True, slots=True)
class _Manifest:
    config: DataConfig
    made_by: str
    spent: Mapping[str, Spent]
    started: float
    held_against: Mapping[str, Any]

    def write(self, folder: Path, more: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        write_manifest(
            folder,
            self.config,
            seeds={"curate": self.config.seed},
            data={"verified": self.made_by, "table": data_hash(read_rows(folder))},
            started=self.started,
            cost=spent_record(self.spent),
            more={
                **more,
                "asked": {step.name: asked_how(step.role, self.config) for step in STEPS},
                "held_against": self.held_against,
                "cost_by_model": {model: asdict(one) for model, one in self.spent.items()},
            },
        )


def _held_against(config: DataConfig) -> dict[str, Any]:
    """What made the measurements and fingerprints that the rows were held against, by folder."""
    ranges = [*config.bands, *([config.split] if isinstance(config.split, BandSplit) else [])]
    folders = {*config.leakage.against, *(one.table for one in ranges)}
    return {str(folder): (read_manifest(folder) or {}).get("data") for folder in sorted(folders)}


def _rows(verified: Path) -> Iterator[Row]:
    return map(row_from_record, read_rows(verified))


def _counted(rows: Iterator[Row], total: int, progress: Progress) -> Iterator[Row]:
    for number, row in enumerate(rows):
        progress("curate", Counts(total, number))
        yield row


def _sft_records(verified: Path, fate: Mapping[str, Pool | Rejected], config: DataConfig) -> Iterator[dict[str, Any]]:
    for row in _rows(verified):
        if fate[row.item.id] is Pool.SFT:
            yield item_row(row.item) | {"response": sft_response(row, config.answer_block)}


def _rl_records(verified: Path, fate: Mapping[str, Pool | Rejected]) -> Iterator[dict[str, Any]]:
    for row in _rows(verified):
        if fate[row.item.id] is Pool.RL:
            yield item_row(row.item)


def _left_over(verified: Path, fate: Mapping[str, Pool | Rejected]) -> Iterator[dict[str, Any]]:
    for row in _rows(verified):
        one = fate[row.item.id]
        if isinstance(one, Rejected):
            yield rejection_record("curate", one, row.item)


def _funnel(out: Path) -> Iterator[FunnelRow]:
    for name in ("collect", *(step.name for step in STEPS)):
        stage = Stage(out / name)
        yield from funnel_rows(name, table_column(stage.rows, "source"), _reasons(stage.rejected))
    sft = Counter(table_column(out / Pool.SFT, "source"))
    rl = Counter(table_column(out / Pool.RL, "source"))
    yield from funnel_rows(
        "curate", [*sft.elements(), *rl.elements()], _reasons(out / "curate" / "rejected"), sft=sft, rl=rl
    )


def _reasons(folder: Path) -> Iterator[tuple[str, str]]:
    return zip(table_column(folder, "source"), table_column(folder, "reason"), strict=True)
