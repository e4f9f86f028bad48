"""Item: one visual question with its pictures, its gold answer and the verifier that decides it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any, NamedTuple

from seethink.core.rejected import InputError


class Verifier(StrEnum):
    """How an answer is decided. One per item (VLAA-Thinking section 4.1)."""

    DIGIT = "digit"
    MCQ = "mcq"
    MATH = "math"
    IOU = "iou"
    OPEN = "open"


class Dimension(StrEnum):
    """What a verifier mostly asks of a model; every table shows the two apart."""

    PERCEPTION = "perception"
    COGNITION = "cognition"


# The paper wants its five verifiers to cover both dimensions but never says which is which: choice.
DIMENSION: Mapping[Verifier, Dimension] = MappingProxyType(
    {
        Verifier.DIGIT: Dimension.PERCEPTION,
        Verifier.IOU: Dimension.PERCEPTION,
        Verifier.OPEN: Dimension.PERCEPTION,
        Verifier.MCQ: Dimension.COGNITION,
        Verifier.MATH: Dimension.COGNITION,
    }
)

RULE_VERIFIERS = (Verifier.DIGIT, Verifier.MCQ, Verifier.MATH, Verifier.IOU)


class Tolerance(NamedTuple):
    """How far a number may lie from the gold: by ``amount``, or by this share of the gold where ``relative``."""

    amount: float
    relative: bool


_TOLERANCE = re.compile(r"((?:[0-9]{1,15}(?:\.[0-9]{0,15})?|\.[0-9]{1,15})(?:[eE][-+]?[0-9]{1,2})?)\s*(%?)", re.ASCII)


def read_tolerance(text: str) -> Tolerance:
    """``0.01`` is absolute, ``5%`` relative to the gold. InputError for anything else, for 0 and for 100 % or more."""
    match = _TOLERANCE.fullmatch(text.strip())
    amount = float(match[1]) / (100 if match[2] else 1) if match else 0.0
    if match is None or amount <= 0 or (match[2] and amount >= 1):
        raise InputError(
            f"tolerance {text[:40]!r} is not usable: write a number above 0 (0.01, in the gold's unit), or a share of "
            "the gold above 0% and below 100% (5%)"
        )
    return Tolerance(amount, bool(match[2]))


@dataclass(frozen=True, slots=True)
class Item:
    """One visual question.

    Attributes:
        id: content hash of everything below but ``meta`` and an empty tolerance; two equal questions are one item.
        source: name of the data set it came from.
        question: text shown to the model, options included where there are any.
        gold: the right answer, written as its verifier reads it.
        verifier: who decides.
        images: content hashes of the pictures, in the order shown.
        options: option texts of a multiple-choice question, first is A.
        size: width and height in pixels of the picture that a pixel box refers to.
        tolerance: how far a number may lie from the gold of a math item (``read_tolerance``); "" for equivalence only.
        context: extra text a teacher may be given beside the caption (a scene description, say).
        meta: anything else worth keeping; no behaviour depends on it outside the source that wrote it.
    """

    id: str
    source: str
    question: str
    gold: str
    verifier: Verifier
    images: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    tolerance: str = ""
    context: str = ""
    meta: Mapping[str, Any] = field(default_factory=dict)


def make_item(
    *,
    source: str,
    question: str,
    gold: str,
    verifier: Verifier | str,
    images: tuple[str, ...] = (),
    options: tuple[str, ...] = (),
    size: tuple[int, int] | None = None,
    tolerance: str = "",
    context: str = "",
    meta: Mapping[str, Any] | None = None,
) -> Item:
    """Build an item and give it its content id. InputError for a tolerance that cannot be read or has no use."""
    verifier = Verifier(verifier)
    content: list[Any] = [source, question, gold, verifier.value, list(images), list(options), size, context]
    if tolerance:
        if verifier is not Verifier.MATH:
            raise InputError(f"tolerance {tolerance[:40]!r} of a {verifier} item has no use: only math items take one")
        read_tolerance(tolerance)
        content.append(tolerance)
    digest = hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()
    return Item(
        id=f"{source}-{digest[:16]}",
        source=source,
        question=question,
        gold=gold,
        verifier=verifier,
        images=images,
        options=options,
        size=size,
        tolerance=tolerance,
        context=context,
        meta=meta or {},
    )


def own_id(item: Item) -> str:
    """The item's id in the file that it was read from; the content hash where that names none."""
    return str(item.meta.get("id", item.id))


def items_by_id(items: Iterable[Item]) -> dict[str, Item]:
    """Items by their content hash, by the id of the file that they were read from, and by source and that id
    (``mathverse-3421``). What several items are called, 7 in two files say, names none of them."""
    called: defaultdict[str, dict[str, Item]] = defaultdict(dict)
    hashes: dict[str, Item] = {}
    for item in items:
        hashes[item.id] = item
        for name in (own_id(item), f"{item.source}-{own_id(item)}"):
            called[name][item.id] = item
    return {name: next(iter(found.values())) for name, found in called.items() if len(found) == 1} | hashes


def item_record(item: Item, pictures: Sequence[str]) -> dict[str, Any]:
    """The item in the form in which users bring their own: the same item when it is read again.

    Args:
        pictures: paths of its pictures below the image folder, in the order shown.
    """
    given = {"tolerance": item.tolerance, "context": item.context}
    return {
        "id": item.id,
        "source": item.source,
        "images": list(pictures),
        "question": item.question,
        "gold": item.gold,
        "verifier": item.verifier.value,
        "options": list(item.options),
        **{name: value for name, value in given.items() if value},
        "meta": dict(item.meta),
    }


def item_row(item: Item) -> dict[str, Any]:
    """The item as one JSON-able row of a table; ``item_from_row`` reads it back."""
    return asdict(item) | {"verifier": item.verifier.value, "meta": json.dumps(dict(item.meta), sort_keys=True)}


def item_from_row(row: Mapping[str, Any]) -> Item:
    return Item(
        id=row["id"],
        source=row["source"],
        question=row["question"],
        gold=row["gold"],
        verifier=Verifier(row["verifier"]),
        images=tuple(row["images"] or ()),
        options=tuple(row["options"] or ()),
        size=tuple(row["size"]) if row["size"] else None,
        # Tables written before there were tolerances have no such column.
        tolerance=row.get("tolerance") or "",
        context=row["context"],
        meta=json.loads(row["meta"]) if row["meta"] else {},
    )
