"""Split by: which parts of a benchmark an item belongs to, by what its meta tells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from seethink.core.item import Item
from seethink.core.rejected import InputError


def split_parts(items: Iterable[Item], split_by: str) -> dict[str, frozenset[str]]:
    """What ``split_by`` says of every item that has it, by the item's id; nothing where it is "".

    Items without it are in no part; an item whose meta holds a list (its skills, say) is in each.

    Args:
        split_by: a key of the items' meta; or ``source``, their data set, where no meta has that key: ViLBench's own
            file keeps in its meta from which of the five sets an item is.

    Raises:
        InputError: no item has it; the message names the keys that there are.
    """
    if not split_by:
        return {}
    found = {item.id: item for item in items}
    told = {name: _parts(item.meta[split_by]) for name, item in found.items() if split_by in item.meta}
    if not told and split_by == "source":
        told = {name: frozenset({item.source}) for name, item in found.items()}
    if not told:
        known = sorted({"source"}.union(*(item.meta for item in found.values())))
        raise InputError(f"split_by: no item has {split_by!r}; the items tell {', '.join(known)}")
    return told


def _parts(value: Any) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset({str(value)})
