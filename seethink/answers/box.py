"""Boxes: four numbers x1 y1 x2 y2, as shares of the picture or in pixels, compared by intersection over union."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, graded, undecided, unparseable

PIXELS_FROM = 1.5
"""A box with any coordinate beyond this is in pixels, otherwise in shares of the picture. choice (reference 5.4)."""

_NUMBER = re.compile(r"(?<![\w.])[-+−]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]*[A-Za-z0-9_])")


class Box(NamedTuple):
    """Left, top, right, bottom; right > left and bottom > top as read, the area may be 0 once clipped."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def in_pixels(self) -> bool:
        return any(abs(value) > PIXELS_FROM for value in self)


def read_box(text: str) -> Box | None:
    """The box a text states: exactly four finite numbers with x2 > x1 and y2 > y1, however they are bracketed."""
    found = _NUMBER.findall(text)
    if len(found) != 4:
        return None
    box = Box(*(float(number.replace("−", "-")) for number in found))
    if not all(math.isfinite(value) for value in box) or box.x2 <= box.x1 or box.y2 <= box.y1:
        return None
    return box


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes in one coordinate system, in [0, 1]; 0 where the union has no area."""
    overlap = max(0.0, min(a.x2, b.x2) - max(a.x1, b.x1)) * max(0.0, min(a.y2, b.y2) - max(a.y1, b.y1))
    union = _area(a) + _area(b) - overlap
    return overlap / union if union > 0 else 0.0


def overlap(item: Item, answer: str) -> Verdict:
    """IoU of the answer's box and the gold's, in the gold's coordinates and as it is (VLAA-Thinking section 4.1).

    Pixel boxes need ``item.size``; boxes are clipped to the picture. Range [0, 1].
    """
    box = read_box(answer)
    if box is None:
        return unparseable("not four numbers x1 y1 x2 y2 with x2 > x1 and y2 > y1")
    if box.in_pixels and item.size is None:
        return unparseable("a box in pixels of a picture whose size is not known")
    gold = read_box(item.gold)
    if gold is None or (gold.in_pixels and item.size is None):
        return undecided(Outcome.ERROR, f"gold {item.gold[:80]!r} is not a box (pixel boxes need the item's size)")
    width, height = item.size if gold.in_pixels and item.size else (1, 1)
    target = _clipped(gold, width, height)
    if _area(target) == 0:
        return undecided(Outcome.ERROR, f"gold box {item.gold[:80]!r} lies outside the picture")
    aimed = _clipped(_in_system_of(gold, box, item.size), width, height)
    return graded(iou(target, aimed), str(list(box)))


def _in_system_of(gold: Box, box: Box, size: tuple[int, int] | None) -> Box:
    if size is None or gold.in_pixels == box.in_pixels:
        return box
    across, down = size if gold.in_pixels else (1 / size[0], 1 / size[1])
    return Box(box.x1 * across, box.y1 * down, box.x2 * across, box.y2 * down)


def _clipped(box: Box, width: float, height: float) -> Box:
    return Box(
        min(max(box.x1, 0.0), width),
        min(max(box.y1, 0.0), height),
        min(max(box.x2, 0.0), width),
        min(max(box.y2, 0.0), height),
    )


def _area(box: Box) -> float:
    return (box.x2 - box.x1) * (box.y2 - box.y1)
