"""Release: the rows of a collection as ViLReward-73K has them, and all that is set aside on the way with its reason.

Filters of reference 8.2: no row of a tree without both a right and a wrong end, no process twice, a most of rows per
question, a tree's values rounded to 0.1.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from seethink.core.images import ImageStore
from seethink.core.rejected import Rejected
from seethink.process.collect.labels import LabelRow, Process

PICTURES = "not one picture"
NO_RIGHT = "a tree without a right end"
NO_WRONG = "a tree without a wrong end"
AGAIN = "a process that is released already"
BEYOND = "beyond a question's most rows"


class Released(NamedTuple):
    rows: list[LabelRow]
    rejected: list[Rejected]

    @property
    def reasons(self) -> dict[str, int]:
        """How many trees (``NO_RIGHT``, ``NO_WRONG``), solutions or trees (``PICTURES``) and rows (the others)."""
        return dict(Counter(one.reason for one in self.rejected))


def release(rows: Iterable[Mapping[str, Any]], images: ImageStore, folder: Path, most: int | None = None) -> Released:
    """Rows of a collection, as ``collect`` wrote them, in the released form, a question's rows side by side.

    A solution gives its whole response with its outcome and every labelled start. A tree gives what it has labelled,
    best-visited first, the solution that it was grown around included. Pictures are copied below ``folder``; items of
    several have no place in that form.

    Args:
        most: rows of a question, of all its trees together; the best-visited are kept. All where None.
    """
    released = Released([], [])
    for (digests, question), told in _by_question(rows).items():
        where = str(told[0]["item_id"])
        if len(digests) != 1:
            detail = f"{len(digests)} pictures, the released form has place for one"
            released.rejected.extend(Rejected(PICTURES, detail, where, row["source"]) for row in told)
            continue
        path = f"images/{digests[0]}.png"
        kept = _kept(told, most, released.rejected)
        if kept:
            _copy(images, digests[0], folder / path)
        released.rows.extend(
            LabelRow(path, question, one.text, one.value, {"source": told[0]["source"]}) for one in kept
        )
    return released


def _by_question(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[tuple[str, ...], str], list[Mapping[str, Any]]]:
    found: dict[tuple[tuple[str, ...], str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((tuple(row["images"]), row["question"]), []).append(row)
    return found


def _kept(told: Sequence[Mapping[str, Any]], most: int | None, rejected: list[Rejected]) -> list[Process]:
    """A question's processes that are released; the others go to ``rejected``."""
    where, source = str(told[0]["item_id"]), told[0]["source"]
    found: list[Process] = []
    for row in told:
        reason = _one_sided(row)
        if reason:
            detail = f"{row['right_ends']} right and {row['wrong_ends']} wrong ends"
            rejected.append(Rejected(reason, detail, where, source))
        else:
            found += _processes(row)
    if most is not None:
        found.sort(key=lambda one: -one.ends)
    kept: dict[str, Process] = {}
    for one in found:
        reason = AGAIN if one.text in kept else BEYOND if most is not None and len(kept) == most else ""
        if reason:
            rejected.append(Rejected(reason, f"worth {one.value:g}: {one.text[-80:]!r}", where, source))
        else:
            kept[one.text] = one
    return list(kept.values())


def _one_sided(row: Mapping[str, Any]) -> str:
    if row["right_ends"] is None:
        return ""
    return "" if row["right_ends"] and row["wrong_ends"] else NO_WRONG if row["right_ends"] else NO_RIGHT


def _processes(row: Mapping[str, Any]) -> Iterator[Process]:
    """What one row of the table labels. The whole response passes where its last step does."""
    if row["right_ends"] is None:
        yield Process(row["response"], float(row["right"]), 1)
        known = zip(row["starts"], row["values"], strict=True)
        yield from (Process(start, value, 1) for start, value in known if value is not None)
        return
    grown = [Process(*one) for one in json.loads(row["processes"])]
    if row["response"] is not None:
        ends = next((one.ends for one in grown if one.text == row["starts"][-1]), 1)
        yield Process(row["response"], float(row["right"]), ends)
    yield from (one._replace(value=round(one.value, 1)) for one in grown)


def _copy(images: ImageStore, digest: str, path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        images.open(digest).save(path)
