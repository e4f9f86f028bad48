"""audit: the reward's verdicts on responses that exist, beside a second verifier's, so that somebody reads where they
differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seethink.core.item import Item, items_by_id
from seethink.core.protocols import Reward
from seethink.core.records import Record
from seethink.core.rejected import InputError, Rejected
from seethink.core.response_records import response_records
from seethink.core.verdict import Verdict, is_hit
from seethink.rewards.ground_truth import item_of_fields

TO_READ = ("second", "first", "undecided")
"""Rows worth reading, the possible false negatives first."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A response to an item, and where it stands: file and line, or the place in a table."""

    item: Item
    response: str
    where: str


@dataclass(frozen=True, slots=True)
class Audited:
    """One response with both verdicts."""

    answered: Answered
    first: Verdict
    second: Verdict


def read_answered(path: Path, items: Iterable[Item] = ()) -> tuple[list[Answered], list[Rejected]]:
    """The responses of a file, or of the folder that an evaluation wrote, and the rows that cannot be used.

    A row has ``response`` and either the fields of its item (``gold`` and ``verifier``, and ``options``, ``size``,
    ``question``, ``source`` where there are any) or ``item_id`` or ``id``, the id of one of ``items`` here or in their
    own file. An id that is known goes before fields: a table of responses holds neither options nor sizes.

    Raises:
        InputError: nothing can be read, or no row can be used.
    """
    known = items_by_id(items)
    answered: list[Answered] = []
    rejected: list[Rejected] = []
    for record in response_records(path):
        if isinstance(record, Rejected):
            rejected.append(record)
            continue
        try:
            answered.append(_answered(record, known))
        except InputError as error:
            rejected.append(Rejected("unusable response", str(error), record.where))
    if not answered:
        first = f", for one {rejected[0].where}: {rejected[0].detail}" if rejected else ""
        raise InputError(f"{path} holds no response that can be audited{first}")
    return answered, rejected


def audit(answered: Sequence[Answered], first: Reward, second: Reward) -> list[Audited]:
    """Both verdicts on every response, each verifier over all of them as one batch."""
    items, responses = [one.item for one in answered], [one.response for one in answered]
    pairs = zip(answered, first(items, responses), second(items, responses), strict=True)
    return [Audited(*pair) for pair in pairs]


def audit_tree(
    audited: Sequence[Audited], rejected: Sequence[Rejected], first: str, second: str, file: str
) -> dict[str, Any]:
    """The audit as JSON-able data, which ``seethink.analysis`` shows; ``first`` and ``second`` name the verifiers.

    Verdicts are compared as yes or no (a box hits from 0.5 on). Each row is ``agree``, ``first`` or ``second`` (only
    that one says right), or ``undecided`` where either did not decide; all but those that agree are in ``to_read``.
    """
    told = [(one, _side(one)) for one in audited]
    counts: dict[tuple[str, str], Counter[str]] = {}
    for one, side in told:
        counts.setdefault((one.answered.item.source, one.answered.item.verifier.value), Counter())[side] += 1
    return {
        "file": file,
        "first": first,
        "second": second,
        "responses": len(audited),
        "set_aside": dict(Counter(row.reason for row in rejected)),
        "table": [
            {"source": source, "verifier": verifier, "n": count.total()}
            | {side: count[side] for side in ("agree", *TO_READ)}
            for (source, verifier), count in sorted(counts.items())
        ],
        "to_read": [_row(one, side) for side in TO_READ for one, of in told if of == side],
    }


def _answered(record: Record, known: Mapping[str, Item]) -> Answered:
    response = record.fields.get("response")
    if not isinstance(response, str):
        raise InputError(f"field response holds a {type(response).__name__}: give the model's text")
    named = record.fields.get("item_id") or record.fields.get("id")
    item = known.get(str(named))
    if item is None and record.fields.get("gold") is None:
        if named is None:
            raise InputError("neither gold nor item_id is there: give the item's fields, or its id and --data")
        raise InputError(f"item {str(named)[:80]!r} is not in --data, and its gold and verifier are not here")
    return Answered(item or item_of_fields(record.fields), response, record.where)


def _side(one: Audited) -> str:
    if one.first.score is None or one.second.score is None:
        return "undecided"
    hits = [is_hit(verdict, one.answered.item.verifier) for verdict in (one.first, one.second)]
    return "agree" if hits[0] == hits[1] else "first" if hits[0] else "second"


def _row(one: Audited, side: str) -> dict[str, Any]:
    item = one.answered.item
    return {
        "where": one.answered.where,
        "id": item.id,
        "source": item.source,
        "verifier": item.verifier.value,
        "question": item.question,
        "gold": item.gold,
        "response": one.answered.response,
        "side": side,
        "first": _told(one.first),
        "second": _told(one.second),
    }


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "score": verdict.score,
        "outcome": verdict.outcome.value,
        "extracted": verdict.extracted,
        "why": verdict.why,
    }
