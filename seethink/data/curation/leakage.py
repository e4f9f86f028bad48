"""Leakage: rows that show or ask what a benchmark, or a held-out set, shows or asks.

Benchmarks come as tables of fingerprints (``core.fingerprint``, written by ``seethink data fingerprint``).
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Literal

from pydantic import Field

from seethink.core.config import Config
from seethink.core.fingerprint import Fingerprint, fingerprint, fingerprint_from_row, same_picture
from seethink.core.images import ImageStore
from seethink.core.item import Item
from seethink.core.rejected import InputError, Rejected
from seethink.core.tables import read_manifest, read_rows
from seethink.data.curation.likeness import PictureIndex


class LeakageConfig(Config):
    """What counts as a leak."""

    against: tuple[Path, ...] = ()
    """Tables of fingerprints."""
    by: Literal["either", "both"] = "either"
    """``either``: one of the pictures, whatever is asked of it, or the question, whatever it is asked of. ``both``: the
    question together with one of its pictures, for benchmarks whose questions or pictures are drawn from templates."""
    question_words: int = Field(default=13, ge=1)
    """A question alone tells a leak from this many words on; shorter ones are asked of many pictures. choice: the
    n-gram length that language models' training text is commonly cleaned with (Brown et al. 2020, appendix C)."""


class Benchmarks:
    """Fingerprints, searched by picture and by question."""

    def __init__(self, config: LeakageConfig, images: ImageStore) -> None:
        """InputError where a table is not there or not finished."""
        self._config, self._images = config, images
        self._pictures = PictureIndex()
        self._asked: defaultdict[str, list[Fingerprint]] = defaultdict(list)
        for folder in config.against:
            for one in read_fingerprints(folder):
                for picture in one.pictures:
                    self._pictures.add(picture, f"{one.benchmark} {one.item_id}")
                for question in one.questions:
                    self._asked[question].append(one)

    def find(self, item: Item) -> Rejected | None:
        """Why the item may not be trained on, None where it may.

        Reasons: "picture of a benchmark", "question of a benchmark", "question and picture of a benchmark".
        """
        shown = fingerprint(item.question, map(self._images.open, item.images))
        asked = [one for question in shown.questions for one in self._asked.get(question, ())]
        if self._config.by == "both":
            both = next((one for one in asked if _share_a_picture(shown, one)), None)
            return Rejected("question and picture of a benchmark", _name(both)) if both else None
        for picture in shown.pictures:
            for name in self._pictures.find(picture):
                return Rejected("picture of a benchmark", name)
        if asked and min(shown.words, asked[0].words) >= self._config.question_words:
            return Rejected("question of a benchmark", _name(asked[0]))
        return None


def read_fingerprints(folder: Path) -> list[Fingerprint]:
    if read_manifest(folder) is None:
        raise InputError(f"{folder} holds no finished fingerprints: make them with seethink data fingerprint")
    try:
        return [fingerprint_from_row(row) for row in read_rows(folder)]
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder} is no table of fingerprints ({error!r}): give a folder written as one") from None


def _share_a_picture(a: Fingerprint, b: Fingerprint) -> bool:
    if not a.pictures and not b.pictures:
        return True
    return any(same_picture(one, other) for one in a.pictures for other in b.pictures)


def _name(one: Fingerprint) -> str:
    return f"{one.benchmark} {one.item_id}"
