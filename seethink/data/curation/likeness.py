"""Likeness: a picture found again among many, even saved again with loss or at another size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from seethink.core.fingerprint import NEAR_BITS, PicturePrint, same_picture


class PictureIndex:
    """Pictures with a name each. A search compares one 64-bit hash with all of them at once: a million take about a
    millisecond."""

    def __init__(self) -> None:
        self._gradients = np.zeros(8, dtype=np.uint64)
        self._pictures: list[PicturePrint] = []
        self._names: list[str] = []

    def __len__(self) -> int:
        return len(self._names)

    def add(self, picture: PicturePrint, name: str) -> None:
        if len(self) == len(self._gradients):
            self._gradients = np.concatenate([self._gradients, np.zeros_like(self._gradients)])
        self._gradients[len(self)] = picture.gradient
        self._pictures.append(picture)
        self._names.append(name)

    def find(self, picture: PicturePrint) -> Iterator[str]:
        """Names of the same picture, in the order they were added."""
        apart = np.bitwise_count(self._gradients[: len(self)] ^ np.uint64(picture.gradient))
        for place in np.flatnonzero(apart <= NEAR_BITS):
            if same_picture(picture, self._pictures[place]):
                yield self._names[place]
