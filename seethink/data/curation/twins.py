"""Twins: the same question of the same picture, or of a copy of it, in two rows.

Whichever set the two would have come to, one of them goes: SFT and RL share no question about a picture. What looks
like a copy must also have the same gold: two plots on the same axes look alike, and are asked the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

from seethink.core.fingerprint import PicturePrint, picture_print, question_hash, same_picture
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import Rejected
from seethink.data.curation.likeness import PictureIndex


@dataclass
class _Group:
    """Rows with one question and one gold: an index of their first pictures, and all their pictures by item id."""

    index: PictureIndex = field(default_factory=PictureIndex)
    prints: dict[str, tuple[PicturePrint, ...]] = field(default_factory=dict)


class Twins:
    """The questions so far. Pictures are decoded only where question and gold have come up before."""

    def __init__(self, images: ImageStore | None) -> None:
        """``images`` holds the pictures; where None only equal files are equal pictures."""
        self._images = images
        self._asked: dict[tuple[str, tuple[str, ...]], str] = {}
        self._first: dict[tuple[str, str], tuple[str, tuple[str, ...]]] = {}
        self._groups: dict[tuple[str, str], _Group] = {}
        self._decoded: dict[str, PicturePrint] = {}

    def look_ahead(self, items: Sequence[Item], threads: Executor) -> None:
        """Decode together what meeting ``items`` will need; decoding takes the time, and threads can share it."""
        if self._images is None:
            return
        new, wanted = dict[tuple[str, str], tuple[str, ...]](), dict[str, None]()
        for item in items:
            key = _key(item)
            first = self._first[key][1] if key in self._first else new.setdefault(key, item.images)
            if first != item.images:
                wanted |= dict.fromkeys(item.images if key in self._groups else (*first, *item.images))
        self._decoded = dict(zip(wanted, threads.map(self._decode, wanted), strict=True))

    def meet(self, item: Item) -> Rejected | None:
        """Why the item goes, None where it is new; from then on it is known.

        Reasons: "same picture and question", "copy of a picture with the same question".
        """
        key = _key(item)
        earlier = self._asked.setdefault((key[0], item.images), item.id)
        if earlier != item.id:
            return Rejected("same picture and question", f"{earlier} asks it, with another gold or source")
        if self._images is None or not item.images:
            return None
        first = self._first.setdefault(key, (item.id, item.images))
        if first[0] == item.id:
            return None
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group()
            self._learn(group, *first)
        return self._learn(group, item.id, item.images)

    def _learn(self, group: _Group, item_id: str, images: tuple[str, ...]) -> Rejected | None:
        prints = tuple(self._decoded.get(digest) or self._decode(digest) for digest in images)
        for earlier in group.index.find(prints[0]):
            others = group.prints[earlier]
            if len(others) == len(prints) and all(map(same_picture, prints, others)):
                return Rejected("copy of a picture with the same question", f"{earlier} asks it")
        group.index.add(prints[0], item_id)
        group.prints[item_id] = prints
        return None

    def _decode(self, digest: str) -> PicturePrint:
        assert self._images is not None
        return picture_print(self._images.open(digest))


def _key(item: Item) -> tuple[str, str]:
    return question_hash(item.question), " ".join(item.gold.casefold().split())
