"""An item as it travels through another trainer's data set: one JSON text in the column of the right answer.

Those trainers hand a reward function a response and its ground truth. A gold alone does not say who decides, nor which
options or which picture size it refers to, so the whole item goes along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from seethink.core.item import Item, Verifier, item_row, make_item
from seethink.core.rejected import InputError

REMEMBERED = 10_000
"""Ground truths whose items are kept, since every completion of a group brings the same one. choice."""

_SHOWN = 80


def ground_truth(item: Item) -> str:
    """The item as the text that ``read_ground_truth`` reads; its id is made of the content and stays the same."""
    fields = {name: value for name, value in item_row(item).items() if name != "id" and value}
    return json.dumps(fields | {"meta": dict(item.meta)}, ensure_ascii=False)


def read_ground_truth(value: Any) -> Item:
    """The item of a JSON text, or of the mapping that a Parquet column of structs gives; see ``item_of_fields``."""
    try:
        return _item_of_text(value) if isinstance(value, str) else item_of_fields(value)
    except InputError as error:
        raise InputError(f"ground truth {str(value)[:_SHOWN]!r}: {error}") from None


def item_of_fields(fields: Any) -> Item:
    """The item of a mapping of its fields.

    ``gold`` and ``verifier`` must be there; ``source``, ``question``, ``options``, ``size``, ``tolerance``, ``images``,
    ``context`` and ``meta`` may be there, or be None. Anything else is left out. InputError names a field that is
    missing or bad.
    """
    if not isinstance(fields, Mapping):
        raise InputError('give a JSON object such as {"gold": "3", "verifier": "digit"}')
    gold, verifier = fields.get("gold"), fields.get("verifier")
    if gold is None:
        raise InputError("field gold is missing: give the right answer")
    if verifier not in list(Verifier):
        raise InputError(f"field verifier is {str(verifier)[:_SHOWN]!r}: name one of {', '.join(Verifier)}")
    meta = fields.get("meta")
    try:
        return make_item(
            source=str(fields.get("source") or "unnamed"),
            question=str(fields.get("question") or ""),
            gold=gold if isinstance(gold, str) else json.dumps(_plain(gold)),
            verifier=str(verifier),
            images=_texts(fields.get("images")),
            options=_texts(fields.get("options")),
            size=_size(fields.get("size")),
            tolerance=str(fields.get("tolerance") or ""),
            context=str(fields.get("context") or ""),
            meta=json.loads(meta) if isinstance(meta, str) and meta else dict(meta or {}),
        )
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"a field of it cannot be used: {error}") from None


@lru_cache(REMEMBERED)
def _item_of_text(text: str) -> Item:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        raise InputError("it is not JSON: write it with seethink.rewards.ground_truth(item)") from None
    return item_of_fields(fields)


def _texts(value: Any) -> tuple[str, ...]:
    # Columns of lists come as arrays in some trainers, and an array has no truth value.
    if value is None:
        return ()
    if isinstance(value, str):
        raise TypeError("options and images are lists of texts")
    return tuple(str(one) for one in value)


def _size(value: Any) -> tuple[int, int] | None:
    if value is None or len(value) == 0:
        return None
    width, height = (int(one) for one in value)
    return width, height


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value
