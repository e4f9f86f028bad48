"""Boxes: four numbers x1 y1 x2 y2 each, as shares of the picture or in pixels, compared by intersection over union.

Several boxes are matched one to one, and what is stated beyond the gold's number counts against the answer.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

from seethink.answers.boxed import unboxed
from seethink.answers.characters import plain
from seethink.core.item import Item
from seethink.core.verdict import Outcome, Verdict, graded, undecided, unparseable

PIXELS_FROM = 1.5
"""A box with any coordinate beyond this is in pixels, otherwise in shares of the picture. choice (reference 5.4)."""

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?(?![\w.]*[A-Za-z0-9_])")
_GROUP = re.compile(r"[\[({<]([^\[\](){}<>]*)[\])}>]")


class Box(NamedTuple):
    """Left, top, right, bottom; right > left and bottom > top as read, the area may be 0 once clipped."""

    x1: float
    y1: float
    x2: float
    y2: float

    @property
    def in_pixels(self) -> bool:
        return any(abs(value) > PIXELS_FROM for value in self)


def read_boxes(text: str) -> tuple[Box, ...]:
    """The boxes a text states, empty where it states none or anything that is no box.

    One box is exactly four finite numbers with x2 > x1 and y2 > y1, however bracketed. Several are groups in brackets
    of four numbers each, or of two corners ``(x1, y1), (x2, y2)`` each, and no number beside them.
    """
    text = plain(unboxed(text))
    numbers = _NUMBER.findall(text)
    if len(numbers) % 4 or not (len(numbers) == 4 or _grouped(text, len(numbers))):
        return ()
    boxes = tuple(Box(*map(float, numbers[first : first + 4])) for first in range(0, len(numbers), 4))
    proper = all(all(map(math.isfinite, box)) and box.x2 > box.x1 and box.y2 > box.y1 for box in boxes)
    return boxes if proper else ()


def read_box(text: str) -> Box | None:
    """The one box a text states, None where it states none or several."""
    boxes = read_boxes(text)
    return boxes[0] if len(boxes) == 1 else None


def iou(a: Box, b: Box) -> float:
    """Intersection over union of two boxes in one coordinate system, in [0, 1]; 0 where the union has no area."""
    overlap = max(0.0, min(a.x2, b.x2) - max(a.x1, b.x1)) * max(0.0, min(a.y2, b.y2) - max(a.y1, b.y1))
    union = _area(a) + _area(b) - overlap
    return overlap / union if union > 0 else 0.0


def overlap(item: Item, answer: str) -> Verdict:
    """IoU of the answer's box and the gold's, in the gold's coordinates and as it is (VLAA-Thinking section 4.1).

    Of several boxes (choice): the sum of the IoUs of the best one-to-one matching, over the larger of the two counts,
    so that a box missed and a box too many cost the same. Pixel boxes need ``item.size``; boxes are clipped to the
    picture; one coordinate in pixels says that all of its list are. Range [0, 1].
    """
    stated = read_boxes(answer)
    if not stated:
        return unparseable("not four numbers x1 y1 x2 y2 with x2 > x1 and y2 > y1")
    if _in_pixels(stated) and item.size is None:
        return unparseable("a box in pixels of a picture whose size is not known")
    gold = read_boxes(item.gold)
    if not gold or (_in_pixels(gold) and item.size is None):
        return undecided(Outcome.ERROR, f"gold {item.gold[:80]!r} is not a box (pixel boxes need the item's size)")
    width, height = item.size if _in_pixels(gold) and item.size else (1, 1)
    targets = [_clipped(box, width, height) for box in gold]
    if not all(map(_area, targets)):
        return undecided(Outcome.ERROR, f"gold box {item.gold[:80]!r} lies outside the picture")
    across, down = _into_system_of(gold, stated, item.size)
    aimed = [_clipped(Box(x1 * across, y1 * down, x2 * across, y2 * down), width, height) for x1, y1, x2, y2 in stated]
    most = max(len(targets), len(aimed))
    shown = [list(box) for box in stated]
    why = "" if most == 1 else f"boxes: {len(aimed)} stated, {len(targets)} in the gold"
    return graded(_matched(targets, aimed) / most, str(shown if len(shown) > 1 else shown[0]), why)


def _matched(targets: Sequence[Box], aimed: Sequence[Box]) -> float:
    """The largest sum of IoUs that a one-to-one matching reaches."""
    overlaps = [[iou(target, box) for box in aimed] for target in targets]
    if len(targets) == 1 or len(aimed) == 1:
        return max(max(row) for row in overlaps)
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(overlaps, maximize=True)
    return math.fsum(overlaps[row][column] for row, column in zip(rows, columns, strict=True))


def _grouped(text: str, count: int) -> bool:
    """True where brackets hold all ``count`` numbers in groups of four, or of two."""
    groups = [len(_NUMBER.findall(inner)) for inner in _GROUP.findall(text)]
    return sum(groups) == count and (set(groups) - {0} in ({4}, {2}))


def _in_pixels(boxes: Sequence[Box]) -> bool:
    return any(box.in_pixels for box in boxes)


def _into_system_of(gold: Sequence[Box], stated: Sequence[Box], size: tuple[int, int] | None) -> tuple[float, float]:
    """What x and y of the stated boxes are multiplied by to be in the gold's coordinates."""
    if size is None or _in_pixels(gold) == _in_pixels(stated):
        return 1, 1
    return size if _in_pixels(gold) else (1 / size[0], 1 / size[1])


def _clipped(box: Box, width: float, height: float) -> Box:
    return Box(
        min(max(box.x1, 0.0), width),
        min(max(box.y1, 0.0), height),
        min(max(box.x2, 0.0), width),
        min(max(box.y2, 0.0), height),
    )


def _area(box: Box) -> float:
    return (box.x2 - box.x1) * (box.y2 - box.y1)
