"""Export: tables of a finished run in a format, whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from seethink.core.images import ImageStore
from seethink.core.rejected import InputError, Rejected
from seethink.data.exports.card import card
from seethink.data.exports.form import Exported, Exporter, Format, Rows, exporter
from seethink.data.exports.sample import Sample, read_samples, table_kind
from seethink.data.exports.target import Target


def export_sets(
    run: Path,
    out: Path,
    form: Format,
    images: ImageStore,
    tables: Sequence[str] = ("sft", "rl"),
    figure: str | None = None,
) -> Exported:
    """Write tables of a finished run into ``out``, with a card; whole or not at all.

    Args:
        images: the run's pictures.
        tables: folders below ``run``: ``sft``, ``rl``, or what curation made of them.
        figure: SVG of the funnel for the card.

    Raises:
        InputError: an unfinished table, a folder that is not empty, or a form that takes none of the tables.
    """
    if out.exists() and any(out.iterdir()):
        raise InputError(f"{out} is not empty: give a new folder")
    one = exporter(form)
    kinds = {name: table_kind(run / name) for name in tables}
    taken = {name: kind for name, kind in kinds.items() if kind in one.kinds}
    if not taken:
        raise InputError(f"{form} takes tables of kind {', '.join(one.kinds)}: {', '.join(tables)} are none")
    out.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        target = Target(Path(scratch) / "export", out, images)
        target.folder.mkdir()
        aside: Counter[str] = Counter()
        rows = {
            name: one.write(target, name, kind, _rows(one, read_samples(run, run / name, kind), target, aside))
            for name, kind in taken.items()
        }
        one.finish(target, taken)
        exported = Exported(rows, dict(aside), tuple(name for name in kinds if name not in taken))
        if figure is not None:
            target.text("funnel.svg", figure)
        target.text("README.md", card(run, form, taken, exported, with_figure=figure is not None))
        target.folder.replace(out)
    return exported


def _rows(one: Exporter, samples: Iterator[Sample], target: Target, aside: Counter[str]) -> Rows:
    number = 0
    for sample in samples:
        row = one.row(sample, number, target)
        if isinstance(row, Rejected):
            aside[row.reason] += 1
        else:
            number += 1
            yield row
