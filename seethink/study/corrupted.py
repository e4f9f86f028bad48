"""Pictures that an arm is shown instead of an item's own: blank ones, or another item's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from PIL import Image

from seethink.core.images import ImageStore, png_bytes
from seethink.core.item import Item, item_from_row, item_row
from seethink.core.rejected import InputError
from seethink.study.choices import Shown

Row = dict[str, Any]


def corrupted(items: Sequence[Item], shown: Shown, images: ImageStore) -> list[Item]:
    """The items with other pictures; ids stay, so that answers are compared item by item."""
    return [item_from_row(row) for row in shown_rows([item_row(item) for item in items], shown, images)]


def shown_rows(rows: Sequence[Row], shown: Shown, images: ImageStore) -> Iterator[Row]:
    """Rows of items with the pictures that an arm is shown. InputError where a row has no other to borrow from."""
    if shown is Shown.OWN:
        yield from rows
        return
    lent = _lent(rows) if shown is Shown.UNRELATED else {}
    for row in rows:
        pictures = tuple(row["images"] or ())
        if shown is Shown.BLANK:
            pictures = tuple(_blank(images, digest) for digest in pictures)
        elif pictures:
            pictures = lent[row["id"]]
        yield row | {"images": list(pictures)}


def _lent(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Every row's pictures from another row with as many of them: the rows in a drawn order, each shown the next's."""
    by_count: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_count[len(row["images"] or ())].append(row)
    lent: dict[str, tuple[str, ...]] = {}
    for count, group in by_count.items():
        if count and len(group) < 2:
            raise InputError(f"pictures: unrelated needs two items with {count} pictures and there is one")
        order = sorted(group, key=lambda row: row["id"])
        Random(f"unrelated {len(order)}").shuffle(order)
        for row, other in zip(order, [*order[1:], *order[:1]], strict=True):
            lent[row["id"]] = tuple(other["images"] or ())
    return lent


def _blank(images: ImageStore, digest: str) -> str:
    with images.open(digest) as picture:
        return images.add(png_bytes(Image.new("RGB", picture.size, "white")))
