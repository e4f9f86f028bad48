"""Twins: the same question of the same picture, or of a copy of it, in two rows.

Whichever set the two would have come to, one of them goes: SFT and RL share no question about a picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from seethink.core.fingerprint import PicturePrint, picture_print, question_hash, same_picture
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import Rejected
from seethink.data.curation.likeness import PictureIndex


@dataclass
class _Group:
    """Rows with one question: their pictures by item id, and those looked at so far."""

    pictures: dict[tuple[str, ...], str] = field(default_factory=dict)
    index: PictureIndex = field(default_factory=PictureIndex)
    prints: dict[str, tuple[PicturePrint, ...]] = field(default_factory=dict)


class Twins:
    """The questions so far. Pictures are only decoded where a question has come up before."""

    def __init__(self, images: ImageStore | None) -> None:
        """``images`` holds the pictures; where None only equal files are equal pictures."""
        self._images = images
        self._first: dict[str, Item] = {}
        self._groups: dict[str, _Group] = {}

    def meet(self, item: Item) -> Rejected | None:
        """Why the item goes, None where it is new; from then on it is known.

        Reasons: "same picture and question", "copy of a picture with the same question".
        """
        asked = question_hash(item.question)
        first = self._first.setdefault(asked, item)
        if first is item:
            return None
        group = self._groups.get(asked)
        if group is None:
            group = self._groups[asked] = _Group()
            self._learn(group, first)
        earlier = group.pictures.get(item.images)
        if earlier is not None:
            return Rejected("same picture and question", f"{earlier} asks it, with another gold or source")
        return self._learn(group, item)

    def _learn(self, group: _Group, item: Item) -> Rejected | None:
        if self._images is not None and item.images:
            prints = tuple(picture_print(self._images.open(digest)) for digest in item.images)
            for earlier in group.index.find(prints[0]):
                others = group.prints[earlier]
                if len(others) == len(prints) and all(map(same_picture, prints, others)):
                    return Rejected("copy of a picture with the same question", f"{earlier} asks it")
            group.index.add(prints[0], item.id)
            group.prints[item.id] = prints
        group.pictures[item.images] = item.id
        return None
