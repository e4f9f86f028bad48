"""Fingerprint: by what a question is recognised again, without its text or its pictures being kept.

Evaluation writes a table of them for a benchmark, curation reads it and removes what would be trained on. A picture
has three: a hash of its pixels, a difference hash (Krawetz 2013: is each of 8 x 8 cells brighter than the one to its
left?), and the colours of 8 x 8 cells. The hash alone takes two charts on the same axes for one picture, the colours
tell them apart.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

NEAR_BITS = 4
"""Bits of 64 by which the difference hashes of two copies may differ. choice: of 520 pictures of nine data sets, 97 %
are recognised as JPEG at quality 75, 95 % at half their size, 99 % at double."""

NEAR_COLOUR = 16
"""Steps of 256 by which a colour of any cell may differ. choice: the copies above differ by at most 14. Of the 135,000
pairs of those pictures no two of different data sets pass both bounds; plots on the same axes that differ in a dot or a
thin line do."""

FLAT_BITS = 8
"""A picture with fewer set bits, or fewer unset ones, has too little structure for the hash to tell it from another
and is recognised by its pixels only. choice."""

_CELLS = 8
_MARK = re.compile(r"<image\d*>")
_OPTION = re.compile(r"\(?[Aa]\s?[).:]")
_WORD = re.compile(r"[^\W_]+|[-+*/^%=<>±×÷°√∠≤≥≠]")


class PicturePrint(NamedTuple):
    """What a picture is recognised by.

    Attributes:
        pixels: hash of size and RGB pixels; equal for lossless copies in any file format.
        gradient: the 64 bits of the difference hash as a whole number.
        colours: red, green and blue of 8 x 8 cells, row by row.
    """

    pixels: str
    gradient: int
    colours: bytes


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One question of a benchmark.

    Attributes:
        benchmark: the name it is told by.
        item_id: the item it was made of.
        questions: hashes of the question (``question_hash``), with its options and without.
        words: of the question without its options.
        pictures: in the order shown.
    """

    benchmark: str
    item_id: str
    questions: tuple[str, ...]
    words: int
    pictures: tuple[PicturePrint, ...]


def question_words(text: str) -> list[str]:
    """The words, numbers and signs of a question; case, spacing, punctuation and picture marks do not count."""
    plain = unicodedata.normalize("NFKC", _MARK.sub(" ", text)).casefold().replace("−", "-")
    return _WORD.findall(plain)


def question_hash(text: str) -> str:
    """Equal for questions that are equal up to case, spacing and punctuation."""
    return hashlib.sha256(" ".join(question_words(text)).encode("utf-8", "replace")).hexdigest()[:32]


def question_stem(text: str) -> str:
    """The question without its options, which every data set writes in another way: what stands above the first line
    that begins with "A)", "(A)", "A:" or "A."."""
    lines = text.split("\n")
    first = next((at for at, line in enumerate(lines) if at and _OPTION.match(line.lstrip())), len(lines))
    stem = lines[:first]
    if stem[1:] and first < len(lines) and stem[-1].casefold().strip(" :") in ("choices", "options"):
        stem.pop()
    return "\n".join(stem)


def question_hashes(text: str) -> tuple[str, ...]:
    """Of the question as it stands, and of its stem where that is another text; none of a text without words."""
    return tuple(dict.fromkeys(question_hash(one) for one in (text, question_stem(text)) if question_words(one)))


def picture_print(picture: Image.Image) -> PicturePrint:
    rgb = picture.convert("RGB")
    pixels = hashlib.sha256(f"{rgb.width} {rgb.height} ".encode() + rgb.tobytes()).hexdigest()[:32]
    grey = np.asarray(rgb.convert("L").resize((_CELLS + 1, _CELLS), Image.Resampling.LANCZOS))
    brighter = np.packbits(grey[:, 1:] > grey[:, :-1])
    colours = rgb.resize((_CELLS, _CELLS), Image.Resampling.LANCZOS).tobytes()
    return PicturePrint(pixels, int.from_bytes(brighter.tobytes(), "big"), colours)


def same_picture(a: PicturePrint, b: PicturePrint) -> bool:
    """True for the same picture, even saved again with loss or at another size."""
    if a.pixels == b.pixels:
        return True
    if not FLAT_BITS <= a.gradient.bit_count() <= _CELLS**2 - FLAT_BITS:
        return False
    return (a.gradient ^ b.gradient).bit_count() <= NEAR_BITS and same_colours(a.colours, b.colours)


def same_colours(a: bytes, b: bytes) -> bool:
    """True where no cell differs by more than ``NEAR_COLOUR`` in any colour."""
    far = np.abs(np.frombuffer(a, np.uint8).astype(np.int16) - np.frombuffer(b, np.uint8))
    return bool(far.max() <= NEAR_COLOUR)


def fingerprint(
    question: str, pictures: Iterable[Image.Image], *, benchmark: str = "", item_id: str = ""
) -> Fingerprint:
    words = len(question_words(question_stem(question)))
    return Fingerprint(benchmark, item_id, question_hashes(question), words, tuple(map(picture_print, pictures)))


def fingerprint_row(one: Fingerprint) -> dict[str, Any]:
    """The fingerprint as one row of a table; ``fingerprint_from_row`` reads it back."""
    pictures = [{**picture._asdict(), "gradient": f"{picture.gradient:016x}"} for picture in one.pictures]
    return asdict(one) | {"pictures": pictures}


def fingerprint_from_row(row: Mapping[str, Any]) -> Fingerprint:
    pictures = tuple(
        PicturePrint(picture["pixels"], int(picture["gradient"], 16), picture["colours"])
        for picture in row["pictures"] or ()
    )
    return Fingerprint(row["benchmark"], row["item_id"], tuple(row["questions"]), row["words"], pictures)
