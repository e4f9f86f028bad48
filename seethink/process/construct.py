"""Benchmark construction: the items on which scoring steps is worth more than scoring whole responses (ViLBench 3.2).

The indicator's exact formula is not known. Variant A follows the project page (scorers "do well as PRMs but worse as
ORMs under best-of-N"), variant B a public overview (average PRM score minus average ORM score). They are never mixed.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from seethink.core.images import ImageStore
from seethink.core.item import Item, item_record, items_by_id, own_id
from seethink.core.rejected import InputError
from seethink.core.tables import write_text
from seethink.process.aggregate import LAST, MEAN, aggregate
from seethink.process.best_of_n import NS
from seethink.process.pool import Pool, decided
from seethink.process.score import Scored
from seethink.process.select import selected_hit

QUOTAS: Mapping[str, int] = {"mmstar": 150, "mathvista": 150, "mathverse": 100, "mmmu_pro": 100, "realworldqa": 100}
"""ViLBench, by source: 600 in all."""


class Variant(StrEnum):
    CHOSEN = "chosen"
    """A: mean over scorers and N of (PRM's choice is right) - (ORM's choice is right). The default."""
    SCORES = "scores"
    """B: mean over scorers and candidates of the PRM's score - the ORM's score."""


class Preference(NamedTuple):
    """Of one item: how much process scoring is preferred, in [-1, 1] (A) or the judge's units (B); and how often the
    ORM's choice is right."""

    item_id: str
    source: str
    indicator: float
    orm_right: float


def preferences(
    found: Sequence[Pool],
    scorers: Mapping[str, tuple[Scored, Scored]],
    *,
    variant: Variant = Variant.CHOSEN,
    ns: Sequence[int] = NS,
) -> list[Preference]:
    """The indicator of every item, once: over its pools, one per generator, it is their mean.

    Args:
        scorers: of each model its step scores and its response scores.
    """
    by_item: defaultdict[str, list[Preference]] = defaultdict(list)
    for pool in found:
        values, right = list[float](), list[float]()
        for steps, whole in scorers.values():
            prm = [aggregate(scores, MEAN) for scores in steps.of(pool)]
            orm = [aggregate(scores, LAST, whole.missing) for scores in whole.of(pool)]
            sizes = [n for n in ns if n <= len(pool.candidates)]
            chosen = [(_hit(pool, prm, n), _hit(pool, orm, n)) for n in sizes]
            right += [b for _, b in chosen if b is not None]
            if variant is Variant.CHOSEN:
                values += [a - b for a, b in chosen if a is not None and b is not None]
            else:
                values += [a - b for a, b in zip(prm, orm, strict=True) if not math.isnan(a - b)]
        if values:
            by_item[pool.item.id].append(Preference(pool.item.id, pool.item.source, _mean(values), _mean(right)))
    return [
        one[0]._replace(indicator=_mean([of.indicator for of in one]), orm_right=_mean([of.orm_right for of in one]))
        for one in by_item.values()
    ]


def build(found: Sequence[Preference], quotas: Mapping[str, int] = QUOTAS) -> list[str]:
    """Ids of the chosen items, per source the quota's most preferred; ties go to the smaller ORM accuracy, then the id.

    Raises:
        InputError: a source has fewer items with a preference above 0 than its quota: nothing is filled up.
    """
    by_source: defaultdict[str, list[Preference]] = defaultdict(list)
    for one in found:
        if one.indicator > 0:
            by_source[one.source].append(one)
    short = {source: len(by_source[source]) for source, quota in quotas.items() if len(by_source[source]) < quota}
    if short:
        told = ", ".join(f"{source} has {count} of {quotas[source]}" for source, count in short.items())
        raise InputError(
            f"quotas cannot be filled with items that prefer process scoring: {told}; lower these quotas, or score "
            "more items"
        )
    chosen = []
    for source, quota in quotas.items():
        ranked = sorted(by_source[source], key=lambda one: (-one.indicator, one.orm_right, one.item_id))
        chosen += [one.item_id for one in ranked[:quota]]
    return chosen


def write_chosen(chosen: Sequence[str], items: Iterable[Item], images: ImageStore, out: Path) -> Path:
    """The chosen items as ``out/items.jsonl``, a file of records whose picture paths start at the store.

    An id is made of source and the source's own id where there is one (``mmstar-7``), so that responses that name both
    find their items here too.
    """
    known = items_by_id(items)
    lines = []
    for one in chosen:
        item = known[one]
        own = own_id(item)
        name = item.id if own == item.id else f"{item.source}-{own}"
        pictures = [images.path(digest).relative_to(images.root).as_posix() for digest in item.images]
        record = item_record(item, pictures) | {"id": name if known.get(name) is item else item.id}
        lines.append(json.dumps(record, ensure_ascii=False) + "\n")
    write_text(out / "items.jsonl", "".join(lines))
    return out / "items.jsonl"


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


def _hit(pool: Pool, totals: Sequence[float], n: int) -> float | None:
    places = decided(pool.candidates, n)
    if not places:
        return None
    hits = [pool.candidates[place].hit or 0.0 for place in places]
    return selected_hit([totals[place] for place in places], hits, len(places))
