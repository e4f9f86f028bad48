"""Blind: how much of an item can be answered without its picture.

Each item is asked k times without its picture. Its blind accuracy, the share of hits, is corrected for chance, c:
(accuracy - c) / (1 - c), which is 0 for a guesser and 1 for an item that needs no picture. What is left,
1 - max(0, corrected), is its visual dependence.

Chance of a multiple-choice item is 1 / options. For the other verifiers it is what one constant answer would hit among
the items of the same source and verifier: (m - 1) / (n - 1), where n items share the source and m of them the commonest
gold, which is the chance that another item has it. For boxes m counts those that the median box hits. All choice.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from string import ascii_uppercase
from typing import Any

from seethink.answers import Box, iou, read_box
from seethink.core.item import Item, Verifier
from seethink.core.verdict import IOU_HIT


@dataclass(frozen=True, slots=True)
class BlindScore:
    """One item.

    Attributes:
        draws, hits: answers that were decided, and how many of them were right.
        chance: in [0, 1].
        blind_accuracy: hits / draws; None without draws.
        visual_dependence: in [0, 1]; None without draws, or where a constant answer is always right.
    """

    item_id: str
    source: str
    verifier: Verifier
    draws: int
    hits: int
    chance: float
    blind_accuracy: float | None
    visual_dependence: float | None


def blind_scores(items: Sequence[Item], hits: Mapping[str, Sequence[bool]]) -> list[BlindScore]:
    """One score per item.

    Args:
        hits: of every item whether each decided answer was right; chance is taken over all of ``items``.
    """
    chance = chances(items)
    return [_score(item, hits.get(item.id, ()), chance[item.id]) for item in items]


def blind_row(score: BlindScore) -> dict[str, Any]:
    return asdict(score)


def corrected(accuracy: float, chance: float) -> float | None:
    """(accuracy - chance) / (1 - chance): at most 1, below 0 for worse than chance; None where chance is certain."""
    return None if chance >= 1 else (accuracy - chance) / (1 - chance)


def chances(items: Iterable[Item]) -> dict[str, float]:
    """What guessing hits, by item id."""
    groups: defaultdict[tuple[str, Verifier], list[Item]] = defaultdict(list)
    for item in items:
        groups[item.source, item.verifier].append(item)
    found: dict[str, float] = {}
    for (_, verifier), group in groups.items():
        if verifier is Verifier.MCQ:
            letters = max(_letter(item.gold) for item in group)
            found |= {item.id: 1 / (option_count(item) or max(letters, 2)) for item in group}
        else:
            guess = _by_constant_box(group) if verifier is Verifier.IOU else _by_commonest_gold(group)
            found |= dict.fromkeys((item.id for item in group), guess)
    return found


def option_count(item: Item) -> int | None:
    """How many options a multiple-choice item has: listed, or spelled out below its question; None where they are
    drawn in the picture. (Such items count as many as their source's highest gold letter.)"""
    if item.options:
        return len(item.options)
    spelt = [found[1].upper() for line in item.question.splitlines()[1:] if (found := _SPELT.match(line))]
    run = 0
    while run < len(spelt) and spelt[run] == ascii_uppercase[run]:
        run += 1
    return run if run > 1 else None


_SPELT = re.compile(r"\s*\(?([A-Za-z])[).:]")


def _score(item: Item, hits: Sequence[bool], chance: float) -> BlindScore:
    accuracy = sum(hits) / len(hits) if hits else None
    above = None if accuracy is None else corrected(accuracy, chance)
    dependence = None if above is None else min(1.0, 1.0 - max(0.0, above))
    return BlindScore(item.id, item.source, item.verifier, len(hits), sum(hits), chance, accuracy, dependence)


def _letter(gold: str) -> int:
    """The place of a gold's letter, A is 1."""
    return ascii_uppercase.find(gold.strip()[:1].upper()) + 1


def _by_commonest_gold(group: Sequence[Item]) -> float:
    golds = Counter(" ".join(item.gold.casefold().split()) for item in group)
    return _another((golds.most_common(1)[0][1]), len(group))


def _by_constant_box(group: Sequence[Item]) -> float:
    boxes = [box for item in group if (box := _shares(item)) is not None]
    if not boxes:
        return 0.0
    middle = Box(*(median(side) for side in zip(*boxes, strict=True)))
    return _another(sum(iou(middle, box) >= IOU_HIT for box in boxes), len(boxes))


def _another(common: int, items: int) -> float:
    return max(0, common - 1) / (items - 1) if items > 1 else 0.0


def _shares(item: Item) -> Box | None:
    """The gold box in shares of the picture."""
    box = read_box(item.gold)
    if box is None or not box.in_pixels:
        return box
    if item.size is None:
        return None
    width, height = item.size
    return Box(box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height)
